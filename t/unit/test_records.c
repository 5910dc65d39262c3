/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connection records: their pages, their times, whose they are, and the
 * desktops that they lead to.
 */

#include "unit.h"
#include "gather/usage_records.h"


#define DAY   ((int64_t) USAGE_SECONDS_PER_DAY)
#define FIRST 18376 /* 2020-04-24 */
#define START (FIRST * DAY)


typedef struct {
    unit_arena_t      arena;
    usage_user_t      user;
    usage_directory_t directory;
    usage_records_t   records;
    usage_error_t     error;
} records_test_t;


static const char directory_rows[] =
    "{\"desktop_id\":\"a\",\"sid\":\"sa\",\"computer_name\":\"A\","
    "\"os_host_name\":\"A-OS\","
    "\"attach_user_infos\":[{\"user_name\":\"jy01\",\"domain\":\"lab\"}]},"
    "{\"desktop_id\":\"b\",\"sid\":\"sb\",\"computer_name\":\"B\","
    "\"os_host_name\":\"B\","
    "\"attach_user_infos\":[{\"user_name\":\"jy01\",\"domain\":\"corp\"},"
    "{\"user_name\":\"jy01@mail\"}]},"
    "{\"desktop_id\":\"c\",\"sid\":\"sc\",\"computer_name\":\"C\"},"
    "{\"desktop_id\":\"d\",\"sid\":\"sd\",\"computer_name\":\"C\"},"
    "{\"desktop_id\":\"e\",\"sid\":\"se\",\"computer_name\":\"A-OLD\","
    "\"os_host_name\":\"D\"},"
    "{\"desktop_id\":\"f\",\"sid\":\"sf\",\"computer_name\":\"D\"}";


/*
 * Records of a user, or of all where that is empty, of two days, at the time
 * now.
 */
static void
start(records_test_t *t, const char *user, const char *domain, int64_t now)
{
    usage_call_t call;
    unit_text_t  body = { 0 };

    unit_arena_start(&t->arena);
    memset(&t->error, 0, sizeof(t->error));
    t->user.name = unit_str(user);
    t->user.domain = unit_str(domain);

    assert_int_equal(
        usage_directory_init(&t->directory, &t->user, &t->arena.pool),
        USAGE_OK);

    usage_directory_list(&t->directory);
    memset(&call, 0, sizeof(call));
    assert_int_equal(usage_directory_next(&t->directory, &call), USAGE_OK);
    unit_addf(&body, "{\"total_count\":6,\"desktops\":[%s]}", directory_rows);

    if (usage_directory_page(
            &t->directory, &call, unit_text_str(&body), &t->error)
        != USAGE_OK)
    {
        fail_msg("%s", t->error.detail);
    }

    unit_text_free(&body);

    assert_int_equal(
        usage_records_init(&t->records, &t->directory, FIRST, 2, 7 * DAY, now),
        USAGE_OK);
}


static void
finish(records_test_t *t)
{
    unit_arena_free(&t->arena);
}


static usage_call_t
next(records_test_t *t)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    assert_int_equal(usage_records_next(&t->records, &call), USAGE_OK);
    assert_int_equal(call.api, USAGE_CALL_RECORDS);

    return call;
}


static void
no_next(records_test_t *t)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    assert_int_equal(usage_records_next(&t->records, &call), USAGE_AGAIN);
}


static usage_result_t
page(records_test_t *t, const usage_call_t *call, usage_str_t body)
{
    char          *copy;
    usage_result_t rc;

    copy = unit_exact(body);
    body.data = copy;
    rc = usage_records_page(&t->records, call, body, &t->error);
    free(copy);

    return rc;
}


static usage_result_t
rows(
    records_test_t *t, const usage_call_t *call, size_t count, const char *list)
{
    unit_text_t    body = { 0 };
    usage_result_t rc;

    unit_addf(&body, "{\"total_count\":%zu,\"records\":[", count);
    unit_adds(&body, list);
    unit_adds(&body, "]}");
    rc = page(t, call, unit_text_str(&body));
    unit_text_free(&body);

    return rc;
}


static usage_entry_t *
entry(const records_test_t *t, const char *id)
{
    return usage_directory_find(&t->directory, unit_str(id));
}


/* What is asked for. */

/*
 * Records that begin after from and before to, both left out, are all that
 * matter; and no whole minute can be left out.
 */
static void
asks(records_test_t *t, int64_t from, int64_t to)
{
    usage_call_t call;

    call = next(t);
    assert_int_equal(call.from, from);
    assert_int_equal(call.to, to);
    assert_false(call.with_seconds);
}


