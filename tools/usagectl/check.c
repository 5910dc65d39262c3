/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: whether two endpoints give the same replies.
 */

#include "ctl_check.h"
#include "ctl_text.h"
#include "base/usage_calendar.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>


static const char help[] =
    "usage: usagectl check --legacy=URL --translated=URL [OPTION]...\n"
    "\n"
    "Makes the same calls of both, and says what differs. A URL is that of "
    "the\n"
    "call, or the endpoint's, with --project. The calls' bodies are those of "
    "a\n"
    "file, or made up.\n"
    "\n"
    "  -l, --legacy=URL        the discarded call\n"
    "  -t, --translated=URL    the gateway\n"
    "  -p, --project=ID        the project_id\n"
    "  -H, --header=HEADER     \"Name: value\" for both, or @FILE with one a "
    "line\n"
    "      --legacy-header=HEADER, --translated-header=HEADER\n"
    "                          the same for one of them\n"
    "                          USAGECTL_TOKEN of the environment becomes the\n"
    "                          header X-Auth-Token, unless there is one\n"
    "\n"
    "Which calls:\n"
    "  -b, --bodies=FILE       one JSON body a line; - for standard input\n"
    "  -n, --calls=N           how many to make up (100), or of the file at "
    "most\n"
    "  -d, --desktops=IDS      desktop_ids to ask for: a,b,c or @FILE, one a "
    "line\n"
    "  -u, --users=NAMES       desktop_usernames, in the same way; in a file, "
    "a\n"
    "                          tab and the domain may follow\n"
    "      --from=DATE, --to=DATE\n"
    "                          the days (31 that end with the last final one)\n"
    "      --hours             some calls by the hour\n"
    "      --no-paging         none with offset or limit\n"
    "      --seed=N            other calls (1)\n"
    "\n"
    "How:\n"
    "      --tolerance=HOURS   what use_time may differ by (0.01)\n"
    "      --cacert=FILE       whom to trust (PEM), instead of the machine's "
    "list\n"
    "      --rate=N            calls a minute of each endpoint, at most\n"
    "      --timeout=TIME      for one call (120s)\n"
    "      --retries=N         of a call that gets 429, 503 or no answer (5);\n"
    "                          Retry-After is waited for\n"
    "      --first             stop at the first call that differs\n"
    "      --show=N            differences to show (60, in JSON 1000)\n"
    "      --json              the result as JSON\n"
    "  -q, --quiet             no progress\n"
    "\n"
    "Replies are equal where they list the same desktops with the same days "
    "and\n"
    "use_time, in any order; refusals, where status and error_code are the "
    "same.\n"
    "\n"
    "  USAGECTL_TOKEN=$(cat token) usagectl check --project=$PROJECT \\\n"
    "      --legacy=https://workspace.ap-southeast-1.myhuaweicloud.com \\\n"
    "      --translated=https://gateway.example.com --calls=1000 --rate=90\n"
    "\n"
    "Exit status: 0 equal; 1 differences; 2 wrong usage, or calls that "
    "failed.\n";


enum {
    OPTION_LEGACY_HEADER = 256,
    OPTION_TRANSLATED_HEADER,
    OPTION_FROM,
    OPTION_TO,
    OPTION_HOURS,
    OPTION_NO_PAGING,
    OPTION_SEED,
    OPTION_TOLERANCE,
    OPTION_CACERT,
    OPTION_RATE,
    OPTION_TIMEOUT,
    OPTION_RETRIES,
    OPTION_FIRST,
    OPTION_SHOW,
    OPTION_JSON
};

static const struct option options[] = {
    { "legacy", required_argument, NULL, 'l' },
    { "translated", required_argument, NULL, 't' },
    { "project", required_argument, NULL, 'p' },
    { "header", required_argument, NULL, 'H' },
    { "legacy-header", required_argument, NULL, OPTION_LEGACY_HEADER },
    { "translated-header", required_argument, NULL, OPTION_TRANSLATED_HEADER },
    { "bodies", required_argument, NULL, 'b' },
    { "calls", required_argument, NULL, 'n' },
    { "desktops", required_argument, NULL, 'd' },
    { "users", required_argument, NULL, 'u' },
    { "from", required_argument, NULL, OPTION_FROM },
    { "to", required_argument, NULL, OPTION_TO },
    { "hours", no_argument, NULL, OPTION_HOURS },
    { "no-paging", no_argument, NULL, OPTION_NO_PAGING },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "tolerance", required_argument, NULL, OPTION_TOLERANCE },
    { "cacert", required_argument, NULL, OPTION_CACERT },
    { "rate", required_argument, NULL, OPTION_RATE },
    { "timeout", required_argument, NULL, OPTION_TIMEOUT },
    { "retries", required_argument, NULL, OPTION_RETRIES },
    { "first", no_argument, NULL, OPTION_FIRST },
    { "show", required_argument, NULL, OPTION_SHOW },
    { "json", no_argument, NULL, OPTION_JSON },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};


