/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The URIs of the successor calls, to the letter.
 */

#include "unit.h"
#include "gather/usage_call.h"
#include "base/usage_percent.h"

#include <ctype.h>


static void
check_path(usage_call_api_t api, const char *project, const char *expected)
{
    usage_str_t  path;
    unit_arena_t arena;
    usage_call_t call;

    memset(&call, 0xa5, sizeof(call));
    call.api = api;
    call.id = unit_str("a-1");
    unit_arena_start(&arena);

    assert_int_equal(
        usage_call_path(&call, unit_str(project), &arena.pool, &path),
        USAGE_OK);

    if (!unit_is(path, expected)) {
        fail_msg("%.*s, not %s", (int) path.len, path.data, expected);
    }

    unit_arena_free(&arena);
}


static void
test_path(void **state)
{
    char   project[256];
    char   expected[512];
    size_t i;

    static const char *const projects[] = { "p", "5d7bf4a07c2e4b52b7b6",
        "A_-z0" };

    (void) state;

    check_path(USAGE_CALL_DESKTOPS, "p", "/v2/p/statistics/metrics/desktops");
    check_path(USAGE_CALL_USERS, "p", "/v2/p/statistics/metrics/users");
    check_path(USAGE_CALL_DIRECTORY, "p", "/v2/p/desktops");
    check_path(USAGE_CALL_RECORDS, "p", "/v2/p/connections/desktops");
    check_path(USAGE_CALL_MONITOR, "p", "/v2/p/desktop-monitor/a-1");

    for (i = 0; i < unit_count(projects); i++) {
        snprintf(expected, sizeof(expected),
            "/v2/%s/statistics/metrics/desktops", projects[i]);
        check_path(USAGE_CALL_DESKTOPS, projects[i], expected);
    }

    memset(project, 'x', sizeof(project) - 1);
    project[sizeof(project) - 1] = '\0';
    snprintf(expected, sizeof(expected), "/v2/%s/desktops", project);
    check_path(USAGE_CALL_DIRECTORY, project, expected);
}


static usage_day_t
day(const char *date)
{
    usage_day_t number;

    assert_true(usage_day_parse(date, &number));

    return number;
}


/*
 * The query of a call, from memory of just its size.
 */
static void
check_query(const usage_call_t *call, const char *expected)
{
    usage_str_t  query;
    unit_arena_t arena;

    unit_arena_start(&arena);
    assert_int_equal(usage_call_query(call, &arena.pool, &query), USAGE_OK);

    if (!unit_is(query, expected)) {
        fail_msg("%.*s, not %s", (int) query.len, query.data, expected);
    }

    unit_arena_free(&arena);
}


static void
check_statistics(
    const char *first, const char *last, int64_t offset, const char *expected)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_DESKTOPS;
    call.first = day(first);
    call.last = day(last);
    call.offset = offset;
    call.limit = USAGE_PAGE_ROWS;

    check_query(&call, expected);
}