static void
test_range(void **state)
{
    usage_call_t   call;
    records_test_t t;

    (void) state;

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    assert_int_equal(call.from, START - 7 * DAY - 60);
    assert_int_equal(call.to, START + 2 * DAY);
    assert_int_equal(call.offset, 0);
    assert_int_equal(call.limit, USAGE_RECORD_ROWS);
    assert_int_equal(call.name.len, 0);
    no_next(&t);
    finish(&t);

    /* in the midst of it: not what is in the future */

    start(&t, "jy01", "lab", START + DAY + 77);
    call = next(&t);
    assert_int_equal(call.from, START - 7 * DAY - 60);
    assert_int_equal(call.to, START + DAY + 120);
    assert_true(unit_is(call.name, "jy01"));
    finish(&t);

    /* of all users */

    start(&t, "jy01", "lab", START + DAY + 77);
    usage_records_ask(&t.records, true, false);
    call = next(&t);
    assert_int_equal(call.name.len, 0);
    finish(&t);

    /* at its very start, in a minute's first and last second, and in the last
     * second of all */

    start(&t, "", "", START);
    asks(&t, START - 7 * DAY - 60, START + 60);
    finish(&t);

    start(&t, "", "", START + DAY + 60);
    asks(&t, START - 7 * DAY - 60, START + DAY + 120);
    finish(&t);

    start(&t, "", "", START + DAY + 59);
    asks(&t, START - 7 * DAY - 60, START + DAY + 60);
    finish(&t);

    start(&t, "", "", START + 2 * DAY - 1);
    asks(&t, START - 7 * DAY - 60, START + 2 * DAY);
    finish(&t);

    /* never before 1970 */

    start(&t, "", "", START);
    assert_int_equal(
        usage_records_init(&t.records, &t.directory, 3, 1, 7 * DAY, START),
        USAGE_OK);
    asks(&t, 0, 4 * DAY);

    /* a lookback of no time, and of 61 seconds */

    assert_int_equal(
        usage_records_init(&t.records, &t.directory, FIRST, 1, 0, START),
        USAGE_OK);
    asks(&t, START - 60, START + 60);

    assert_int_equal(
        usage_records_init(&t.records, &t.directory, FIRST, 1, 61, START),
        USAGE_OK);
    asks(&t, START - 120, START + 60);
    finish(&t);
}


/* Pages. */

static void
add_rows(unit_text_t *text, size_t from, size_t to)
{
    size_t i;

    unit_text_clear(text);

    for (i = from; i < to; i++) {
        unit_addf(text,
            "%s{\"user_name\":\"jy01\",\"sid\":\"sa\",\"transaction_id\":"
            "\"t%zu\",\"connection_start_time\":\"2020-04-24T00:00:00Z\","
            "\"connection_setup_time\":\"2020-04-24T%02zu:%02zu:%02zuZ\"}",
            i > from ? "," : "", i, i / 3600, i / 60 % 60, i % 60);
    }
}


static void
takes(records_test_t *t, const usage_call_t *call, size_t count, size_t from,
    size_t to)
{
    unit_text_t list = { 0 };

    add_rows(&list, from, to);

    if (rows(t, call, count, list.data) != USAGE_OK) {
        fail_msg("%s", t->error.detail);
    }

    unit_text_free(&list);
}


static void
test_pages(void **state)
{
    usage_call_t   calls[3];
    records_test_t t;

    (void) state;

    start(&t, "", "", START + 30 * DAY);
    calls[0] = next(&t);
    no_next(&t);
    takes(&t, &calls[0], 2100, 0, 1000);
    calls[1] = next(&t);
    calls[2] = next(&t);
    no_next(&t);
    assert_int_equal(calls[1].offset, 1000);
    assert_int_equal(calls[2].offset, 2000);
    takes(&t, &calls[2], 2100, 2000, 2100);
    takes(&t, &calls[1], 2100, 1000, 2000);
    no_next(&t);
    assert_int_equal(t.records.count, 2100);
    finish(&t);

    /* none */

    start(&t, "", "", START + 30 * DAY);
    calls[0] = next(&t);
    takes(&t, &calls[0], 0, 0, 0);
    no_next(&t);
    assert_int_equal(t.records.count, 0);
    finish(&t);
}


/*
 * An older release that sends 100, whatever it is asked for.
 */
static void
test_clamp(void **state)
{
    size_t         i, n;
    usage_call_t   call;
    records_test_t t;

    (void) state;

    for (n = 101; n <= 350; n += 83) {
        start(&t, "", "", START + 30 * DAY);
        call = next(&t);
        takes(&t, &call, n, 0, 100);

        for (i = 100; i < n; i += 100) {
            call = next(&t);
            assert_int_equal(call.attempt, 0);
            assert_int_equal(call.offset, i);
            assert_int_equal(call.limit, USAGE_RECORD_ROWS_OLD);
            takes(&t, &call, n, i, i + 100 < n ? i + 100 : n);
        }

        no_next(&t);
        assert_int_equal(t.records.count, n);
        finish(&t);
    }

    /* 100 of 100 are all there are; 99 of 200 don't agree */

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    takes(&t, &call, 100, 0, 100);
    no_next(&t);
    assert_int_equal(t.records.count, 100);
    finish(&t);

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    takes(&t, &call, 200, 0, 99);
    call = next(&t);
    assert_int_equal(call.attempt, 1);
    assert_int_equal(call.offset, 0);
    assert_int_equal(call.limit, USAGE_RECORD_ROWS);
    finish(&t);

    /* then a page that doesn't agree: anew, with short pages */

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    takes(&t, &call, 250, 0, 100);
    call = next(&t);
    takes(&t, &call, 251, 100, 200);
    assert_int_equal(t.records.count, 0);
    call = next(&t);
    assert_int_equal(call.attempt, 1);
    assert_int_equal(call.offset, 0);
    assert_int_equal(call.limit, USAGE_RECORD_ROWS_OLD);
    takes(&t, &call, 150, 0, 100);
    call = next(&t);
    takes(&t, &call, 150, 100, 150);
    no_next(&t);
    assert_int_equal(t.records.count, 150);
    finish(&t);
}


