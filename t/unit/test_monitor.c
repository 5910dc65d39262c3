/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Desktop monitoring: the windows that are asked for, and the periods in its
 * replies.
 */

#include "unit.h"
#include "gather/usage_monitor.h"


#define DAY   ((int64_t) USAGE_SECONDS_PER_DAY)
#define HOUR  ((int64_t) USAGE_SECONDS_PER_HOUR)
#define FIRST 18376 /* 2020-04-24 */
#define START (FIRST * DAY)


typedef struct {
    unit_arena_t    arena;
    usage_table_t   table;
    usage_monitor_t monitor;
    usage_error_t   error;
    double          bins[USAGE_DAYS_MAX * USAGE_HOURS_PER_DAY];
} monitor_test_t;


static void
start(monitor_test_t *t, size_t days, int64_t now)
{
    memset(&t->error, 0, sizeof(t->error));
    unit_arena_start(&t->arena);
    assert_int_equal(usage_table_init(&t->table, &t->arena.pool, 0), USAGE_OK);
    usage_monitor_start(&t->monitor,
        usage_table_add(&t->table, unit_str("d-1"), NULL), FIRST, days, now,
        &t->arena.pool);
}


static void
finish(monitor_test_t *t)
{
    unit_arena_free(&t->arena);
}


static usage_result_t
body(monitor_test_t *t, const char *text)
{
    char          *copy;
    usage_str_t    given;
    usage_call_t   call;
    usage_result_t rc;

    memset(&call, 0, sizeof(call));
    call.monitor = &t->monitor;
    given = unit_str(text);
    copy = unit_exact(given);
    given.data = copy;
    rc = usage_monitor_body(&call, given, &t->error);
    free(copy);

    return rc;
}


/*
 * A window is of an hour to 30 days; together they reach from 23 hours before
 * the days, or earlier, to their end or to now, without a gap.
 */
static void
test_windows(void **state)
{
    size_t         days, calls;
    int64_t        from, now, end;
    usage_call_t   call;
    monitor_test_t t;

    (void) state;

    for (days = 1; days <= USAGE_DAYS_MAX; days++) {
        end = START + (int64_t) days * DAY;

        for (now = end - DAY; now <= end + 2 * DAY; now += 7 * HOUR) {
            start(&t, days, now);
            calls = usage_monitor_ahead(&t.monitor);
            from = 0;
            assert_true(calls <= usage_monitor_calls(days));

            for (; calls > 0; calls--) {
                memset(&call, 0, sizeof(call));
                assert_int_equal(usage_monitor_ahead(&t.monitor), calls);
                assert_int_equal(
                    usage_monitor_next(&t.monitor, &call), USAGE_OK);
                assert_int_equal(call.api, USAGE_CALL_MONITOR);
                assert_true(unit_is(call.id, "d-1"));
                assert_true(call.monitor == &t.monitor);
                assert_in_range(call.to - call.from, HOUR, 30 * DAY);
                assert_true(from == 0 ? call.from <= START - 23 * HOUR
                                      : call.from == from);
                from = call.to;
            }

            assert_true(from == (now < end ? now : end));
            assert_int_equal(
                usage_monitor_next(&t.monitor, &call), USAGE_AGAIN);
            finish(&t);
        }
    }

    assert_int_equal(usage_monitor_calls(1), 1);
    assert_int_equal(usage_monitor_calls(29), 1);
    assert_int_equal(usage_monitor_calls(30), 2);
    assert_int_equal(usage_monitor_calls(31), 2);
}


/*
 * What isn't kept any more isn't asked for, but the days are.
 */
static void
test_kept(void **state)
{
    usage_call_t   call;
    monitor_test_t t;

    (void) state;

    start(&t, 31, START + 180 * DAY);
    assert_int_equal(usage_monitor_next(&t.monitor, &call), USAGE_OK);
    assert_true(call.from == START);
    finish(&t);

    start(&t, 31, START + 300 * DAY);
    assert_int_equal(usage_monitor_next(&t.monitor, &call), USAGE_OK);
    assert_true(call.from == START);
    finish(&t);

    start(&t, 31, START + 179 * DAY);
    assert_int_equal(usage_monitor_next(&t.monitor, &call), USAGE_OK);
    assert_true(call.from == START - DAY);
    finish(&t);
}


