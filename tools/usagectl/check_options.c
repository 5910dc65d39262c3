/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: its options.
 */

#include "ctl_check.h"
#include "ctl_options.h"


static const char help[] =
    "usage: usagectl check --legacy=URL --translated=URL [OPTION]...\n"
    "\n"
    "Makes the same calls to both, and says what differs. A URL is that of "
    "the\n"
    "call; or that of the endpoint, with --project. The bodies of the calls "
    "are\n"
    "read from a file, or made up.\n"
    "\n"
    "  -l, --legacy=URL        the discarded call\n"
    "  -t, --translated=URL    the gateway\n"
    "  -p, --project=ID        the project_id\n"
    "  -H, --header=HEADER     a header \"Name: value\" for both; or @FILE, "
    "which\n"
    "                          has one a line\n"
    "      --legacy-header=HEADER, --translated-header=HEADER\n"
    "                          the same for one of the two\n"
    "                          The environment's USAGECTL_TOKEN becomes the\n"
    "                          header X-Auth-Token, unless a header says who\n"
    "                          calls.\n"
    "\n"
    "Which calls:\n"
    "  -b, --bodies=FILE       one JSON body a line; - for standard input\n"
    "  -n, --calls=N           make up so many bodies (100); or take at most "
    "so\n"
    "                          many of the file\n"
    "  -d, --desktops=IDS      desktop_ids to request: a,b,c; or @FILE, which "
    "has\n"
    "                          one a line\n"
    "  -u, --users=NAMES       desktop_usernames, likewise; in a file, a tab "
    "and\n"
    "                          the user's domain may follow\n"
    "      --from=DATE, --to=DATE\n"
    "                          the days (31 days; the last one is the last "
    "final\n"
    "                          day)\n"
    "      --hours             make some calls by the hour\n"
    "      --no-paging         make none with offset or limit\n"
    "      --seed=N            another number makes up other bodies (1)\n"
    "\n"
    "How:\n"
    "      --tolerance=HOURS   how far use_time may differ (0.01)\n"
    "      --cacert=FILE       whom to trust (PEM), instead of the machine's "
    "list\n"
    "      --rate=N            calls a minute to each endpoint, at most\n"
    "      --timeout=TIME      of one call (120s)\n"
    "      --retries=N         of a call that gets 429, 503 or no reply (5);\n"
    "                          Retry-After is respected\n"
    "      --first             stop at the first call that differs\n"
    "      --show=N            differences to print (60, in JSON 1000)\n"
    "      --json              print the result as JSON\n"
    "  -q, --quiet             tell no progress\n"
    "\n"
    "Two replies are equal if they list the same desktops with the same days "
    "and\n"
    "use_time, in any order. Two refusals are equal if status and error_code "
    "are.\n"
    "\n"
    "  USAGECTL_TOKEN=$(cat token) usagectl check --project=$PROJECT \\\n"
    "      --legacy=https://workspace.ap-southeast-1.myhuaweicloud.com \\\n"
    "      --translated=https://gateway.example.com --calls=1000 --rate=90\n"
    "\n"
    "Exit status: 0 if all is equal; 1 if there are differences; 2 after "
    "wrong\n"
    "usage, or if calls failed.\n";


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


/* calls, bodies and differences, at most */
#define OPTIONS_MAX 1000000000


/*
 * Sets a header of the sides from `from` to before `to`.  If the text is @ and
 * the name of a file, each of its lines is a header.
 */
static void
set_headers(check_t *check, size_t from, size_t to, const char *text)
{
    char **lines;
    size_t i, k, count;

    count = 0;
    lines = *text == '@' ? ctl_list_file(NULL, &count, text + 1)
                         : ctl_list_add(NULL, &count, text);

    for (i = from; i < to; i++) {
        for (k = 0; k < count; k++) {
            check_header_set(&check->sides[i], lines[k]);
        }
    }

    ctl_list_free(lines, count);
}


/*
 * Takes an option about what is called.
 */
static bool
set_endpoint(check_t *check, check_options_t *o, int option)
{
    switch (option) {

    case 'l':
        o->urls[0] = optarg;
        return true;

    case 't':
        o->urls[1] = optarg;
        return true;

    case 'p':
        o->project = ctl_project("--project", optarg);
        return true;

    case 'H':
        set_headers(check, 0, CHECK_SIDES, optarg);
        return true;

    case OPTION_LEGACY_HEADER:
        set_headers(check, 0, 1, optarg);
        return true;

    case OPTION_TRANSLATED_HEADER:
        set_headers(check, 1, CHECK_SIDES, optarg);
        return true;

    case OPTION_CACERT:
        o->authorities = optarg;
        return true;

    case OPTION_TIMEOUT:
        o->timeout = ctl_duration("--timeout", optarg);
        return true;

    default:
        return false;
    }
}


/*
 * Takes an option about which calls are made.
 */
static bool
set_calls(check_bodies_t *bodies, check_options_t *o, int option)
{
    switch (option) {

    case 'b':
        o->bodies = optarg;
        return true;

    case 'n':
        o->calls = ctl_number("--calls", optarg, 1, OPTIONS_MAX);
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


/*
 * Takes an option about how calls are made, compared and told.
 */
static bool
set_manner(check_t *check, int option)
{
    switch (option) {

    case OPTION_TOLERANCE:
        check->tolerance = ctl_hours("--tolerance", optarg);
        return true;

    case OPTION_RATE:
        check->interval =
            60.0 / (double) ctl_number("--rate", optarg, 1, 60000);
        return true;

    case OPTION_RETRIES:
        check->retries = ctl_number("--retries", optarg, 0, 1000);
        return true;

    case OPTION_FIRST:
        check->first = true;
        return true;

    case OPTION_SHOW:
        check->show = ctl_number("--show", optarg, 0, OPTIONS_MAX);
        return true;

    case OPTION_JSON:
        check->report = json_pack("{s[]}", "calls");
        return true;

    case 'q':
        check->quiet = true;
        return true;

    default:
        return false;
    }
}


typedef struct {
    check_t         *check;
    check_options_t *o;
} options_t;


static bool
set_option(void *data, int option)
{
    options_t *to;

    to = data;

    return set_endpoint(to->check, to->o, option)
           || set_calls(&to->check->bodies, to->o, option)
           || set_manner(to->check, option);
}


bool
check_options(check_t *check, check_options_t *o, int argc, char **argv)
{
    static const ctl_options_t all = { help, "l:t:p:H:b:n:d:u:qh", options,
        set_option };

    options_t to;

    to.check = check;
    to.o = o;

    if (!ctl_options(argc, argv, &all, &to)) {
        return false;
    }

    if (optind < argc) {
        ctl_misuse("\"%s\" is not an option", argv[optind]);
    }

    return true;
}