/*
 * One that refuses longer pages, or times in one of their forms.
 */
static usage_call_t
refused(records_test_t *t, const usage_call_t *call)
{
    assert_true(usage_records_reword(&t->records, call));

    return next(t);
}


static void
test_reword(void **state)
{
    size_t         i;
    usage_call_t   call;
    records_test_t t;

    (void) state;

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    call = refused(&t, &call);
    assert_int_equal(call.limit, USAGE_RECORD_ROWS_OLD);
    assert_int_equal(call.offset, 0);
    assert_false(call.with_seconds);
    takes(&t, &call, 150, 0, 100);

    /* now it isn't that */

    assert_false(usage_records_reword(&t.records, &call));
    call = next(&t);
    assert_false(usage_records_reword(&t.records, &call));
    takes(&t, &call, 150, 100, 150);
    no_next(&t);
    assert_int_equal(t.records.count, 150);
    finish(&t);

    /* times, in the one form first or in the other */

    for (i = 0; i < 2; i++) {
        start(&t, "", "", START + 30 * DAY);
        usage_records_ask(&t.records, false, i == 1);
        call = next(&t);
        assert_int_equal(call.with_seconds, i == 1);
        call = refused(&t, &call);
        assert_int_equal(call.with_seconds, i == 1);
        call = refused(&t, &call);
        assert_int_equal(call.with_seconds, i == 0);
        assert_int_equal(call.limit, USAGE_RECORD_ROWS);
        assert_int_equal(call.from, START - 7 * DAY - 60);
        assert_int_equal(call.to, START + 2 * DAY);

        /* both at once */

        call = refused(&t, &call);
        assert_int_equal(call.with_seconds, i == 0);
        assert_int_equal(call.limit, USAGE_RECORD_ROWS_OLD);
        assert_false(usage_records_reword(&t.records, &call));
        finish(&t);
    }

    /* behind the first page it is no matter of form */

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    takes(&t, &call, 1100, 0, 1000);
    call = next(&t);
    assert_false(usage_records_reword(&t.records, &call));
    finish(&t);
}


/*
 * Whether the filter by name may have left out some.
 */
static void
incomplete(const char *user, const char *list, bool is)
{
    usage_call_t   call;
    records_test_t t;

    start(&t, user, "", START + 30 * DAY);
    call = next(&t);
    assert_int_equal(rows(&t, &call, 1, list), USAGE_OK);

    if (usage_records_incomplete(&t.records) != is) {
        fail_msg("%s: incomplete: %d", list, !is);
    }

    usage_records_ask(&t.records, true, false);
    assert_false(usage_records_incomplete(&t.records));
    finish(&t);
}


static void
test_incomplete(void **state)
{
    (void) state;

    incomplete("jy01", "{\"user_name\":\"jy01\"}", true);
    incomplete("jy01", "{\"user_name\":\"JY01\"}", true);
    incomplete("jy01", "{\"user_name\":\"jy01@\"}", false);
    incomplete("jy01", "{\"user_name\":\"jy01@lab\"}", false);
    incomplete("jy01", "{\"user_name\":\"jy012@lab\"}", true);
    incomplete("jy01", "{\"user_name\":\"xjy01@lab\"}", true);
    incomplete("jy01", "{\"user_name\":null}", true);
    incomplete("jy01", "{\"user_name\":\"jy01@\",\"x\":1}", false);
    incomplete("", "{\"user_name\":\"jy01\"}", false);
}


