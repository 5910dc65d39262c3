/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: who still makes legacy calls, from nginx's access logs.
 */

#include "ctl_report.h"

#include <errno.h>
#include <getopt.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>


static const char help[] =
    "usage: usagectl report [OPTION]... [ACCESS.LOG]...\n"
    "\n"
    "Says who still makes legacy calls, from access logs in the format "
    "\"usage\"\n"
    "of examples/nginx.conf. Logs may be compressed by gzip. - or none is\n"
    "standard input.\n"
    "\n"
    "      --by=KEYS        what makes a row: of client, agent, project,\n"
    "                       credential, mode, status, day\n"
    "                       (client,agent,project)\n"
    "      --since=WHEN     a date, a time (yyyy-MM-ddThh:mm:ssZ), or how "
    "long\n"
    "                       ago: 12h, 7d\n"
    "      --until=WHEN     the same; not counted any more\n"
    "      --sort=BY        calls (default), days, errors, last, first\n"
    "      --top=N          so many rows\n"
    "  -f, --format=FORMAT  table (default), csv, json\n"
    "      --expect-none    exit status 1 where anybody calls\n"
    "\n"
    "days are the days that calls asked for; errors are calls with a status "
    "of\n"
    "400 or more. A credential is token:<the first 16 hex digits of its "
    "SHA-256>,\n"
    "another for each token, or key:<access key>.\n"
    "\n"
    "  usagectl report --since=30d /var/log/nginx/usage.log*\n"
    "  usagectl report --by=credential --since=7d --expect-none usage.log\n"
    "\n"
    "Exit status: 0; 1 with --expect-none where anybody calls; 2 where a log "
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

/* a header may have 64,000 characters, each escaped as \u00xx; what is longer
 * is no line of the format */
#define REPORT_LINE_MAX  ((size_t) 1024 * 1024)
#define REPORT_READ_SIZE (256 * 1024)

/* what of a key is kept */
#define REPORT_KEY_MAX 512

/* lines that can't be read which are named, each */
#define REPORT_NAMED 5


static int
compare_keys(const void *one, const void *two)
{
    const report_client_t *a, *b;

    a = one;
    b = two;

    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }

    return memcmp(a->keys, b->keys, a->len);
}


static void
count(report_client_t *client, const report_line_t *line)
{
    if (client->calls == 0 || line->time < client->first) {
        client->first = line->time;
    }

    if (client->calls == 0 || line->time > client->last) {
        client->last = line->time;
    }

    client->calls++;
    client->days += line->days;
    client->errors += line->error;
}


/*
 * The keys of a line's client, one behind the other.  A NUL within is the end
 * of a key.
 */
static size_t
join(const report_t *report, const report_line_t *line, char *keys)
{
    size_t      k, len, part;
    usage_str_t key;

    for (k = 0, len = 0; k < report->by_count; k++) {
        key = line->keys[report->by[k]];
        part = strnlen(
            key.data, key.len < REPORT_KEY_MAX ? key.len : REPORT_KEY_MAX);

        /* (not in the midst of a character) */

        while (part > 0 && part < key.len
               && ((unsigned char) key.data[part] & 0xc0) == 0x80)
        {
            part--;
        }

        memcpy(keys + len, key.data, part);
        len += part;
        keys[len++] = '\0';
    }

    return len;
}


void
report_add(report_t *report, const report_line_t *line)
{
    char             keys[REPORT_KEYS * (REPORT_KEY_MAX + 1)];
    void            *found;
    report_client_t *client, wanted;

    if (line->time < report->since || line->time >= report->until) {
        report->early++;
        return;
    }

    wanted.keys = keys;
    wanted.len = join(report, line, keys);
    found = tfind(&wanted, &report->tree, compare_keys);

    if (found == NULL) {
        client = ctl_alloc(sizeof(report_client_t));
        client->keys = ctl_copy(keys, wanted.len);
        client->len = wanted.len;
        report->clients =
            ctl_room(report->clients, report->count, sizeof(report_client_t *));
        report->clients[report->count++] = client;

        if (tsearch(client, &report->tree, compare_keys) == NULL) {
            ctl_die("out of memory");
        }

    } else {
        client = *(report_client_t **) found;
    }

    count(client, line);
    count(&report->sum, line);
}


