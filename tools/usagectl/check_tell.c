/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: what it prints, while it runs and at its end.
 */

#include "ctl_check.h"
#include "ctl_text.h"
#include "base/usage_calendar.h"

#include <math.h>
#include <stdlib.h>


/* seconds between two lines of progress: on a terminal, elsewhere */
#define TELL_OFTEN  0.2
#define TELL_SELDOM 30

#define TELL_BODY 300 /* characters of a body that are printed */
#define TELL_ROWS 15  /* differences of one call, in a table */


/*
 * Clears the line of progress on a terminal, before anything else is printed.
 */
static void
clear_progress(const check_t *check)
{
    if (check->terminal && check->told > 0) {
        (void) fputs("\r\033[K", stderr);
    }
}


void
check_progress(check_t *check, const char *waiting)
{
    char   line[200], count[32], total[32];
    double now, passed, left;
    size_t len;

    now = ctl_clock();

    if (check->quiet
        || now - (check->told > 0 ? check->told : check->begun)
               < (check->terminal ? TELL_OFTEN : TELL_SELDOM))
    {
        return;
    }

    check->told = now;
    passed = now - check->begun;
    left = check->done > 0 ? passed / (double) check->done
                                 * (double) (check->total - check->done)
                           : 0;

    ctl_thousands(check->done, count);
    ctl_thousands(check->total, total);
    len = (size_t) snprintf(line, sizeof(line), "%s of %s calls, %llu differ",
        count, total, (unsigned long long) check->sums.counts[CHECK_DIFFERENT]);

    if (check->sums.counts[CHECK_FAILED] > 0) {
        len +=
            (size_t) snprintf(line + len, sizeof(line) - len, ", %llu failed",
                (unsigned long long) check->sums.counts[CHECK_FAILED]);
    }

    if (waiting != NULL) {
        (void) snprintf(line + len, sizeof(line) - len, "; %s", waiting);

    } else {
        (void) snprintf(line + len, sizeof(line) - len, "; %d:%02d left",
            (int) (left / 60), (int) fmod(left, 60));
    }

    if (check->terminal) {
        (void) fprintf(
            stderr, "\r\033[K%.*s", (int) ctl_width(stderr) - 1, line);

    } else {
        (void) fprintf(stderr, "%s\n", line);
    }
}


/*
 * Makes a cell of the value that one side has, or of "missing".
 */
static char *
value_cell(usage_str_t value)
{
    char *cell;

    cell = ctl_clean(value.data, value.len);

    if (*cell == '\0') {
        free(cell);
        cell = ctl_copy("missing", 7);
    }

    return cell;
}


/*
 * Makes a row of a difference: desktop, date, legacy, translated.
 */
static void
set_row(char **row, const usage_difference_t *difference)
{
    bool entry, all;

    entry = usage_str_equal(difference->what, ctl_str("entry"));
    all = difference->desktop.len == 0 && difference->time.len == 0 && !entry;

    row[0] = all ? ctl_copy("(the reply)", 11)
             : difference->desktop.len == 0
                 ? ctl_copy("(no desktop_id)", 15)
                 : ctl_clean(difference->desktop.data, difference->desktop.len);
    row[1] = difference->time.len > 0
                 ? ctl_clean(difference->time.data, difference->time.len)
                 : ctl_clean(difference->what.data, difference->what.len);
    row[2] = value_cell(difference->legacy);
    row[3] = value_cell(difference->translated);
}


/*
 * Counts how many of a call's differences may still be shown.
 */
static size_t
rows_left(const check_t *check, const usage_compare_t *compare)
{
    return compare->count < check->show - check->shown
               ? compare->count
               : (size_t) (check->show - check->shown);
}


static void
print_differences(check_t *check, const usage_compare_t *compare)
{
    static const ctl_column_t columns[] = {
        { "desktop", CTL_LEFT, 20 },
        { "date", CTL_LEFT, 0 },
        { "legacy", CTL_RIGHT, 0 },
        { "translated", CTL_RIGHT, 0 },
    };

    size_t      i, rows;
    ctl_table_t table;

    rows = rows_left(check, compare);

    if (rows > TELL_ROWS) {
        rows = TELL_ROWS;
    }

    ctl_table_start(&table, columns, 4);

    for (i = 0; i < rows; i++) {
        set_row(ctl_table_row(&table), &compare->differences[i]);
    }

    ctl_table_print(&table, stdout, 2);
    ctl_table_free(&table);
    check->shown += rows;

    if (compare->total > rows) {
        printf("  and %zu more\n", compare->total - rows);
    }
}