static void
test_restart(void **state)
{
    size_t         i;
    usage_call_t   call, second;
    records_test_t t;

    (void) state;

    start(&t, "", "", START + 30 * DAY);

    for (i = 0; i < USAGE_REFETCH_MAX; i++) {
        call = next(&t);
        assert_int_equal(call.attempt, i);
        takes(&t, &call, 1500, 0, 1000);
        assert_int_equal(t.records.count, 1000);
        second = next(&t);
        takes(&t, &second, 1500, 999, 1499); /* one that was there */
        assert_int_equal(t.records.count, 0);
    }

    call = next(&t);
    takes(&t, &call, 1500, 0, 1000);
    call = next(&t);
    takes(&t, &call, 1500, 1000, 1500);
    assert_int_equal(t.records.count, 1500);

    /* late, and of a former attempt */

    takes(&t, &second, 7, 0, 3);
    assert_int_equal(t.records.count, 1500);
    no_next(&t);
    finish(&t);

    start(&t, "", "", START + 30 * DAY);

    for (i = 0; i <= USAGE_REFETCH_MAX; i++) {
        call = next(&t);
        assert_int_equal(rows(&t, &call, 1, ""),
            i < USAGE_REFETCH_MAX ? USAGE_OK : USAGE_ERROR);
    }

    assert_int_equal(t.error.status, 502);
    assert_non_null(strstr(t.error.detail, "connection records"));
    finish(&t);
}


#define ID(id)      "\"transaction_id\":\"" id "\","
#define BEGAN(time) "\"connection_start_time\":\"" time "\","
#define SETUP(time) "\"connection_setup_time\":\"" time "\""
#define AT(time)    "2020-04-24T" time "Z"
#define WHO(user, computer)                                                    \
    "\"user_name\":\"" user "\",\"computer_name\":\"" computer                 \
    "\"," SETUP(AT("01:00:00"))


/*
 * A record that comes twice.  Those of one transaction are two if their user,
 * desktop or times differ: as of a reconnect.
 */
static void
test_twice(void **state)
{
    size_t         i;
    usage_call_t   call;
    records_test_t t;

    static const struct {
        const char *rows;
        bool        twice;
    } cases[] = {
        { "{" ID("t") SETUP(AT("01:00:00")) "},{" ID("t")
                SETUP(AT("01:00:00")) "}",
            true },
        { "{" ID("t") SETUP(AT("01:00:00")) "},{" ID("t")
                SETUP(AT("01:00:01")) "}",
            false },
        { "{" ID("t") BEGAN(AT("01:00:00")) SETUP(AT("01:00:02")) "},{" ID("t")
                BEGAN(AT("01:00:01")) SETUP(AT("01:00:02")) "}",
            false },
        { "{" ID("t") SETUP(AT("01:00:00")) "},{" ID("u")
                SETUP(AT("01:00:00")) "}",
            false },
        { "{" SETUP(AT("01:00:00")) "},{" SETUP(AT("01:00:00")) "}", false },
        { "{" ID("t") WHO("a", "A") "},{" ID("t") WHO("a", "A") "}", true },
        { "{" ID("t") WHO("a", "A") "},{" ID("t") WHO("b", "A") "}", false },
        { "{" ID("t") WHO("a", "A") "},{" ID("t") WHO("a", "B") "}", false },
        { "{" ID("t") "\"sid\":\"sa\"," WHO("a", "A") "},{" ID(
              "t") "\"sid\":\"sb\"," WHO("a", "A") "}",
            false },
        { "{" ID("") SETUP(AT("01:00:00")) "},{" ID("")
                SETUP(AT("01:00:00")) "}",
            false },

        /* of no interest, but twice all the same */

        { "{" ID("t") BEGAN(
              AT("01:00:00")) "\"connection_setup_time\":null},{" ID("t")
                BEGAN(AT("01:00:00")) "\"x\":1}",
            true },
    };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        start(&t, "", "", START + 30 * DAY);
        call = next(&t);
        assert_int_equal(rows(&t, &call, 2, cases[i].rows), USAGE_OK);

        if (cases[i].twice) {
            assert_int_equal(t.records.count, 0);
            call = next(&t);
            assert_int_equal(call.attempt, 1);

            /* now it is there once */

            assert_int_equal(
                rows(&t, &call, 1, "{" ID("t") SETUP(AT("01:00:00")) "}"),
                USAGE_OK);
            assert_int_equal(t.records.count, 1);

        } else {
            assert_int_equal(t.records.count, 2);
        }

        no_next(&t);
        finish(&t);
    }
}


static void
test_nonsense(void **state)
{
    size_t         i;
    usage_call_t   call;
    records_test_t t;

    static const usage_str_t bodies[] = {
        usage_string(""),
        usage_string("x"),
        usage_string("null"),
        usage_string("[]"),
        usage_string("{}"),
        usage_string("{\"total_count\":0"),
        usage_string("{\"records\":[]}"),
        usage_string("{\"total_count\":\"0\",\"records\":[]}"),
        usage_string("{\"total_count\":0.0,\"records\":[]}"),
        usage_string("{\"total_count\":-1,\"records\":[]}"),
        usage_string("{\"total_count\":1,\"records\":null}"),
        usage_string("{\"total_count\":1}"),
        usage_string("{\"total_count\":0,\"records\":{}}"),
        usage_string("{\"total_count\":1,\"records\":[null]}"),
        usage_string("{\"total_count\":1,\"records\":[1]}"),
        usage_string("{\"total_count\":1,\"records\":[\"\"]}"),
        usage_string("{\"total_count\":1,\"records\":[[]]}"),
        usage_string("{\"total_count\":0}\0"),
        { NULL, 0 },
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        start(&t, "", "", START + 30 * DAY);
        call = next(&t);

        if (page(&t, &call, bodies[i]) != USAGE_ERROR) {
            fail_msg("taken: %s", bodies[i].data);
        }

        assert_int_equal(t.error.status, 502);
        assert_true(t.error.detail[0] != '\0');
        finish(&t);
    }
}