static void
strange_line(report_t *report)
{
    report->strange++;

    if (report->strange <= REPORT_NAMED) {
        ctl_warn("%s:%llu: not of the log format \"usage\"", report->name,
            (unsigned long long) report->line);
    }
}


static void
read_line(report_t *report, char *text, size_t len)
{
    report_line_t line;

    report->lines++;
    report->line++;

    switch (report_line_read(&line, report->forms, text, len)) {

    case REPORT_LEGACY:
        report_add(report, &line);
        report_line_free(&line);
        break;

    case REPORT_OTHER:
        report->other++;
        break;

    case REPORT_STRANGE:
    default:
        strange_line(report);
        break;
    }
}


/*
 * The whole lines of what was read; gives the length of what is left.
 */
static size_t
read_lines(report_t *report, char *text, size_t len)
{
    char  *end, *line;
    size_t left;

    for (line = text;; line = end + 1) {
        left = (size_t) (text + len - line);
        end = left > 0 ? memchr(line, '\n', left) : NULL;

        if (end == NULL) {
            break;
        }

        read_line(report, line, (size_t) (end - line));
    }

    memmove(text, line, left);

    return left;
}


static void
read_log(report_t *report, const char *name)
{
    int         n, error;
    char       *text;
    bool        passing; /* the rest of a line that is too long */
    size_t      len;
    gzFile      file;
    const char *why, *end;

    file = strcmp(name, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb")
                                  : gzopen(name, "rbe");

    if (file == NULL) {
        ctl_die("%s: %s", name, errno != 0 ? strerror(errno) : "out of memory");
    }

    (void) gzbuffer(file, REPORT_READ_SIZE);
    report->name = name;
    report->line = 0;
    text = ctl_grow(NULL, REPORT_LINE_MAX + REPORT_READ_SIZE);
    len = 0;
    passing = false;

    while ((n = gzread(file, text + len, REPORT_READ_SIZE)) > 0) {
        len += (size_t) n;

        if (passing) {
            end = memchr(text, '\n', len);

            if (end == NULL) {
                len = 0;
                continue;
            }

            len -= (size_t) (end - text);
            memmove(text, end, len);
            *text = ' ';
            passing = false;
        }

        len = read_lines(report, text, len);

        if (len > REPORT_LINE_MAX) {
            report->lines++;
            report->line++;
            strange_line(report);
            passing = true;
            len = 0;
        }
    }

    if (len > 0) {
        read_line(report, text, len);
    }

    why = gzerror(file, &error);

    if (n < 0 || (error != Z_OK && error != Z_STREAM_END)) {
        ctl_die("%s: %s", name, error == Z_ERRNO ? strerror(errno) : why);
    }

    (void) gzclose(file);
    free(text);
}


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
        ctl_misuse("--by names no key");
    }

    free(copy);
}


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
set_option(report_t *report, int option)
{
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


static void
leave_alone(void *client)
{
    (void) client;
}


static void
finish(report_t *report)
{
    size_t i;

    tdestroy(report->tree, leave_alone);

    for (i = 0; i < report->count; i++) {
        free(report->clients[i]->keys);
        free(report->clients[i]);
    }

    free(report->clients);
    usage_patterns_free(report->forms);
}


/*
 * Where nobody may call, a line that can't be read is no proof of it.
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
    int      option;
    report_t report;

    memset(&report, 0, sizeof(report));
    report.since = INT64_MIN;
    report.until = INT64_MAX;
    set_by(&report, "client,agent,project");

    while ((option = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
        if (option == 'h') {
            (void) fputs(help, stdout);
            return CTL_OK;
        }

        if (!set_option(&report, option)) {
            ctl_bad_option();
        }
    }

    report.forms = usage_patterns_create();

    if (report.forms == NULL) {
        ctl_die("out of memory");
    }

    if (optind == argc) {
        read_log(&report, "-");
    }

    for (; optind < argc; optind++) {
        read_log(&report, argv[optind]);
    }

    report_print(&report);

    if (report.strange > 0) {
        ctl_warn("%llu of %llu lines are not of the log format \"usage\"",
            (unsigned long long) report.strange,
            (unsigned long long) report.lines);
    }

    option = status_of(&report);
    finish(&report);

    return option;
}
