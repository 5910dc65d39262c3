/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: the successor calls that a legacy call becomes.
 */

#include "ctl_plan.h"
#include "ctl_commands.h"
#include "ctl_options.h"
#include "base/usage_calendar.h"

#include <stdlib.h>
#include <unistd.h>


static const char help[] =
    "usage: usagectl plan [OPTION]... [BODY.json]\n"
    "\n"
    "Prints the calls of the successor APIs that a legacy call becomes. The "
    "body\n"
    "is read from the file, or from standard input. Nothing is called: for "
    "calls\n"
    "that depend on replies a project is assumed, and they are marked.\n"
    "\n"
    "  -f, --format=FORMAT    urls (default), curl: lines for a shell, json\n"
    "  -n, --count            print only the number of calls\n"
    "  -e, --endpoint=URL     https://workspace.<region>.myhuaweicloud.com\n"
    "  -p, --project=ID       the project_id\n"
    "\n"
    "What is assumed:\n"
    "      --desktops=N       desktops in the project (100)\n"
    "      --in-use=N         desktops of these that are in use on every day "
    "(all)\n"
    "      --of-user=N        desktops of these that only desktop_username has "
    "(1)\n"
    "      --now=TIME         a date, or yyyy-MM-ddThh:mm:ssZ, instead of now\n"
    "\n"
    "As the gateway's directives:\n"
    "      --connections      usage_connections on: records may be read\n"
    "      --lookback=TIME    usage_connections_lookback (7d)\n"
    "      --monitoring       usage_monitoring on: monitoring may be read\n"
    "      --resource-id      usage_resource_id on: statistics know that "
    "filter\n"
    "      --retention=TIMES  usage_retention: off, or "
    "desktops=180d,users=30d\n"
    "\n"
    "  echo '{\"start_time\":\"2026-11-01\",\"end_time\":\"2026-11-07\"}' |\n"
    "      usagectl plan --format=curl --desktops=2000\n"
    "\n"
    "Exit status: 0; 1 if the gateway would refuse the body, in the words that "
    "it\n"
    "would use; 2 after any other error.\n";


enum {
    OPTION_DESKTOPS = 256,
    OPTION_IN_USE,
    OPTION_OF_USER,
    OPTION_NOW,
    OPTION_CONNECTIONS,
    OPTION_LOOKBACK,
    OPTION_MONITORING,
    OPTION_RESOURCE_ID,
    OPTION_RETENTION
};