static void
test_statistics(void **state)
{
    (void) state;

    check_statistics("2022-12-09", "2022-12-09", 0,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=desktop_usage&sort_type=DESC&offset=0&limit=100");
    check_statistics("2022-12-09", "2023-01-08", 1900,
        "start_time=2022-12-09T00:00:00Z&end_time=2023-01-08T23:59:59Z"
        "&sort_field=desktop_usage&sort_type=DESC&offset=1900&limit=100");
    check_statistics("0001-01-01", "9999-12-31", 2147483600,
        "start_time=0001-01-01T00:00:00Z&end_time=9999-12-31T23:59:59Z"
        "&sort_field=desktop_usage&sort_type=DESC&offset=2147483600"
        "&limit=100");
}


/*
 * Each API has its own filters; those that are empty are left out.
 */
static void
test_filters(void **state)
{
    usage_call_t call;

    (void) state;

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_DESKTOPS;
    call.first = call.last = day("2022-12-09");
    call.limit = 100;
    call.name = unit_str("DESK 1/2");

    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=desktop_usage&sort_type=DESC&offset=0&limit=100"
        "&resource_name=DESK%201%2F2");

    call.name.len = 0;
    call.id = unit_str("a&b");
    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=desktop_usage&sort_type=DESC&offset=0&limit=100"
        "&resource_id=a%26b");

    memset(&call.id, 0, sizeof(call.id));
    call.api = USAGE_CALL_USERS;
    call.to = INT64_MAX;
    call.name = unit_str("zry@1");
    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=user_usage&sort_type=DESC&offset=0&limit=100"
        "&username=zry%401");

    call.domain = unit_str("a.b");
    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=user_usage&sort_type=DESC&offset=0&limit=100"
        "&username=zry%401&domain=a.b");

    call.enterprise_project = unit_str("a b");
    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T23:59:59Z"
        "&sort_field=user_usage&sort_type=DESC&offset=0&limit=100"
        "&username=zry%401&domain=a.b&enterprise_project_id=a%20b");
    call.enterprise_project.len = 0;

    /* today's window ends now, not in the future */

    call.to = (int64_t) day("2022-12-09") * USAGE_SECONDS_PER_DAY + 3661;
    check_query(&call,
        "start_time=2022-12-09T00:00:00Z&end_time=2022-12-09T01:01:01Z"
        "&sort_field=user_usage&sort_type=DESC&offset=0&limit=100"
        "&username=zry%401&domain=a.b");

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_DIRECTORY;
    call.limit = 1000;
    check_query(&call, "offset=0&limit=1000");

    call.offset = 2000;
    check_query(&call, "offset=2000&limit=1000");

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_RECORDS;
    call.from = (int64_t) day("2022-12-02") * USAGE_SECONDS_PER_DAY + 3660;
    call.to = (int64_t) day("2022-12-10") * USAGE_SECONDS_PER_DAY;
    call.offset = 100;
    call.limit = 100;
    check_query(&call, "start_time=2022-12-02T01:01Z&end_time=2022-12-10T00:00Z"
                       "&offset=100&limit=100");

    call.name = unit_str("\xc3\xa9");
    check_query(&call, "start_time=2022-12-02T01:01Z&end_time=2022-12-10T00:00Z"
                       "&offset=100&limit=100&user_name=%C3%A9");

    call.with_seconds = true;
    check_query(&call,
        "start_time=2022-12-02T01:01:00Z&end_time=2022-12-10T00:00:00Z"
        "&offset=100&limit=100&user_name=%C3%A9");

    call.api = USAGE_CALL_MONITOR;
    call.id = unit_str("a-1");
    check_query(&call,
        "start_time=2022-12-02T01:01:00Z&end_time=2022-12-10T00:00:00Z"
        "&metric_name=user_online_info");
}


static void
test_plain(void **state)
{
    int  c;
    char id[] = "a-1_Z";

    (void) state;

    assert_true(usage_call_id_plain(unit_str(id)));
    assert_false(usage_call_id_plain(unit_str("")));

    for (c = 1; c < 256; c++) {
        id[1] = (char) c;
        assert_int_equal(usage_call_id_plain(unit_str(id)),
            (c < 128 && isalnum(c)) || c == '-' || c == '_');
    }
}


/*
 * The longest values that filters can have: the sanitizer sees the room.
 */
static void
test_long_filters(void **state)
{
    char         value[USAGE_ID_BYTES_MAX];
    usage_str_t  query;
    unit_arena_t arena;
    usage_call_t call;

    (void) state;

    memset(value, '\xff', sizeof(value));
    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_USERS;
    call.first = day("0001-01-01");
    call.last = day("9999-12-31");
    call.offset = USAGE_PAGE_OFFSET_MAX;
    call.limit = USAGE_RECORD_ROWS;
    call.name.data = value;
    call.name.len = sizeof(value);
    call.domain = call.name;
    call.id = call.name;

    for (call.api = USAGE_CALL_DESKTOPS; call.api <= USAGE_CALL_RECORDS;
         call.api++) {
        unit_arena_start(&arena);
        assert_int_equal(
            usage_call_query(&call, &arena.pool, &query), USAGE_OK);
        assert_true(query.len > 3 * sizeof(value));
        unit_arena_free(&arena);
    }
}


/*
 * What a call is called in errors.
 */
static void
test_action(void **state)
{
    (void) state;

    assert_string_equal(usage_call_action(USAGE_CALL_DESKTOPS),
        "workspace:statistics:listDesktopMetrics");
    assert_string_equal(usage_call_action(USAGE_CALL_USERS),
        "workspace:statistics:listUserMetrics");
    assert_string_equal(
        usage_call_action(USAGE_CALL_DIRECTORY), "workspace:desktops:list");
    assert_string_equal(usage_call_action(USAGE_CALL_RECORDS),
        "workspace:connections:securityList");
    assert_string_equal(usage_call_action(USAGE_CALL_MONITOR),
        "workspace:desktops:getMonitor and ces:metricData:get");
}