/* Times. */

/*
 * A record of those members: in use from from to to, in seconds since the
 * range's start; from < 0: not in use in it.
 */
static void
session(int64_t now, const char *members, int64_t from, int64_t to)
{
    unit_text_t           list = { 0 };
    usage_call_t          call;
    records_test_t        t;
    const usage_record_t *record;

    start(&t, "", "", START + now);
    call = next(&t);
    unit_addf(&list, "{\"sid\":\"sa\"%s}", members);

    if (rows(&t, &call, 1, list.data) != USAGE_OK) {
        fail_msg("%s: %s", members, t.error.detail);
    }

    if (t.records.count != (from >= 0)) {
        fail_msg("%s: in use: %d", members, from < 0);
    }

    if (from >= 0) {
        record = &t.records.list[0];

        if (record->session.from != START + from
            || record->session.to != START + to) {
            fail_msg("%s: from %" PRId64 " to %" PRId64, members,
                record->session.from - START, record->session.to - START);
        }
    }

    unit_text_free(&list);
    finish(&t);
}


static void
wrong(const char *members)
{
    unit_text_t    list = { 0 };
    usage_call_t   call;
    records_test_t t;

    start(&t, "", "", START + 30 * DAY);
    call = next(&t);
    unit_addf(&list, "{\"sid\":\"sa\"%s}", members);

    if (rows(&t, &call, 1, list.data) != USAGE_ERROR) {
        fail_msg("taken: %s", members);
    }

    assert_int_equal(t.error.status, 502);
    assert_non_null(strstr(t.error.detail, "connection_"));
    unit_text_free(&list);
    finish(&t);
}


#define FROM(json) ",\"connection_setup_time\":" json
#define TO(json)   ",\"connection_end_time\":" json
#define OVER       (30 * DAY)
#define NEVER      -1, -1


static void
test_times(void **state)
{
    (void) state;

    session(OVER,
        FROM("\"2020-04-24T03:02:49Z\"") TO("\"2020-04-24T03:36:43Z\""),
        3 * 3600 + 169, 3 * 3600 + 36 * 60 + 43);
    session(OVER,
        FROM("\"2020-04-24T03:02:49.999Z\"") TO("\"2020-04-24T03:36:43.001Z\""),
        3 * 3600 + 169, 3 * 3600 + 36 * 60 + 43);

    /* the start is no matter */

    session(OVER,
        ",\"connection_start_time\":\"2020-04-24T00:00:00Z\"" FROM(
            "\"2020-04-24T01:00:00Z\"") TO("\"2020-04-24T02:00:00Z\""),
        3600, 7200);
    session(OVER,
        ",\"connection_start_time\":\"soon\"" FROM("\"2020-04-24T01:00:00Z\"")
            TO("\"2020-04-24T02:00:00Z\""),
        3600, 7200);

    /* never connected */

    session(OVER, TO("\"2020-04-24T03:36:43Z\""), NEVER);
    session(OVER, FROM("null") TO("\"2020-04-24T03:36:43Z\""), NEVER);
    session(OVER, FROM("\"\"") TO("\"2020-04-24T03:36:43Z\""), NEVER);
    session(OVER, FROM("null") TO("null"), NEVER);
    session(OVER, "", NEVER);

    session(OVER, FROM("\"0001-01-01T00:00:00Z\""), NEVER);
    session(OVER,
        FROM("\"0001-01-01 00:00:00\"") TO("\"2020-04-24T03:36:43Z\""), NEVER);

    /* as the vendor's other APIs write it */

    session(OVER,
        FROM("\"2020-04-24 03:02:49\"") TO("\"2020-04-24 03:36:43Z\""),
        3 * 3600 + 169, 3 * 3600 + 36 * 60 + 43);
    session(OVER,
        FROM("\"2020-04-24T03:02:49\"") TO("\"2020-04-24 03:36:43.000000001\""),
        3 * 3600 + 169, 3 * 3600 + 36 * 60 + 43);

    /* no time at all */

    session(OVER,
        FROM("\"2020-04-24T03:36:43Z\"") TO("\"2020-04-24T03:36:43Z\""), NEVER);

    /* still open: until now, or the range's end */

    session(5000, FROM("\"2020-04-24T01:00:00Z\""), 3600, 5000);
    session(5000, FROM("\"2020-04-24T01:00:00Z\"") TO("null"), 3600, 5000);
    session(5000, FROM("\"2020-04-24T01:00:00Z\"") TO("\"\""), 3600, 5000);
    session(5000,
        FROM("\"2020-04-24T01:00:00Z\"") TO("\"0001-01-01T00:00:00Z\""), 3600,
        5000);
    session(5000,
        FROM("\"2020-04-24T01:00:00Z\"") TO("\"0001-01-01 00:00:00\""), 3600,
        5000);
    session(OVER, FROM("\"2020-04-24T01:00:00Z\""), 3600, 2 * DAY);
    session(OVER, FROM("\"2020-04-20T01:00:00Z\""), 0, 2 * DAY);
    session(3600, FROM("\"2020-04-24T01:00:00Z\""), NEVER);
    session(3000, FROM("\"2020-04-24T01:00:00Z\""), NEVER);
    session(OVER, FROM("\"2020-04-26T00:00:00Z\""), NEVER);

    /* cut to the range */

    session(OVER,
        FROM("\"2020-04-23T23:00:00Z\"") TO("\"2020-04-24T00:10:00Z\""), 0,
        600);
    session(OVER,
        FROM("\"2020-04-25T23:50:00Z\"") TO("\"2020-04-26T00:10:00Z\""),
        2 * DAY - 600, 2 * DAY);
    session(OVER,
        FROM("\"2020-04-20T00:00:00Z\"") TO("\"2020-04-29T00:00:00Z\""), 0,
        2 * DAY);
    session(OVER,
        FROM("\"2020-04-20T00:00:00Z\"") TO("\"2020-04-24T00:00:00Z\""), NEVER);
    session(OVER,
        FROM("\"2020-04-26T00:00:00Z\"") TO("\"2020-04-27T00:00:00Z\""), NEVER);

    /* an end in the future: until now */

    session(5000,
        FROM("\"2020-04-24T01:00:00Z\"") TO("\"2020-04-24T04:00:00Z\""), 3600,
        5000);
}