static const struct option options[] = {
    { "format", required_argument, NULL, 'f' },
    { "count", no_argument, NULL, 'n' },
    { "endpoint", required_argument, NULL, 'e' },
    { "project", required_argument, NULL, 'p' },
    { "desktops", required_argument, NULL, OPTION_DESKTOPS },
    { "in-use", required_argument, NULL, OPTION_IN_USE },
    { "of-user", required_argument, NULL, OPTION_OF_USER },
    { "now", required_argument, NULL, OPTION_NOW },
    { "connections", no_argument, NULL, OPTION_CONNECTIONS },
    { "lookback", required_argument, NULL, OPTION_LOOKBACK },
    { "monitoring", no_argument, NULL, OPTION_MONITORING },
    { "resource-id", no_argument, NULL, OPTION_RESOURCE_ID },
    { "retention", required_argument, NULL, OPTION_RETENTION },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const char *const formats[] = { "urls", "curl", "json", NULL };

#define PLAN_DESKTOPS     100
#define PLAN_DESKTOPS_MAX 100000
#define PLAN_UNSET        SIZE_MAX


/*
 * Reads the retention as the directive has it: off, or desktops=TIME,
 * users=TIME and records=TIME.
 */
static void
set_retention(ctl_plan_t *self, const char *text)
{
    char *copy, *word, *rest;

    if (strcmp(text, "off") == 0) {
        self->rules.desktops_memory = 0;
        self->rules.users_memory = 0;
        self->rules.records_memory = 0;
        return;
    }

    copy = ctl_copy(text, strlen(text));

    for (word = strtok_r(copy, ", ", &rest); word != NULL;
         word = strtok_r(NULL, ", ", &rest))
    {
        if (strncmp(word, "desktops=", 9) == 0) {
            self->rules.desktops_memory = ctl_duration("--retention", word + 9);

        } else if (strncmp(word, "users=", 6) == 0) {
            self->rules.users_memory = ctl_duration("--retention", word + 6);

        } else if (strncmp(word, "records=", 8) == 0) {
            self->rules.records_memory = ctl_duration("--retention", word + 8);

        } else {
            ctl_misuse("--retention \"%s\" is neither off nor "
                       "desktops=TIME,users=TIME,records=TIME",
                text);
        }
    }

    free(copy);
}


/*
 * Reads the endpoint.  It goes into a shell's quotes, so it may have nothing
 * that a shell would expand there.
 */
static const char *
endpoint_of(char *text)
{
    size_t len;

    len = strlen(text);

    while (len > 0 && text[len - 1] == '/') {
        text[--len] = '\0';
    }

    if ((strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        || strcspn(text, " \t\r\n\"'`$\\?#") != len)
    {
        ctl_misuse("--endpoint \"%s\" is not an address such as "
                   "https://workspace.ap-southeast-1.myhuaweicloud.com",
            text);
    }

    return text;
}


/*
 * Takes an option about what is assumed, or about the gateway's directives.
 */
static bool
set_assumption(ctl_plan_t *self, int option)
{
    switch (option) {

    case OPTION_DESKTOPS:
        self->model.desktops =
            (size_t) ctl_number("--desktops", optarg, 1, PLAN_DESKTOPS_MAX);
        return true;

    case OPTION_IN_USE:
        self->model.in_use =
            (size_t) ctl_number("--in-use", optarg, 0, PLAN_DESKTOPS_MAX);
        return true;

    case OPTION_OF_USER:
        self->model.owned =
            (size_t) ctl_number("--of-user", optarg, 0, PLAN_DESKTOPS_MAX);
        return true;

    case OPTION_NOW:
        self->model.now = ctl_time("--now", optarg);
        return true;

    case OPTION_CONNECTIONS:
        self->rules.connections = true;
        self->upstream.connections = true;
        return true;

    case OPTION_LOOKBACK:
        self->upstream.lookback = ctl_duration("--lookback", optarg);
        return true;

    case OPTION_MONITORING:
        self->rules.monitoring = true;
        self->upstream.monitoring = true;
        return true;

    case OPTION_RESOURCE_ID:
        self->upstream.resource_id = true;
        return true;

    case OPTION_RETENTION:
        set_retention(self, optarg);
        return true;

    default:
        return false;
    }
}


static bool
set_option(void *data, int option)
{
    ctl_plan_t *self;

    self = data;

    switch (option) {

    case 'f':
        self->format =
            (ctl_plan_format_t) ctl_word("--format", optarg, formats);
        return true;

    case 'n':
        self->count_only = true;
        return true;

    case 'e':
        self->endpoint = endpoint_of(optarg);
        return true;

    case 'p':
        self->project = ctl_str(ctl_project("--project", optarg));
        self->project_known = true;
        return true;

    default:
        return set_assumption(self, option);
    }
}


static void
start(ctl_plan_t *self)
{
    memset(self, 0, sizeof(ctl_plan_t));
    ctl_arena_start(&self->arena);

    self->rules.desktops_memory = (int64_t) 180 * USAGE_SECONDS_PER_DAY;
    self->rules.users_memory = (int64_t) 30 * USAGE_SECONDS_PER_DAY;
    self->rules.records_memory = (int64_t) 30 * USAGE_SECONDS_PER_DAY;
    self->upstream.lookback = (int64_t) 7 * USAGE_SECONDS_PER_DAY;
    self->upstream.tolerance.share = 1; /* the model's records show no use */
    self->model.now = time(NULL);
    self->model.desktops = PLAN_DESKTOPS;
    self->model.in_use = PLAN_UNSET;
    self->model.owned = 1;
    self->model.request = &self->request;
    self->body = "-";
}


/*
 * Makes what is assumed fit together.  The project has at least the desktops
 * that the body requests, and at most all of its desktops are in use, or owned.
 */
static void
settle(ctl_plan_t *self)
{
    ctl_model_t *model;

    model = &self->model;

    if (model->desktops < self->request.desktops) {
        model->desktops = self->request.desktops;
    }

    if (model->in_use > model->desktops) {
        model->in_use = model->desktops;
    }

    if (model->owned > model->desktops) {
        model->owned = model->desktops;
    }

    if (!self->project_known) {
        self->project =
            ctl_str(self->format == CTL_CURL ? "$PROJECT" : "{project_id}");
    }
}


/*
 * Tells whether nothing is wrong with a refused body but the age of its days.
 */
static bool
is_forgotten(
    ctl_plan_t *self, const usage_patterns_t *patterns, usage_str_t body)
{
    usage_error_t error;
    usage_rules_t rules;

    rules = self->rules;
    rules.desktops_memory = 0;
    rules.users_memory = 0;
    rules.records_memory = 0;

    return usage_request_parse(&self->request, &self->arena.pool, patterns,
               body, self->model.now, &rules, &error)
           == USAGE_OK;
}


/*
 * Reads the body and checks it, as the gateway does.
 */
static usage_result_t
parse(ctl_plan_t *self, usage_error_t *error)
{
    char             *text;
    size_t            len;
    usage_str_t       body;
    usage_patterns_t *patterns;
    usage_result_t    rc;

    if (strcmp(self->body, "-") == 0 && isatty(STDIN_FILENO)) {
        (void) fputs("The body, ended by Ctrl-D:\n", stderr);
    }

    text = ctl_read(self->body, &len);
    body.data = text;
    body.len = len;
    patterns = usage_patterns_create();

    if (patterns == NULL) {
        ctl_die("out of memory");
    }

    rc = usage_request_parse(&self->request, &self->arena.pool, patterns, body,
        self->model.now, &self->rules, error);

    self->forgotten = rc != USAGE_OK && is_forgotten(self, patterns, body);

    usage_patterns_free(patterns);
    free(text);

    return rc;
}


/*
 * Says what the gateway would say of the body; and how to see its plan, if only
 * its days are too old.  Gives the exit status.
 */
static int
refuse(const ctl_plan_t *self, const usage_error_t *error)
{
    char date[USAGE_DATE_LEN + 1];

    ctl_warn("%u: %s", error->status, error->detail);

    if (self->forgotten) {
        usage_day_write(self->request.last + 1, date);
        date[USAGE_DATE_LEN] = '\0';
        ctl_warn("--now=%s plans it as on that day, --retention=off whatever "
                 "its age",
            date);
    }

    return error->status >= 500 ? CTL_FAILED : CTL_DIFFER;
}


static void
finish(ctl_plan_t *self)
{
    size_t i;

    for (i = 0; i < self->count; i++) {
        free(self->calls[i].name);
    }

    free(self->calls);
    ctl_arena_free(&self->arena);
}


int
ctl_plan(int argc, char **argv)
{
    static const ctl_options_t all = { help, "f:ne:p:h", options, set_option };

    int           status;
    ctl_plan_t    self;
    usage_error_t error;

    start(&self);

    if (!ctl_options(argc, argv, &all, &self)) {
        return CTL_OK;
    }

    if (optind < argc - 1) {
        ctl_misuse("there is more than one body");
    }

    if (optind < argc) {
        self.body = argv[optind];
    }

    if (parse(&self, &error) != USAGE_OK) {
        status = refuse(&self, &error);
        finish(&self);
        return status;
    }

    settle(&self);
    ctl_plan_calls(&self);
    ctl_plan_print(&self);
    finish(&self);

    return CTL_OK;
}
