/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: its result, as a table, CSV or JSON.
 */

#include "ctl_report.h"
#include "ctl_text.h"

#include <jansson.h>
#include <stdlib.h>


#define REPORT_SUMS  5   /* columns behind the keys */
#define REPORT_FIRST 3   /* which of them is "first seen" */
#define REPORT_WIDE  100 /* characters, with room for all columns */


/* the columns' names: for programs, for people */

static const char *const sums[REPORT_SUMS] = { "calls", "days", "errors",
    "first_seen", "last_seen" };

static const char *const titles[REPORT_SUMS] = { "calls", "days", "errors",
    "first seen", "last seen" };


static report_order_t order; /* for compare() */


/*
 * Gives the number by which a client is sorted.
 */
static uint64_t
rank(const report_client_t *client)
{
    switch (order) {

    case REPORT_BY_DAYS:
        return client->days;

    case REPORT_BY_ERRORS:
        return client->errors;

    case REPORT_BY_LAST:
        return (uint64_t) client->last;

    case REPORT_BY_FIRST:
        return (uint64_t) client->first;

    case REPORT_BY_CALLS:
    default:
        return client->calls;
    }
}


/*
 * Orders clients for qsort(): the largest number first, equal ones by keys.
 */
static int
compare(const void *one, const void *two)
{
    size_t                 len;
    uint64_t               a, b;
    const report_client_t *left, *right;

    left = *(report_client_t *const *) one;
    right = *(report_client_t *const *) two;
    a = rank(left);
    b = rank(right);

    if (a != b) {
        return a > b ? -1 : 1;
    }

    len = left->len < right->len ? left->len : right->len;

    return memcmp(left->keys, right->keys, len);
}


/*
 * Writes a time with a NUL behind it.
 */
static void
time_text(int64_t time, char *text)
{
    usage_time_write(time, text);
    text[USAGE_TIME_LEN] = '\0';
}


/*
 * Gives the next of a client's keys, and moves *keys behind it.
 */
static const char *
next_key(const char **keys)
{
    const char *key;

    key = *keys;
    *keys += strlen(key) + 1;

    return key;
}


/*
 * Makes a cell of a number.
 */
static char *
thousands(uint64_t n)
{
    char text[32];

    ctl_thousands(n, text);

    return ctl_copy(text, strlen(text));
}


/*
 * Makes a cell of a time, to the minute.
 */
static char *
short_time(int64_t time)
{
    char text[USAGE_TIME_LEN + 1];

    time_text(time, text);
    text[USAGE_DATE_LEN] = ' ';

    return ctl_copy(text, sizeof("1970-01-01 00:00") - 1);
}


static void
fill_row(char **row, const report_t *report, const report_client_t *client,
    bool narrow)
{
    size_t      k;
    const char *keys, *key;

    keys = client->keys;

    for (k = 0; k < report->by_count; k++) {
        key = next_key(&keys);
        row[k] =
            ctl_clean(*key == '\0' ? "-" : key, *key == '\0' ? 1 : strlen(key));
    }

    row[k++] = thousands(client->calls);
    row[k++] = thousands(client->days);
    row[k++] = thousands(client->errors);

    if (narrow) {
        row[k] = short_time(client->last);

    } else {
        row[k++] = short_time(client->first);
        row[k] = short_time(client->last);
    }
}


static void
print_table(const report_t *report, size_t rows)
{
    static const size_t narrowest[REPORT_KEYS] = { 9, 12, 8, 10, 0, 0, 0 };

    bool         narrow;
    size_t       i, k;
    ctl_table_t  table;
    ctl_column_t columns[REPORT_KEYS + REPORT_SUMS];

    /* a narrow table has no room for both times */

    narrow = ctl_width(stdout) < REPORT_WIDE;

    for (k = 0; k < report->by_count; k++) {
        columns[k].title = report_keys[report->by[k]];
        columns[k].align = CTL_LEFT;
        columns[k].shrinks = narrowest[report->by[k]];
    }

    for (i = 0; i < REPORT_SUMS; i++) {
        if (narrow && i == REPORT_FIRST) {
            continue;
        }

        columns[k].title = titles[i];
        columns[k].align = i < REPORT_FIRST ? CTL_RIGHT : CTL_LEFT;
        columns[k++].shrinks = 0;
    }

    ctl_table_start(&table, columns, k);

    for (i = 0; i < rows; i++) {
        fill_row(ctl_table_row(&table), report, report->clients[i], narrow);
    }

    ctl_table_print(&table, stdout, 0);
    ctl_table_free(&table);
}