static void
test_wrong_times(void **state)
{
    (void) state;

    wrong(FROM("\"2020-04-24\""));
    wrong(FROM("\"2020-04-24T\""));
    wrong(FROM("\"2020-04-24 03:02\""));
    wrong(FROM("\"2020-04-24  03:02:49\""));
    wrong(FROM("\"2020-04-24_03:02:49\""));
    wrong(FROM("\"2020-04-24 03:02:49 \""));
    wrong(FROM("\"2020-04-24T03:02:49.0000000001Z\""));
    wrong(FROM("\"0001-13-01T00:00:00Z\""));
    wrong(FROM("\"0001-01-01\""));
    wrong(FROM("\"2020-04-24T03:02:49+08:00\""));
    wrong(FROM("\"2020-04-31T03:02:49Z\""));
    wrong(FROM("\"2020-04-24T24:02:49Z\""));
    wrong(FROM("\"x\""));
    wrong(FROM("\" \""));
    wrong(FROM("1587697369"));
    wrong(FROM("true"));
    wrong(FROM("{}"));
    wrong(FROM("[]"));
    wrong(TO("\"x\""));
    wrong(TO("0"));
    wrong(FROM("null") TO("\"x\""));
    wrong(FROM("\"2020-04-24T01:00:00Z\"") TO("\"x\""));

    /* an end before the setup */

    wrong(FROM("\"2020-04-24T01:00:00Z\"") TO("\"2020-04-24T00:59:59Z\""));
    wrong(FROM("\"2020-05-24T01:00:00Z\"") TO("\"2020-04-24T00:59:59Z\""));
}


/* Users. */

enum { OTHERS, WHOLE, BARE };


static void
user(const char *name, const char *domain, const char *members, int is)
{
    int            found;
    unit_text_t    list = { 0 };
    usage_call_t   call;
    records_test_t t;

    start(&t, name, domain, START + 30 * DAY);
    call = next(&t);
    assert_true(unit_is(call.name, name));
    unit_addf(&list, "{" SETUP(AT("01:00:00")) ",\"sid\":\"sa\"%s}", members);

    if (rows(&t, &call, 1, list.data) != USAGE_OK) {
        fail_msg("%s: %s", members, t.error.detail);
    }

    found = t.records.count == 0          ? OTHERS
            : t.records.list[0].no_domain ? BARE
                                          : WHOLE;

    if (found != is) {
        fail_msg("%s@%s, record of %s: %d", name, domain, members, found);
    }

    unit_text_free(&list);
    finish(&t);
}


#define OF(name) ",\"user_name\":\"" name "\""