static void
print_reply(const char *name, const check_reply_t *reply)
{
    char *code, *said;

    code = ctl_clean(reply->error_code, strlen(reply->error_code));
    said = reply->status == 0 ? ctl_clean(reply->why, strlen(reply->why))
                              : ctl_clean(reply->said, strlen(reply->said));

    printf("  %-10s  ", name);

    if (reply->status != 0) {
        printf("%ld%s%s%s", reply->status, *code != '\0' ? " " : "", code,
            *said != '\0' ? ": " : "");
    }

    (void) puts(said);
    free(code);
    free(said);
}


/*
 * Prints a body, cut to a few lines; the report in JSON has all of it.
 */
static void
print_body(const char *body)
{
    char  *clean;
    size_t len;

    clean = ctl_clean(body, strlen(body));
    len = ctl_cut(clean, TELL_BODY);

    printf(
        "%.*s%s\n", (int) len, clean, clean[len] != '\0' ? "\xe2\x80\xa6" : "");
    free(clean);
}


static void
print_call(check_t *check, const char *body, check_outcome_t outcome,
    const check_reply_t *replies, const usage_compare_t *compare)
{
    size_t i;

    printf("%scall %llu%s %s: ", check->colours ? "\033[1m" : "",
        (unsigned long long) check->done + 1, check->colours ? "\033[0m" : "",
        outcome == CHECK_FAILED ? "failed" : "differs");
    print_body(body);

    if (compare != NULL) {
        print_differences(check, compare);

    } else {
        for (i = 0; i < CHECK_SIDES; i++) {
            print_reply(check_names[i], &replies[i]);
        }

        check->shown++;
    }

    (void) putchar('\n');
    (void) fflush(stdout);
}


/*
 * Makes a JSON string of what may not be UTF-8.
 */
static json_t *
json_text(usage_str_t text)
{
    char   *clean;
    json_t *string;

    string = json_stringn(text.data, text.len);

    if (string == NULL) {
        clean = ctl_clean(text.data, text.len);
        string = json_string(clean);
        free(clean);
    }

    return string;
}


static json_t *
json_reply(const check_reply_t *reply)
{
    if (reply->status == 0) {
        return json_pack("{so}", "failed", json_text(ctl_str(reply->why)));
    }

    return json_pack("{sI so so}", "status", (json_int_t) reply->status,
        "error_code", json_text(ctl_str(reply->error_code)));
}


static void
report_call(check_t *check, const char *body, check_outcome_t outcome,
    const check_reply_t *replies, const usage_compare_t *compare)
{
    size_t                    i, rows;
    json_t                   *call, *list;
    const usage_difference_t *d;

    call = json_pack("{sI so ss}", "call", (json_int_t) check->done + 1, "body",
        json_text(ctl_str(body)), "outcome",
        outcome == CHECK_FAILED ? "failed" : "different");

    if (compare == NULL) {
        json_object_set_new(call, check_names[0], json_reply(&replies[0]));
        json_object_set_new(call, check_names[1], json_reply(&replies[1]));

    } else {
        list = json_array();
        rows = rows_left(check, compare);

        for (i = 0; i < rows; i++) {
            d = &compare->differences[i];
            json_array_append_new(list,
                json_pack("{so so so so so}", "desktop", json_text(d->desktop),
                    "date", json_text(d->time), "what", json_text(d->what),
                    "legacy", json_text(d->legacy), "translated",
                    json_text(d->translated)));
        }

        json_object_set_new(call, "differences_in_all",
            json_integer((json_int_t) compare->total));
        json_object_set_new(call, "differences", list);
        check->shown += rows;
    }

    json_array_append_new(json_object_get(check->report, "calls"), call);
}


void
check_tell(check_t *check, const char *body, check_outcome_t outcome,
    const check_reply_t *replies, const usage_compare_t *compare)
{
    if (outcome != CHECK_DIFFERENT && outcome != CHECK_FAILED) {
        return;
    }

    if (check->shown >= check->show) {
        return;
    }

    if (check->report != NULL) {
        report_call(check, body, outcome, replies, compare);
        return;
    }

    clear_progress(check);
    print_call(check, body, outcome, replies, compare);
}