static void
print_words(const report_t *report, size_t rows)
{
    char text[32], first[USAGE_TIME_LEN + 1], last[USAGE_TIME_LEN + 1];

    if (report->sum.calls == 0) {
        printf("No legacy call");

    } else {
        print_table(report, rows);
        ctl_thousands(report->sum.calls, text);
        time_text(report->sum.first, first);
        time_text(report->sum.last, last);

        (void) putchar('\n');

        if (rows < report->count) {
            printf("%zu rows more (--top).\n", report->count - rows);
        }

        printf("%s legacy call%s, %s to %s", text,
            report->sum.calls == 1 ? "" : "s", first, last);
    }

    ctl_thousands(report->lines, text);
    printf(", in %s line%s of log.\n", text, report->lines == 1 ? "" : "s");
}


/*
 * Prints a field, in quotes if it has to be.  What a spreadsheet would take for
 * a formula gets an apostrophe before it.
 */
static void
print_field(const char *key)
{
    bool  formula;
    char *text, *p;

    formula = *key != '\0' && strchr("=+-@\t\r", *key) != NULL;
    text = ctl_clean(key, strlen(key));

    if (!formula && strpbrk(text, ",\"") == NULL) {
        (void) fputs(text, stdout);
        free(text);
        return;
    }

    (void) fputs(formula ? "\"'" : "\"", stdout);

    for (p = text; *p != '\0'; p++) {
        if (*p == '"') {
            (void) putchar('"');
        }

        (void) putchar(*p);
    }

    (void) putchar('"');
    free(text);
}


static void
print_csv(const report_t *report, size_t rows)
{
    char                   first[USAGE_TIME_LEN + 1], last[USAGE_TIME_LEN + 1];
    size_t                 i, k;
    const char            *keys;
    const report_client_t *client;

    for (k = 0; k < report->by_count; k++) {
        printf("%s,", report_keys[report->by[k]]);
    }

    for (k = 0; k < REPORT_SUMS; k++) {
        printf("%s%s", k > 0 ? "," : "", sums[k]);
    }

    printf("\r\n");

    for (i = 0; i < rows; i++) {
        client = report->clients[i];
        keys = client->keys;

        for (k = 0; k < report->by_count; k++) {
            print_field(next_key(&keys));
            (void) putchar(',');
        }

        time_text(client->first, first);
        time_text(client->last, last);
        printf("%llu,%llu,%llu,%s,%s\r\n", (unsigned long long) client->calls,
            (unsigned long long) client->days,
            (unsigned long long) client->errors, first, last);
    }
}


/*
 * Makes a JSON object of what is counted of a client.
 */
static json_t *
json_of(const report_client_t *client)
{
    char first[USAGE_TIME_LEN + 1] = "", last[USAGE_TIME_LEN + 1] = "";

    if (client->calls > 0) {
        time_text(client->first, first);
        time_text(client->last, last);
    }

    return json_pack("{sI sI sI ss ss}", sums[0], (json_int_t) client->calls,
        sums[1], (json_int_t) client->days, sums[2],
        (json_int_t) client->errors, sums[3], first, sums[4], last);
}


static void
print_json(const report_t *report, size_t rows)
{
    size_t      i, k;
    json_t     *list, *client, *root, *counts;
    const char *keys;

    list = json_array();

    for (i = 0; i < rows; i++) {
        keys = report->clients[i]->keys;
        client = json_object();

        for (k = 0; k < report->by_count; k++) {
            json_object_set_new(client, report_keys[report->by[k]],
                json_string(next_key(&keys)));
        }

        counts = json_of(report->clients[i]);
        json_object_update(client, counts);
        json_decref(counts);
        json_array_append_new(list, client);
    }

    root = json_pack("{so sI so sI sI sI sI}", "clients", list,
        "clients_in_all", (json_int_t) report->count, "sum",
        json_of(&report->sum), "lines", (json_int_t) report->lines,
        "other_lines", (json_int_t) report->other, "strange_lines",
        (json_int_t) report->strange, "out_of_time",
        (json_int_t) report->early);

    ctl_print_json(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
}


void
report_print(report_t *report)
{
    size_t rows;

    order = report->order;

    if (report->count > 0) {
        qsort(
            report->clients, report->count, sizeof(report_client_t *), compare);
    }

    rows = report->top > 0 && report->top < report->count ? report->top
                                                          : report->count;

    if (report->format == REPORT_CSV) {
        print_csv(report, rows);

    } else if (report->format == REPORT_JSON) {
        print_json(report, rows);

    } else {
        print_words(report, rows);
    }
}