static void
test_name(void **state)
{
    char         buffer[USAGE_CALL_NAME_MAX];
    usage_call_t call;

    (void) state;

    memset(&call, 0, sizeof(call));
    call.first = day("2022-12-09");
    call.last = day("2022-12-15");

    call.api = USAGE_CALL_DESKTOPS;
    assert_string_equal(usage_call_name(&call, buffer),
        "statistics of desktops for 2022-12-09 to 2022-12-15");
    call.api = USAGE_CALL_USERS;
    assert_string_equal(usage_call_name(&call, buffer),
        "statistics of users for 2022-12-09 to 2022-12-15");
    call.api = USAGE_CALL_DIRECTORY;
    assert_string_equal(usage_call_name(&call, buffer), "desktop directory");
    call.api = USAGE_CALL_RECORDS;
    assert_string_equal(usage_call_name(&call, buffer), "connection records");
    call.api = USAGE_CALL_MONITOR;
    assert_string_equal(usage_call_name(&call, buffer), "desktop monitoring");
}


static void
test_directory(void **state)
{
    int              c;
    char             one[2] = "", expected[128];
    usage_str_t      query;
    unit_arena_t     arena;
    usage_call_t     call;
    usage_table_t    table;
    usage_desktop_t *desktops[4];

    (void) state;

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, 1), USAGE_OK);

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_DIRECTORY;
    call.limit = USAGE_DIRECTORY_ROWS;
    call.desktops = desktops;
    call.count = 1;

    /* every byte: RFC 3986, section 2.3 */

    for (c = 1; c < 256; c++) {
        one[0] = (char) c;
        desktops[0] = usage_table_add(&table, unit_str(one), NULL);
        assert_int_equal(
            usage_call_query(&call, &arena.pool, &query), USAGE_OK);

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
        {
            snprintf(expected, sizeof(expected),
                "offset=0&limit=1000&desktop_id=%c", c);
            assert_int_equal(usage_percent_encoded(desktops[0]->id), 1);

        } else {
            snprintf(expected, sizeof(expected),
                "offset=0&limit=1000&desktop_id=%%%02X", (unsigned) c);
            assert_int_equal(usage_percent_encoded(desktops[0]->id), 3);
        }

        if (!unit_is(query, expected)) {
            fail_msg("%.*s, not %s", (int) query.len, query.data, expected);
        }
    }

    desktops[0] = usage_table_add(&table, unit_str("c6e6dbd7-c950"), NULL);
    desktops[1] = usage_table_add(&table, unit_str("a&b=c d/\xc3\xa9"), NULL);
    desktops[2] = usage_table_add(&table, unit_str("x,y"), NULL);
    call.count = 3;

    assert_int_equal(usage_call_query(&call, &arena.pool, &query), USAGE_OK);
    assert_true(
        unit_is(query, "offset=0&limit=1000&desktop_id="
                       "c6e6dbd7-c950&desktop_id=a%26b%3Dc%20d%2F%C3%A9&"
                       "desktop_id=x%2Cy"));
    assert_int_equal(
        usage_call_id_bytes(unit_str("x,y")), strlen("&desktop_id=x%2Cy"));

    assert_int_equal(usage_percent_encoded(unit_str("")), 0);
    assert_int_equal(usage_percent_encoded(desktops[1]->id), 22);

    unit_arena_free(&arena);
}


static void
test_out_of_memory(void **state)
{
    usage_str_t  text;
    unit_arena_t arena;
    usage_call_t call;

    (void) state;

    unit_arena_start(&arena);
    arena.left = 0;
    memset(&call, 0, sizeof(call));

    for (call.api = USAGE_CALL_DESKTOPS; call.api < USAGE_CALL_APIS; call.api++)
    {
        assert_int_equal(
            usage_call_path(&call, unit_str("p"), &arena.pool, &text),
            USAGE_ERROR);
        assert_int_equal(
            usage_call_query(&call, &arena.pool, &text), USAGE_ERROR);
    }

    unit_arena_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_long_filters),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_action),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