#define CHECK_CALLS   100
#define CHECK_SHOW    60
#define CHECK_REPORT  1000
#define CHECK_TIMEOUT 120
#define CHECK_RETRIES 5
#define CHECK_MAX     1000000000
#define CHECK_UNSET   UINT64_MAX


typedef struct {
    const char *urls[CHECK_SIDES];
    const char *project;
    const char *bodies;
    const char *authorities;
    uint64_t    calls; /* 0: not said */
    int64_t     timeout;
    bool        from, to;
    bool        help;
} check_options_t;


static void
add_headers(check_t *check, size_t from, size_t to, const char *text)
{
    char  *all, *rest, *line;
    size_t i, len;

    if (*text != '@') {
        for (i = from; i < to; i++) {
            check_header_set(&check->sides[i], text);
        }

        return;
    }

    all = rest = ctl_read(text + 1, &len);

    while ((line = ctl_line(&rest)) != NULL) {
        for (i = from; i < to && *line != '\0'; i++) {
            check_header_set(&check->sides[i], line);
        }
    }

    free(all);
}


/*
 * Options about which calls are made.
 */
static bool
set_calls_option(check_t *check, check_options_t *o, int option)
{
    check_bodies_t *bodies;

    bodies = &check->bodies;

    switch (option) {

    case 'b':
        o->bodies = optarg;
        return true;

    case 'n':
        o->calls = ctl_number("--calls", optarg, 1, CHECK_MAX);
        return true;

    case 'd':
        bodies->desktops =
            check_words("--desktops", optarg, &bodies->desktops_count);
        return true;

    case 'u':
        bodies->users = check_words("--users", optarg, &bodies->users_count);
        return true;

    case OPTION_FROM:
        bodies->from = ctl_day("--from", optarg);
        o->from = true;
        return true;

    case OPTION_TO:
        bodies->to = ctl_day("--to", optarg);
        o->to = true;
        return true;

    case OPTION_HOURS:
        bodies->hours = true;
        return true;

    case OPTION_NO_PAGING:
        bodies->paging = false;
        return true;

    case OPTION_SEED:
        bodies->random = ctl_number("--seed", optarg, 0, INT64_MAX);
        return true;

    default:
        return false;
    }
}


static bool
set_option(check_t *check, check_options_t *o, int option)
{
    switch (option) {

    case 'l':
        o->urls[0] = optarg;
        return true;

    case 't':
        o->urls[1] = optarg;
        return true;

    case 'p':
        if (!ctl_is_project(optarg)) {
            ctl_misuse("--project \"%s\" is no project_id", optarg);
        }

        o->project = optarg;
        return true;

    case 'H':
        add_headers(check, 0, CHECK_SIDES, optarg);
        return true;

    case OPTION_LEGACY_HEADER:
        add_headers(check, 0, 1, optarg);
        return true;

    case OPTION_TRANSLATED_HEADER:
        add_headers(check, 1, CHECK_SIDES, optarg);
        return true;

    case OPTION_TOLERANCE:
        check->tolerance = ctl_hours("--tolerance", optarg);
        return true;

    case OPTION_CACERT:
        o->authorities = optarg;
        return true;

    case OPTION_RATE:
        check->interval =
            60.0 / (double) ctl_number("--rate", optarg, 1, 60000);
        return true;

    case OPTION_TIMEOUT:
        o->timeout = ctl_duration("--timeout", optarg);
        return true;

    case OPTION_RETRIES:
        check->retries = ctl_number("--retries", optarg, 0, 1000);
        return true;

    case OPTION_FIRST:
        check->first = true;
        return true;

    case OPTION_SHOW:
        check->show = ctl_number("--show", optarg, 0, CHECK_MAX);
        return true;

    case OPTION_JSON:
        check->report = json_pack("{s[]}", "calls");
        return true;

    case 'q':
        check->quiet = true;
        return true;

    default:
        return set_calls_option(check, o, option);
    }
}


