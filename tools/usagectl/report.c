/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: who still makes legacy calls, from nginx's access logs.
 */

#include "ctl_report.h"
#include "ctl_commands.h"
#include "ctl_options.h"

#include <search.h>
#include <stdlib.h>


static const char help[] =
    "usage: usagectl report [OPTION]... [ACCESS.LOG]...\n"
    "\n"
    "Says who still makes legacy calls, from access logs in the format "
    "\"usage\" of\n"
    "examples/nginx.conf. Logs may be compressed by gzip. Standard input is "
    "read\n"
    "if no log is named, and for -.\n"
    "\n"
    "      --by=KEYS        what makes a row: one or several of client, "
    "agent,\n"
    "                       project, credential, mode, status, day\n"
    "                       (client,agent,project)\n"
    "      --since=WHEN     count from a time on: a date, "
    "yyyy-MM-ddThh:mm:ssZ, or\n"
    "                       how long ago: 12h, 7d\n"
    "      --until=WHEN     count until before a time\n"
    "      --sort=BY        calls (default), days, errors, last, first\n"
    "      --top=N          print so many rows\n"
    "  -f, --format=FORMAT  table (default), csv, json\n"
    "      --expect-none    exit with status 1 if there is any call\n"
    "\n"
    "days are the days that the calls requested; errors are calls with a "
    "status of\n"
    "400 or more. A credential is token:<the first 16 hex digits of the "
    "token's\n"
    "SHA-256>, or key:<access key>.\n"
    "\n"
    "  usagectl report --since=30d /var/log/nginx/usage.log*\n"
    "  usagectl report --by=credential --since=7d --expect-none usage.log\n"
    "\n"
    "Exit status: 0; 1 with --expect-none if there is any call; 2 if a log "
    "can't\n"
    "be read, or with --expect-none a line of it.\n";


enum {
    OPTION_BY = 256,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_SORT,
    OPTION_TOP,
    OPTION_EXPECT_NONE
};

static const struct option options[] = {
    { "by", required_argument, NULL, OPTION_BY },
    { "since", required_argument, NULL, OPTION_SINCE },
    { "until", required_argument, NULL, OPTION_UNTIL },
    { "sort", required_argument, NULL, OPTION_SORT },
    { "top", required_argument, NULL, OPTION_TOP },
    { "format", required_argument, NULL, 'f' },
    { "expect-none", no_argument, NULL, OPTION_EXPECT_NONE },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const char *const formats[] = { "table", "csv", "json", NULL };
static const char *const orders[] = { "calls", "days", "errors", "last",
    "first", NULL };


/*
 * Reads the keys of --by.
 */
static void
set_by(report_t *report, const char *text)
{
    char *copy, *word, *rest;

    copy = ctl_copy(text, strlen(text));
    report->by_count = 0;

    for (word = strtok_r(copy, ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest))
    {
        if (report->by_count == REPORT_KEYS) {
            ctl_misuse("--by \"%s\" has too many keys", text);
        }

        report->by[report->by_count++] =
            (report_key_t) ctl_word("--by", word, report_keys);
    }

    if (report->by_count == 0) {
        ctl_misuse("--by: the list is empty");
    }

    free(copy);
}


/*
 * Reads a date, a time, or how long ago; gives seconds since 1970.
 */
static int64_t
when(const char *option, const char *text)
{
    size_t len;

    len = strlen(text);

    if (len > 1 && strchr("smhd", text[len - 1]) != NULL) {
        return time(NULL) - ctl_duration(option, text);
    }

    return ctl_time(option, text);
}


static bool
set_option(void *data, int option)
{
    report_t *report;

    report = data;

    switch (option) {

    case OPTION_BY:
        set_by(report, optarg);
        return true;

    case OPTION_SINCE:
        report->since = when("--since", optarg);
        return true;

    case OPTION_UNTIL:
        report->until = when("--until", optarg);
        return true;

    case OPTION_SORT:
        report->order = (report_order_t) ctl_word("--sort", optarg, orders);
        return true;

    case OPTION_TOP:
        report->top = (size_t) ctl_number("--top", optarg, 1, SIZE_MAX);
        return true;

    case 'f':
        report->format =
            (report_format_t) ctl_word("--format", optarg, formats);
        return true;

    case OPTION_EXPECT_NONE:
        report->expect_none = true;
        return true;

    default:
        return false;
    }
}


/*
 * For tdestroy(): clients are freed by their list.
 */
static void
leave_client(void *client)
{
    (void) client;
}


static void
finish(report_t *report)
{
    size_t i;

    tdestroy(report->tree, leave_client);

    for (i = 0; i < report->count; i++) {
        free(report->clients[i]->keys);
        free(report->clients[i]);
    }

    free(report->clients);
    usage_patterns_free(report->patterns);
}


/*
 * Gives the exit status.  If nobody may call, a line that can't be read doesn't
 * prove that nobody did.
 */
static int
status_of(const report_t *report)
{
    if (!report->expect_none) {
        return CTL_OK;
    }

    if (report->sum.calls > 0) {
        return CTL_DIFFER;
    }

    return report->strange > 0 ? CTL_FAILED : CTL_OK;
}


int
ctl_report(int argc, char **argv)
{
    static const ctl_options_t all = { help, "f:h", options, set_option };

    int      status;
    report_t report;

    memset(&report, 0, sizeof(report));
    report.since = INT64_MIN;
    report.until = INT64_MAX;
    set_by(&report, "client,agent,project");

    if (!ctl_options(argc, argv, &all, &report)) {
        return CTL_OK;
    }

    report.patterns = usage_patterns_create();

    if (report.patterns == NULL) {
        ctl_die("out of memory");
    }

    if (optind == argc) {
        report_read(&report, "-");
    }

    for (; optind < argc; optind++) {
        report_read(&report, argv[optind]);
    }

    report_print(&report);

    if (report.strange > 0) {
        ctl_warn("%llu of %llu lines are not of the log format \"usage\"",
            (unsigned long long) report.strange,
            (unsigned long long) report.lines);
    }

    status = status_of(&report);
    finish(&report);

    return status;
}