static void
test_users(void **state)
{
    (void) state;

    user("jy01", "", OF("jy01"), BARE);
    user("jy01", "", OF("jy01@lab"), WHOLE);
    user("jy01", "lab", OF("jy01@lab"), WHOLE);
    user("jy01", "lab", OF("jy01"), BARE);
    user("jy01", "lab", OF("jy01@corp"), OTHERS);
    user("jy01", "", OF("jy011"), OTHERS);
    user("jy01", "", OF("ajy01"), OTHERS);
    user("jy01", "", OF("JY01"), OTHERS);
    user("jy01", "", OF(""), OTHERS);
    user("jy01", "", ",\"user_name\":null", OTHERS);
    user("jy01", "", "", OTHERS);

    /* there is one who is called like that, "@" and all */

    user("jy01", "", OF("jy01@mail"), OTHERS);
    user("jy01", "mail", OF("jy01@mail"), OTHERS);
    user("jy01@mail", "", OF("jy01@mail"), BARE);
    user("jy01@mail", "", OF("jy01@mail@lab"), WHOLE);

    /* nobody is named: everybody's, whatever they are called */

    user("", "", OF("jy01"), WHOLE);
    user("", "", OF(""), WHOLE);
    user("", "", "", WHOLE);
}


/* Desktops. */

#define USED(sid, computer)                                                    \
    "{" SETUP(AT("01:00:00")) TO("\"2020-04-24T02:00:00Z\"") OF("jy01")        \
        sid computer "}"
#define SID(sid)   ",\"sid\":\"" sid "\""
#define NAME(name) ",\"computer_name\":\"" name "\""


/*
 * Records of one list.
 */
static void
recorded(records_test_t *t, const char *name, const char *domain, size_t count,
    const char *list)
{
    usage_call_t call;

    start(t, name, domain, START + 30 * DAY);
    call = next(t);

    if (rows(t, &call, count, list) != USAGE_OK) {
        fail_msg("%s: %s", list, t->error.detail);
    }

    assert_int_equal(t->records.count, count);
}


static void
leads(const char *list, const char *id, const char *stray)
{
    records_test_t t;

    recorded(&t, "", "", 1, list);

    if (usage_records_match(&t.records, &t.directory, true, &t.error)
        != USAGE_OK) {
        fail_msg("%s: %s", list, t.error.detail);
    }

    if (id != NULL) {
        assert_null(t.records.unmatched);
        assert_int_equal(entry(&t, id)->sessions.count, 1);
        assert_int_equal(entry(&t, id)->sessions.list[0].from, START + 3600);
        assert_int_equal(entry(&t, id)->sessions.list[0].to, START + 7200);

    } else {
        assert_non_null(t.records.unmatched);
        assert_null(t.records.unmatched->next);
        assert_int_equal(t.records.unmatched->sessions.count, 1);
        assert_int_equal(t.records.unmatched->id.len, 0);
        assert_true(unit_is(t.records.unmatched->name, stray));
    }

    finish(&t);
}


static void
test_leads(void **state)
{
    (void) state;

    leads(USED(SID("sa"), NAME("A")), "a", NULL);
    leads(USED(SID("sa"), ""), "a", NULL);
    leads(USED("", NAME("A")), "a", NULL);
    leads(USED(SID(""), NAME("B")), "b", NULL);
    leads(USED(",\"sid\":null", NAME("B")), "b", NULL);
    leads(USED(SID("sb"), NAME("A")), "b", NULL);
    leads(USED(SID("sx"), NAME("A")), "a", NULL);
    leads(USED(SID("sc"), NAME("C")), "c", NULL);

    /* the name that the desktop's own system shows */

    leads(USED("", NAME("A-OS")), "a", NULL);
    leads(USED(SID("sx"), NAME("A-OS")), "a", NULL);
    leads(USED(SID("sb"), NAME("A-OS")), "b", NULL);
    leads(USED("", NAME("A-OLD")), "e", NULL);
    leads(USED(SID("se"), NAME("D")), "e", NULL);

    leads(USED(SID("sx"), NAME("X")), NULL, "X");
    leads(USED("", NAME("X")), NULL, "X");
    leads(USED(SID("sx"), ""), NULL, "sx");
    leads(USED("", ""), NULL, "");
    leads(USED(SID("A"), ""), NULL, "A");
}


static void
test_ambiguous(void **state)
{
    size_t         i;
    records_test_t t;

    /* two of one name; D is the one's name, and the other's own name for itself
     */

    static const char *const lists[][2] = {
        { USED("", NAME("C")), "computer_name \"C\"" },
        { USED(SID("sx"), NAME("C")), "computer_name \"C\"" },
        { USED("", NAME("D")), "computer_name \"D\"" },
    };

    (void) state;

    for (i = 0; i < unit_count(lists); i++) {
        recorded(&t, "", "", 1, lists[i][0]);
        assert_int_equal(
            usage_records_match(&t.records, &t.directory, i == 0, &t.error),
            USAGE_ERROR);
        assert_int_equal(t.error.status, 502);
        assert_non_null(strstr(t.error.detail, lists[i][1]));
        finish(&t);
    }
}


/*
 * Strays are one for each name; where they are not wanted, their records are
 * left out.
 */