static void
test_periods(void **state)
{
    monitor_test_t t;

    (void) state;

    /* over midnight; overlapping ones, once; before and behind the days */

    start(&t, 2, START + 9 * DAY);
    assert_int_equal(
        body(&t,
            "{\"user_online_info\":["
            "{\"connection_setup_time\":\"2020-04-24T23:00:00Z\","
            "\"connection_end_time\":\"2020-04-25T00:00:10Z\"},"
            "{\"connection_setup_time\":\"2020-04-24T22:00:00Z\","
            "\"connection_end_time\":\"2020-04-24T23:30:00Z\",\"more\":[]},"
            "{\"connection_setup_time\":\"2020-04-23T22:00:00Z\","
            "\"connection_end_time\":\"2020-04-24T00:00:01Z\"},"
            "{\"connection_setup_time\":\"2020-04-25T23:59:58Z\","
            "\"connection_end_time\":\"2020-04-27T00:00:01Z\"},"
            "{\"connection_end_time\":\"2020-04-25T12:00:00Z\"}],"
            "\"online_status\":0}"),
        USAGE_OK);

    assert_true(usage_monitor_count(&t.monitor, DAY, 2, t.bins)
                == 2 * 3600 + 1 + 10 + 2);
    assert_true(t.bins[0] == 2 * 3600 + 1 && t.bins[1] == 12);

    assert_true(usage_monitor_count(&t.monitor, HOUR, 48, t.bins)
                == 2 * 3600 + 1 + 10 + 2);
    assert_true(t.bins[0] == 1 && t.bins[21] == 0 && t.bins[22] == 3600
                && t.bins[23] == 3600 && t.bins[24] == 10 && t.bins[47] == 2);

    /* what comes in another reply, too, counts once */

    assert_int_equal(
        body(&t, "{\"user_online_info\":["
                 "{\"connection_setup_time\":\"2020-04-24T23:00:00Z\","
                 "\"connection_end_time\":\"2020-04-25T00:00:10Z\"}]}"),
        USAGE_OK);
    assert_true(
        usage_monitor_count(&t.monitor, DAY, 1, t.bins) == 2 * 3600 + 1);
    finish(&t);
}


/*
 * A period without an end lasts until now.
 */
static void
test_open(void **state)
{
    size_t         i;
    unit_text_t    text = { 0 };
    monitor_test_t t;

    static const char *const ends[] = { "", ",\"connection_end_time\":null",
        ",\"connection_end_time\":\"\"",
        ",\"connection_end_time\":\"0001-01-01 00:00:00\"" };

    (void) state;

    for (i = 0; i < unit_count(ends); i++) {
        start(&t, 2, START + DAY + 100);
        unit_text_clear(&text);
        unit_addf(&text,
            "{\"user_online_info\":[{\"connection_setup_time\":"
            "\"2020-04-24T23:00:00Z\"%s}]}",
            ends[i]);
        assert_int_equal(body(&t, text.data), USAGE_OK);
        (void) usage_monitor_count(&t.monitor, DAY, 2, t.bins);
        assert_true(t.bins[0] == 3600 && t.bins[1] == 100);
        finish(&t);
    }

    unit_text_free(&text);
}


static void
test_none(void **state)
{
    size_t         i;
    monitor_test_t t;

    static const char *const bodies[] = { "{}", "{\"user_online_info\":null}",
        "{\"user_online_info\":[]}" };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        start(&t, 1, START + 9 * DAY);
        assert_int_equal(body(&t, bodies[i]), USAGE_OK);
        assert_true(usage_monitor_count(&t.monitor, DAY, 1, t.bins) == 0);
        finish(&t);
    }
}


static void
test_nonsense(void **state)
{
    size_t         i;
    monitor_test_t t;

    static const struct {
        const char *body;
        const char *words;
    } cases[] = {
        { "", "desktop monitoring is not JSON" },
        { "[]", "it is not an object" },
        { "{\"error_code\":\"WKS.1\",\"error_msg\":\"no\"}", "WKS.1" },
        { "{\"user_online_info\":{}}", "user_online_info is no array" },
        { "{\"user_online_info\":[1]}", "a period is not an object" },
        { "{\"user_online_info\":[{\"error_code\":\"CES.2\",\"error_msg\":"
          "\"not here\"}]}",
            "CES.2" },
        { "{\"user_online_info\":[{\"connection_setup_time\":\"x\"}]}",
            "connection_setup_time \"x\"" },
        { "{\"user_online_info\":[{\"connection_setup_time\":7}]}",
            "connection_setup_time \"\"" },
        { "{\"user_online_info\":[{\"connection_setup_time\":"
          "\"2020-04-24T23:00:00Z\",\"connection_end_time\":"
          "\"2020-04-24T22:59:59Z\"}]}",
            "connection_end_time \"2020-04-24T22:59:59Z\"" },
    };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        start(&t, 1, START + 9 * DAY);
        assert_int_equal(body(&t, cases[i].body), USAGE_ERROR);
        assert_int_equal(t.error.status, 502);

        if (strstr(t.error.detail, cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].body, t.error.detail);
        }

        finish(&t);
    }
}


static void
test_memory(void **state)
{
    monitor_test_t t;

    static const char text[] =
        "{\"user_online_info\":[{\"connection_setup_time\":"
        "\"2020-04-24T23:00:00Z\"}]}";

    (void) state;

    start(&t, 1, START + 9 * DAY);
    t.arena.left = 0;
    assert_int_equal(body(&t, text), USAGE_ERROR);
    assert_int_equal(t.error.status, 500);
    finish(&t);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