static void
start_sides(check_t *check, const check_options_t *o)
{
    char       *header;
    size_t      i;
    const char *token;

    token = getenv("USAGECTL_TOKEN");

    for (i = 0; i < CHECK_SIDES; i++) {
        if (o->urls[i] == NULL) {
            ctl_misuse("--%s is missing", check_names[i]);
        }

        if (token != NULL && *token != '\0'
            && !check_header_find(&check->sides[i], "X-Auth-Token")
            && !check_header_find(&check->sides[i], "Authorization"))
        {
            header = ctl_alloc(strlen(token) + sizeof("X-Auth-Token: "));
            (void) sprintf(header, "X-Auth-Token: %s", token);
            check_header_set(&check->sides[i], header);
            free(header);
        }

        check_side_start(&check->sides[i], o->urls[i], o->project,
            (long) o->timeout, o->authorities);
    }
}


static uint64_t
count_bodies(const char *text)
{
    size_t   len;
    uint64_t count;

    for (count = 0; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        count += strspn(text, " \t\r") < len;
    }

    return count;
}


static void
start_bodies(check_t *check, const check_options_t *o)
{
    check_bodies_t *bodies;

    bodies = &check->bodies;

    if (o->bodies != NULL) {
        bodies->text = ctl_read(o->bodies, &bodies->len);
        bodies->line = bodies->text;

        if (strlen(bodies->text) != bodies->len) {
            ctl_die("%s: there is a NUL in it", o->bodies);
        }

        check->total = count_bodies(bodies->text);

        if (check->total == 0) {
            ctl_die("%s: there is no body in it", o->bodies);
        }

        if (o->calls > 0 && o->calls < check->total) {
            check->total = o->calls;
        }

        return;
    }

    check->total = o->calls > 0 ? o->calls : CHECK_CALLS;
    bodies->dated = o->from || o->to;

    if (!o->to) {
        bodies->to = usage_day_of(bodies->now - USAGE_FINAL_AFTER);
    }

    if (!o->from) {
        bodies->from = bodies->to - (USAGE_DAYS_MAX - 1);
    }

    if (bodies->to < bodies->from) {
        ctl_misuse("--to is before --from");
    }
}


static void
start(check_t *check, check_options_t *o)
{
    memset(check, 0, sizeof(check_t));
    memset(o, 0, sizeof(check_options_t));

    o->timeout = CHECK_TIMEOUT;
    check->tolerance = USAGE_COMPARE_TOLERANCE;
    check->retries = CHECK_RETRIES;
    check->show = CHECK_UNSET;
    check->bodies.paging = true;
    check->bodies.random = 1;
    check->bodies.now = time(NULL);
    check->colours = ctl_colours(stdout);
    check->terminal = isatty(STDERR_FILENO);
}


static void
finish(check_t *check)
{
    size_t i;

    for (i = 0; i < CHECK_SIDES; i++) {
        check_side_free(&check->sides[i]);
    }

    for (i = 0; i < check->bodies.desktops_count; i++) {
        free(check->bodies.desktops[i]);
    }

    for (i = 0; i < check->bodies.users_count; i++) {
        free(check->bodies.users[i]);
    }

    free(check->bodies.desktops);
    free(check->bodies.users);
    free(check->bodies.text);
    json_decref(check->report);
    curl_global_cleanup();
}


int
ctl_check(int argc, char **argv)
{
    int             option, status;
    check_t         check;
    check_options_t o;

    start(&check, &o);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        ctl_die("libcurl can't start");
    }

    while (
        (option = getopt_long(argc, argv, "l:t:p:H:b:n:d:u:qh", options, NULL))
        != -1)
    {
        if (option == 'h') {
            (void) fputs(help, stdout);
            return CTL_OK;
        }

        if (!set_option(&check, &o, option)) {
            ctl_bad_option();
        }
    }

    if (optind < argc) {
        ctl_misuse("\"%s\" is no option", argv[optind]);
    }

    if (check.show == CHECK_UNSET) {
        check.show = check.report != NULL ? CHECK_REPORT : CHECK_SHOW;
    }

    start_sides(&check, &o);
    start_bodies(&check, &o);

    check_run(&check);
    status = check_finish(&check);
    finish(&check);

    return status;
}