static void
test_unmatched(void **state)
{
    size_t         count;
    usage_entry_t *stray;
    records_test_t t;

    static const char list[] = USED(SID("sx"), NAME("X")) "," USED(SID("sx"),
        NAME("X2")) "," USED("", NAME("Y")) "," USED("", NAME("Y")) "," USED("",
        "") "," USED("", "") "," USED(SID("sa"), NAME("A"));

    (void) state;

    recorded(&t, "", "", 7, list);
    assert_int_equal(
        usage_records_match(&t.records, &t.directory, true, &t.error),
        USAGE_OK);

    for (stray = t.records.unmatched, count = 0; stray; stray = stray->next) {
        assert_int_equal(stray->sessions.count,
            unit_is(stray->name, "X") || unit_is(stray->name, "Y") ? 2 : 1);
        count++;
    }

    assert_int_equal(count, 4);
    assert_int_equal(entry(&t, "a")->sessions.count, 1);
    finish(&t);

    recorded(&t, "", "", 7, list);
    assert_int_equal(
        usage_records_match(&t.records, &t.directory, false, &t.error),
        USAGE_OK);
    assert_null(t.records.unmatched);
    assert_int_equal(entry(&t, "a")->sessions.count, 1);
    finish(&t);
}


/*
 * Records without a domain are not the user's on the desktop of a namesake.
 */
static void
test_namesakes(void **state)
{
    records_test_t t;

    static const char list[] = USED(SID("sa"), "") "," USED(
        SID("sb"), "") "," USED(SID("sc"), "") ",{" SETUP(AT("05:00:00"))
        SID("sb") OF("jy01@lab") "}";

    (void) state;

    recorded(&t, "jy01", "lab", 4, list);
    assert_true(entry(&t, "b")->namesake);
    assert_int_equal(
        usage_records_match(&t.records, &t.directory, true, &t.error),
        USAGE_OK);
    assert_int_equal(entry(&t, "a")->sessions.count, 1);
    assert_int_equal(entry(&t, "b")->sessions.count, 1);
    assert_int_equal(entry(&t, "b")->sessions.list[0].from, START + 5 * 3600);
    assert_int_equal(entry(&t, "c")->sessions.count, 1);
    finish(&t);

    /* any domain */

    recorded(&t, "jy01", "", 4, list);
    assert_int_equal(
        usage_records_match(&t.records, &t.directory, true, &t.error),
        USAGE_OK);
    assert_int_equal(entry(&t, "b")->sessions.count, 2);
    finish(&t);
}


static void
doubtful(const char *list, bool is)
{
    records_test_t t;

    recorded(&t, "", "", 1, list);
    t.directory.full = false;

    if (usage_records_doubtful(&t.records, &t.directory, INT64_MAX) != is) {
        fail_msg("%s: doubtful: %d", list, !is);
    }

    finish(&t);
}


static void
test_doubtful(void **state)
{
    (void) state;

    doubtful(USED(SID("sa"), NAME("A")), false);
    doubtful(USED("", NAME("A")), true);
    doubtful(USED(SID("sx"), NAME("A")), true);
    doubtful(USED(SID("sx"), NAME("X")), false);
    doubtful(USED("", NAME("X")), false);
    doubtful(USED("", ""), false);
}


static void
test_out_of_memory(void **state)
{
    bool           led;
    size_t         left, i;
    unit_text_t    list = { 0 };
    usage_call_t   call;
    usage_result_t rc;
    records_test_t t;

    (void) state;

    for (i = 0; i < 700; i++) {
        unit_addf(&list,
            "%s{\"sid\":\"%s%zu\",\"transaction_id\":\"%zu\",\"computer_name\":"
            "\"n%zu\"," SETUP(AT("01:00:00")) "}",
            i > 0 ? "," : "", i % 3 == 0 ? "sa\",\"x\":\"" : "s", i / 2, i,
            i / 4);
    }

    for (left = 0, led = false; !led; left++) {
        start(&t, "", "", START + 30 * DAY);
        t.arena.left = left;

        rc = usage_records_init(
            &t.records, &t.directory, FIRST, 2, 0, START + 30 * DAY);

        if (rc == USAGE_OK) {
            call = next(&t);
            rc = rows(&t, &call, 700, list.data);
            assert_true(rc == USAGE_OK || t.error.status == 500);
        }

        if (rc == USAGE_OK) {
            assert_int_equal(t.records.count, 700);
            rc = usage_records_match(&t.records, &t.directory, true, &t.error);
            assert_true(rc == USAGE_OK || t.error.status == 500);
            led = rc == USAGE_OK;
        }

        if (led) {
            assert_int_equal(entry(&t, "a")->sessions.count, 234);
        }

        finish(&t);
    }

    assert_true(left > 700);
    unit_text_free(&list);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_clamp),
        cmocka_unit_test(test_reword),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_wrong_times),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_leads),
        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_unmatched),
        cmocka_unit_test(test_namesakes),
        cmocka_unit_test(test_doubtful),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