/*
 * Prints why there may be differences though the translation is right.
 */
static void
print_hints(const check_t *check)
{
    char                date[USAGE_DATE_LEN];
    const check_sums_t *sums;

    sums = &check->sums;

    if (sums->counts[CHECK_DIFFERENT] > 0
        && sums->entries == sums->counts[CHECK_DIFFERENT])
    {
        printf("Only calls with offset or limit differ, and only in which\n"
               "desktops they list: the two may list them in another order.\n");
    }

    if (sums->recent > 0) {
        usage_day_write(
            usage_day_of(check->bodies.now - USAGE_FINAL_AFTER), date);
        printf("%llu of the calls differ in days that aren't final: their "
               "figures still\nchange. The last final day is %.*s (--to, or "
               "end_time of a body).\n",
            (unsigned long long) sums->recent, (int) USAGE_DATE_LEN, date);
    }
}


static void
print_sums(const check_t *check)
{
    char                done[32], values[32];
    const check_sums_t *sums;

    sums = &check->sums;
    ctl_thousands(check->done, done);
    ctl_thousands(sums->values, values);

    printf("%s call%s, %s value%s of use_time compared", done,
        check->done == 1 ? "" : "s", values, sums->values == 1 ? "" : "s");

    if (check->why != NULL) {
        printf(" (of %llu: %s)", (unsigned long long) check->total, check->why);
    }

    printf(".\n%s%llu equal, %llu refused by both alike, %llu different, %llu "
           "failed.%s\n",
        !check->colours ? ""
        : sums->counts[CHECK_DIFFERENT] > 0 || sums->counts[CHECK_FAILED] > 0
            ? "\033[31m"
            : "\033[32m",
        (unsigned long long) sums->counts[CHECK_EQUAL],
        (unsigned long long) sums->counts[CHECK_REFUSED],
        (unsigned long long) sums->counts[CHECK_DIFFERENT],
        (unsigned long long) sums->counts[CHECK_FAILED],
        check->colours ? "\033[0m" : "");

    if (sums->largest > 0) {
        printf("Values are %.4g hours apart at most; %.4g are tolerated.\n",
            sums->largest, check->tolerance);
    }

    if (check->shown < sums->differences) {
        printf("%llu differences in all, %llu of them shown (--show).\n",
            (unsigned long long) sums->differences,
            (unsigned long long) check->shown);
    }

    print_hints(check);
}


static void
report_sums(check_t *check)
{
    const check_sums_t *sums;

    sums = &check->sums;

    json_object_update_new(check->report,
        json_pack("{sI sI sI sI sI sI sI sI sf sf sf sf sf ss*}", "calls_made",
            (json_int_t) check->done, "equal",
            (json_int_t) sums->counts[CHECK_EQUAL], "refused_alike",
            (json_int_t) sums->counts[CHECK_REFUSED], "different",
            (json_int_t) sums->counts[CHECK_DIFFERENT], "not_final",
            (json_int_t) sums->recent, "failed",
            (json_int_t) sums->counts[CHECK_FAILED], "differences",
            (json_int_t) sums->differences, "values", (json_int_t) sums->values,
            "largest", sums->largest, "tolerance", check->tolerance, "seconds",
            ctl_clock() - check->begun, "legacy_seconds",
            check->sides[0].seconds, "translated_seconds",
            check->sides[1].seconds, "ended", check->why));

    ctl_print_json(check->report,
        JSON_INDENT(2) | JSON_REAL_PRECISION(10) | JSON_ENSURE_ASCII);
    check->report = NULL;
}


int
check_finish(check_t *check)
{
    const uint64_t *counts;

    counts = check->sums.counts;
    clear_progress(check);

    if (check->report != NULL) {
        report_sums(check);
    } else {
        print_sums(check);
    }

    if (counts[CHECK_DIFFERENT] > 0) {
        return CTL_DIFFER;
    }

    /* if both refuse all calls, nothing is proven */

    if (counts[CHECK_EQUAL] == 0) {
        ctl_warn("no call was answered by both, so nothing is proven");
        return CTL_FAILED;
    }

    return counts[CHECK_FAILED] > 0 || check->done < check->total ? CTL_FAILED
                                                                  : CTL_OK;
}
