/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests: each rule of translation.md, "Request", and of legacy.md,
 * "Request", kept and broken.
 */

#include "unit.h"
#include "request/usage_request.h"


#define NOW     INT64_C(1673352000) /* 2023-01-10T12:00:00Z */
#define DAY     INT64_C(86400)
#define MEMORY  (180 * DAY)
#define USERS   (30 * DAY)
#define RECORDS (20 * DAY)


typedef struct {
    usage_patterns_t *forms;
    unit_arena_t      arena;
    usage_rules_t     rules;
    usage_request_t   request;
    usage_error_t     error;
} request_test_t;


static void
usual_rules(request_test_t *t)
{
    t->rules.desktops_memory = MEMORY;
    t->rules.users_memory = USERS;
    t->rules.records_memory = RECORDS;
    t->rules.connections = false;
    t->rules.monitoring = false;
    t->rules.one_project = false;
}


static int
setup(void **state)
{
    request_test_t *t;

    t = unit_must(calloc(1, sizeof(request_test_t)));
    t->forms = usage_patterns_create();
    usual_rules(t);
    unit_arena_start(&t->arena);
    *state = t;

    return t->forms == NULL;
}


static int
teardown(void **state)
{
    request_test_t *t;

    t = *state;
    unit_arena_free(&t->arena);
    usage_patterns_free(t->forms);
    free(t);

    return 0;
}


/*
 * Parses a body, which is freed before the request is looked at.
 */
static usage_result_t
parse_at(request_test_t *t, usage_str_t body, int64_t now)
{
    char          *copy;
    usage_result_t rc;

    unit_arena_clear(&t->arena);
    memset(&t->request, 0xa5, sizeof(t->request));
    memset(&t->error, 0, sizeof(t->error));

    copy = unit_exact(body);
    body.data = copy;
    rc = usage_request_parse(
        &t->request, &t->arena.pool, t->forms, body, now, &t->rules, &t->error);
    free(copy);

    return rc;
}


static void
good(request_test_t *t, const char *body)
{
    if (parse_at(t, unit_str(body), NOW) != USAGE_OK) {
        fail_msg("refused: %.200s: %s", body, t->error.detail);
    }
}


/*
 * Checks that a body is refused with 400, and that the detail has needle in it,
 * which is a field's name as a rule.
 */
static void
bad_text(request_test_t *t, usage_str_t body, const char *needle)
{
    if (parse_at(t, body, NOW) != USAGE_ERROR) {
        fail_msg("taken: %.200s", body.data);
    }

    assert_int_equal(t->error.status, 400);

    if (strstr(t->error.detail, needle) == NULL) {
        fail_msg("%.200s: no %s in: %s", body.data, needle, t->error.detail);
    }
}


static void
bad(request_test_t *t, const char *body, const char *needle)
{
    bad_text(t, unit_str(body), needle);
}


static void
check_range(const request_test_t *t, const char *first, const char *last)
{
    char date[USAGE_DATE_LEN];

    usage_day_write(t->request.first, date);

    if (memcmp(date, first, sizeof(date)) != 0) {
        fail_msg("from %.10s, not %s", date, first);
    }

    usage_day_write(t->request.last, date);

    if (memcmp(date, last, sizeof(date)) != 0) {
        fail_msg("to %.10s, not %s", date, last);
    }
}


/*
 * A body that leaves fields out, in any way, gives the same as an empty one.
 */
static void
test_left_out(void **state)
{
    size_t          i;
    request_test_t *t;

    static const char *const bodies[] = { "", "{}", " {\n}\t\r\n",
        "{\"desktop_ids\":null}", "{\"desktop_ids\":[]}",
        "{\"start_time\":null}", "{\"start_time\":\"\"}", "{\"end_time\":null}",
        "{\"end_time\":\"\"}", "{\"group_by_type\":null}",
        "{\"group_by_type\":\"\"}", "{\"group_by_type\":\"DAY\"}",
        "{\"desktop_username\":null}", "{\"desktop_username\":\"\"}",
        "{\"desktop_user_domain\":null}", "{\"desktop_user_domain\":\"\"}",
        "{\"offset\":null}", "{\"limit\":null}",
        "{\"desktop_ids\":null,\"start_time\":null,\"end_time\":null,"
        "\"group_by_type\":null,\"desktop_username\":null,"
        "\"desktop_user_domain\":null,\"offset\":null,\"limit\":null}",
        "{\"x\":1,\"Limit\":500,\"limits\":[],\"\":{},\"desktop_id\":[1]}",
        "{\"x\":{\"limit\":-1}}", "{\"x\":[[[{\"a\":[1.5,true,\"\"]}]]]}" };

    t = *state;

    for (i = 0; i < unit_count(bodies); i++) {
        good(t, bodies[i]);
        assert_null(t->request.desktop_ids);
        assert_int_equal(t->request.desktops, 0);
        assert_int_equal(t->request.offset, 0);
        assert_int_equal(t->request.limit, 100);
        check_range(t, "2022-12-27", "2023-01-10");
    }
}


static void
test_published_example(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"desktop_ids\": [\"c6e6dbd7-c950-471d-a6a7-01d0fb62f450\", "
            "\"d5367f84-1d64-498e-9b92-093002ac6ce9\"], "
            "\"start_time\": \"2022-12-09\", \"end_time\": \"2022-12-15\"}");

    assert_int_equal(t->request.desktops, 2);
    assert_true(unit_is(
        t->request.desktop_ids[0], "c6e6dbd7-c950-471d-a6a7-01d0fb62f450"));
    assert_true(unit_is(
        t->request.desktop_ids[1], "d5367f84-1d64-498e-9b92-093002ac6ce9"));
    check_range(t, "2022-12-09", "2022-12-15");
    assert_int_equal(usage_request_days(&t->request), 7);
}


static void
test_not_json(void **state)
{
    size_t          i;
    request_test_t *t;

    static const usage_str_t bodies[] = {
        usage_string(" "),
        usage_string("\n"),
        usage_string("{"),
        usage_string("}"),
        usage_string("{}}"),
        usage_string("{}{}"),
        usage_string("{} x"),
        usage_string("{},"),
        usage_string("{\"limit\":5"),
        usage_string("{\"limit\":5,}"),
        usage_string("{limit:5}"),
        usage_string("{'limit':5}"),
        usage_string("{\"limit\":05}"),
        usage_string("{\"limit\":+5}"),
        usage_string("{\"limit\":5.}"),
        usage_string("{\"limit\":0x5}"),
        usage_string("{\"limit\":NaN}"),
        usage_string("{\"limit\" 5}"),
        usage_string("{\"limit\":5 \"offset\":1}"),
        usage_string("{\"x\":1e999,}"),
        usage_string("{\"x\":1e999"),
        usage_string("{\"x\":\"1e999,\"y\":1e999}"),
        usage_string("{} // x"),
        usage_string("\xef\xbb\xbf{}"),
        usage_string("limit=5&offset=1"),
        usage_string("<a/>"),

        /* a key given twice, however deep */

        usage_string("{\"limit\":5,\"limit\":5}"),
        usage_string("{\"limit\":5,\"l\\u0069mit\":6}"),
        usage_string("{\"x\":1,\"x\":1}"),
        usage_string("{\"x\":[{\"y\":{\"z\":1,\"z\":2}}]}"),
        usage_string("{\"x\":1e999,\"x\":1}"),

        /* invalid UTF-8, a NUL */

        usage_string("{\"desktop_ids\":[\"\xff\"]}"),
        usage_string("{\"desktop_ids\":[\"\xc0\x80\"]}"),
        usage_string("{\"desktop_ids\":[\"\xed\xa0\x80\"]}"),
        usage_string("{\"desktop_ids\":[\"\xe2\x82\"]}"),
        usage_string("{\"x\":\"\x80\"}"),
        usage_string("{\"\xff\":1}"),
        usage_string("{\"desktop_ids\":[\"a\\u0000\"]}"),
        usage_string("{\"x\":\"\\u0000\"}"),
        usage_string("{\"x\\u0000\":1}"),
        usage_string("{\"desktop_ids\":[\"a\0b\"]}"),
        usage_string("{\"desktop_ids\":[\"\\ud800\"]}"),
        usage_string("{\"desktop_ids\":[\"\\udc00x\"]}"),
        usage_string("{\"desktop_ids\":[\"a\nb\"]}"),
        usage_string("{}\0"),
        usage_string("\0{}"),
        usage_string("\0"),
        usage_string("{\0}"),
    };

    t = *state;

    for (i = 0; i < unit_count(bodies); i++) {
        bad_text(t, bodies[i], "body");
    }
}


/*
 * jansson 2.14 reads past a NUL after a number or a word.
 */
static void
test_nul_after_a_token(void **state)
{
    size_t          i;
    request_test_t *t;

    static const usage_str_t bodies[] = {
        usage_string("{\"limit\":5\0}"),
        usage_string("{\"limit\":5\0,\"offset\":1}"),
        usage_string("{\"x\":1.5\0}"),
        usage_string("{\"desktop_ids\":null\0}"),
        usage_string("{\"x\":[true\0]}"),
        usage_string("{\"x\":1e999\0}"),
    };

    t = *state;

    for (i = 0; i < unit_count(bodies); i++) {
        bad_text(t, bodies[i], "body");
    }
}


static void
test_not_an_object(void **state)
{
    request_test_t *t;

    t = *state;

    bad(t, "[]", "body");
    bad(t, "[{}]", "body");
    bad(t, "null", "body");
    bad(t, "1", "body");
    bad(t, "\"{}\"", "body");
    bad(t, "true", "body");
}


static void
test_types(void **state)
{
    size_t          i, k;
    unit_text_t     body = { 0 };
    request_test_t *t;

    static const struct {
        const char *field;
        const char *values[8];
    } cases[] = {
        { "desktop_ids",
            { "\"a\"", "1", "{}", "true", "\"\"", "0.5", "[1]", "[null]" } },
        { "start_time", { "20230101", "[]", "{}", "true", "0", "1.5" } },
        { "end_time", { "20230101", "[]", "{}", "false", "0", "1.5" } },
        { "group_by_type", { "1", "[]", "{}", "true", "[\"DAY\"]", "0" } },
        { "desktop_username", { "1", "[]", "{}", "false", "0" } },
        { "desktop_user_domain", { "1", "[]", "{}", "false", "0" } },
        { "offset",
            { "1.0", "1e2", "[]", "{}", "true", "false", "0.0", "-0.0" } },
        { "limit",
            { "1.0", "1e1", "[1]", "{}", "true", "false", "0.0", "0.5" } },
    };

    t = *state;

    for (i = 0; i < unit_count(cases); i++) {
        for (k = 0; k < 8 && cases[i].values[k] != NULL; k++) {
            unit_text_clear(&body);
            unit_addf(&body, "{\"%s\":%s}", cases[i].field, cases[i].values[k]);
            bad(t, body.data, cases[i].field);
        }
    }

    unit_text_free(&body);
}


static void
test_desktop_ids(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"desktop_ids\":[\"b\",\"a\",\"b\",\"c\",\"a\",\"\\u0062\"]}");
    assert_int_equal(t->request.desktops, 3);
    assert_true(unit_is(t->request.desktop_ids[0], "b"));
    assert_true(unit_is(t->request.desktop_ids[1], "a"));
    assert_true(unit_is(t->request.desktop_ids[2], "c"));

    good(t, "{\"desktop_ids\":[\"a\",\"A\",\" a\",\"a \",\"\xc3\xa9\","
            "\"e\xcc\x81\",\",\",\"1e999\"]}");
    assert_int_equal(t->request.desktops, 8);
    assert_true(unit_is(t->request.desktop_ids[4], "\xc3\xa9"));

    bad(t, "{\"desktop_ids\":[\"\"]}", "desktop_ids");
    bad(t, "{\"desktop_ids\":[\"a\",\"\"]}", "desktop_ids");
    bad(t, "{\"desktop_ids\":[\"a\",1]}", "desktop_ids");
    bad(t, "{\"desktop_ids\":[\"a\",[\"b\"]]}", "desktop_ids");
    bad(t, "{\"desktop_ids\":[\"a\",{}]}", "desktop_ids");
    bad(t, "{\"desktop_ids\":[\"a\",true]}", "desktop_ids");
}


/*
 * An id may have 255 characters, whatever their bytes are.
 */
static void
test_long_ids(void **state)
{
    size_t          i, k, n;
    unit_text_t     body = { 0 }, shown = { 0 };
    request_test_t *t;

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\\ud83d\\ude00" };
    static const size_t      sizes[] = { 1, 2, 3, 4, 4 };

    t = *state;

    for (i = 0; i < unit_count(chars); i++) {
        for (n = 254; n <= 257; n++) {
            unit_text_clear(&body);
            unit_adds(&body, "{\"desktop_ids\":[\"x\",\"");

            for (k = 0; k < n; k++) {
                unit_adds(&body, chars[i]);
            }

            unit_adds(&body, "\"]}");

            if (n <= 255) {
                good(t, body.data);
                assert_int_equal(t->request.desktops, 2);
                assert_int_equal(t->request.desktop_ids[1].len, n * sizes[i]);
                continue;
            }

            bad(t, body.data, "desktop_ids");

            /* its value, cut to 100 bytes between characters */

            unit_text_clear(&shown);
            unit_adds(&shown, "\"");

            for (k = 0; k < 100 / sizes[i]; k++) {
                unit_adds(&shown, chars[i < 4 ? i : 3]);
            }

            unit_adds(&shown, "\"");
            bad(t, body.data, shown.data);
        }
    }

    unit_text_free(&body);
    unit_text_free(&shown);
}


static void
test_many_ids(void **state)
{
    size_t          i, k, n;
    unit_text_t     body = { 0 };
    request_test_t *t;

    t = *state;

    for (n = 1999; n <= 2001; n++) {
        unit_text_clear(&body);
        unit_adds(&body, "{\"desktop_ids\":[");

        for (i = 0; i < n; i++) {
            unit_addf(&body, "%s\"%zu-", i > 0 ? "," : "", i + 1000);

            for (k = 0; k < 250; k++) {
                unit_adds(&body, "\xf0\x9f\x98\x80");
            }

            unit_adds(&body, "\"");
        }

        unit_adds(&body, "]}");

        if (n <= 2000) {
            good(t, body.data);
            assert_int_equal(t->request.desktops, n);
            assert_memory_equal(t->request.desktop_ids[n - 1].data,
                n == 2000 ? "2999-" : "2998-", 5);

        } else {
            bad(t, body.data, "desktop_ids");
            bad(t, body.data, "2001");
            bad(t, body.data, "2000");
        }
    }

    /* duplicates count among the items, once among the desktops */

    unit_text_clear(&body);
    unit_adds(&body, "{\"desktop_ids\":[\"a\"");

    for (i = 1; i < 2000; i++) {
        unit_adds(&body, ",\"a\"");
    }

    unit_adds(&body, "]}");
    good(t, body.data);
    assert_int_equal(t->request.desktops, 1);

    body.len -= 2;
    unit_adds(&body, ",\"a\"]}");
    bad(t, body.data, "desktop_ids");

    unit_text_free(&body);
}


static void
test_dates(void **state)
{
    size_t          i;
    unit_text_t     body = { 0 };
    request_test_t *t;

    static const char *const wrong[] = { "2023-1-01", "2023-01-1", "23-01-01",
        "2023/01/01", "20230101", " 2023-01-01", "2023-01-01 ", "2023-01-01\\n",
        "2023-01-01T00:00:00Z", "2023-00-01", "2023-13-01", "2023-01-00",
        "2023-01-32", "2023-02-29", "2022-11-31", "0000-01-01", "today", "-",
        "2023-01-0a", "+023-01-01", "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa3-01-01" };

    t = *state;

    for (i = 0; i < unit_count(wrong); i++) {
        unit_text_clear(&body);
        unit_addf(&body, "{\"start_time\":\"%s\"}", wrong[i]);
        bad(t, body.data, "start_time");
        bad(t, body.data, "yyyy-MM-dd");

        if (strchr(wrong[i], '\\') == NULL) {
            bad(t, body.data, wrong[i]);
        }

        unit_text_clear(&body);
        unit_addf(&body, "{\"start_time\":\"2023-01-01\",\"end_time\":\"%s\"}",
            wrong[i]);
        bad(t, body.data, "end_time");
    }

    unit_text_free(&body);
}


static void
test_range(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"start_time\":\"2022-12-09\",\"end_time\":\"2022-12-15\"}");
    check_range(t, "2022-12-09", "2022-12-15");

    good(t, "{\"start_time\":\"2022-12-09\",\"end_time\":\"2022-12-09\"}");
    check_range(t, "2022-12-09", "2022-12-09");
    assert_int_equal(usage_request_days(&t->request), 1);

    /* only the end: the 15 days that end there */

    good(t, "{\"end_time\":\"2022-12-15\"}");
    check_range(t, "2022-12-01", "2022-12-15");
    assert_int_equal(usage_request_days(&t->request), 15);

    good(t, "{\"end_time\":\"2023-01-20\",\"start_time\":\"\"}");
    check_range(t, "2023-01-06", "2023-01-20");

    /* only the start: from there to today */

    good(t, "{\"start_time\":\"2023-01-05\",\"end_time\":null}");
    check_range(t, "2023-01-05", "2023-01-10");

    good(t, "{\"start_time\":\"2023-01-10\"}");
    check_range(t, "2023-01-10", "2023-01-10");

    good(t, "{\"start_time\":\"2022-12-11\"}");
    check_range(t, "2022-12-11", "2023-01-10");
    assert_int_equal(usage_request_days(&t->request), 31);

    bad(t, "{\"start_time\":\"2022-12-10\"}", "start_time");
    bad(t, "{\"start_time\":\"2023-01-11\"}", "start_time");
    bad(t, "{\"start_time\":\"2023-01-11\"}", "end_time");

    /* 31 days at most, both ends counted; the end not before the start */

    good(t, "{\"start_time\":\"2022-12-01\",\"end_time\":\"2022-12-31\"}");
    assert_int_equal(usage_request_days(&t->request), 31);

    bad(t, "{\"start_time\":\"2022-12-01\",\"end_time\":\"2023-01-01\"}",
        "at most 31");
    bad(t, "{\"start_time\":\"2022-12-01\",\"end_time\":\"2023-01-01\"}",
        "start_time");
    bad(t, "{\"start_time\":\"2023-01-05\",\"end_time\":\"2023-01-04\"}",
        "end_time");
    bad(t, "{\"start_time\":\"2023-01-05\",\"end_time\":\"2022-01-05\"}",
        "end_time");
    bad(t, "{\"start_time\":\"2022-12-01\",\"end_time\":\"9999-12-31\"}",
        "start_time");

    /* the future is no error */

    good(t, "{\"start_time\":\"2023-01-05\",\"end_time\":\"2023-02-04\"}");
    good(t, "{\"start_time\":\"9999-12-01\",\"end_time\":\"9999-12-31\"}");
}


/*
 * Today is the day of the time in UTC.
 */
static void
test_today(void **state)
{
    request_test_t *t;

    t = *state;

    assert_int_equal(
        parse_at(t, unit_str("{}"), INT64_C(1673308800)), USAGE_OK);
    check_range(t, "2022-12-27", "2023-01-10");

    assert_int_equal(
        parse_at(t, unit_str("{}"), INT64_C(1673395199)), USAGE_OK);
    check_range(t, "2022-12-27", "2023-01-10");

    assert_int_equal(
        parse_at(t, unit_str("{}"), INT64_C(1673395200)), USAGE_OK);
    check_range(t, "2022-12-28", "2023-01-11");
}


/*
 * A day is forgotten 180 days after its end.  180 days before noon of the 10th
 * of January is noon of the 14th of July.
 */
static void
test_forgotten(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"start_time\":\"2022-07-14\",\"end_time\":\"2022-07-20\"}");
    bad(t, "{\"start_time\":\"2022-07-13\",\"end_time\":\"2022-07-20\"}",
        "start_time 2022-07-13");
    bad(t, "{\"start_time\":\"2022-07-13\",\"end_time\":\"2022-07-20\"}",
        "2022-07-14");
    bad(t, "{\"end_time\":\"2022-07-27\"}", "2022-07-13");
    good(t, "{\"end_time\":\"2022-07-28\"}");
    bad(t, "{\"start_time\":\"0001-01-01\",\"end_time\":\"0001-01-01\"}",
        "start_time");

    /* the users' memory concerns nobody here */

    bad(t, "{\"start_time\":\"2022-07-13\",\"end_time\":\"2022-07-20\"}",
        "180 days that the successor API keeps of desktops");

    /* not checked */

    t->rules.desktops_memory = 0;

    good(t, "{\"start_time\":\"1999-07-13\",\"end_time\":\"1999-07-20\"}");
    check_range(t, "1999-07-13", "1999-07-20");

    (void) parse_at(t, unit_str("{\"end_time\":\"0001-01-01\"}"), NOW);

    /* 30 days */

    t->rules.desktops_memory = 30 * DAY;

    good(t, "{\"start_time\":\"2022-12-11\"}");
    bad(t, "{\"start_time\":\"2022-12-10\",\"end_time\":\"2022-12-20\"}",
        "start_time");

    /* less than the default range */

    t->rules.desktops_memory = 5 * DAY;

    bad(t, "", "first day");

    usual_rules(t);
}


/*
 * Checks the first day at which a request with these members may begin, and
 * that the day before it is refused, with words about whose statistics.
 */
static void
check_oldest(request_test_t *t, const char *oldest, const char *members,
    const char *whose)
{
    char        before[USAGE_DATE_LEN + 1] = "";
    unit_text_t body = { 0 };
    usage_day_t day;

    assert_true(usage_day_parse(oldest, &day));
    usage_day_write(day - 1, before);

    unit_addf(&body, "{\"start_time\":\"%s\",\"end_time\":\"%s\",%s}", oldest,
        oldest, members);
    good(t, body.data);

    unit_text_clear(&body);
    unit_addf(&body, "{\"start_time\":\"%s\",\"end_time\":\"%s\",%s}", before,
        oldest, members);
    bad(t, body.data, "start_time");
    bad(t, body.data, whose);
    bad(t, body.data, oldest);

    unit_text_free(&body);
}


/*
 * Days of one user have to be remembered by both statistics.
 */
static void
test_forgotten_user(void **state)
{
    size_t          i;
    request_test_t *t;

    static const struct {
        int64_t     desktops, users; /* days */
        const char *oldest;
        const char *whose;
    } cases[] = {
        { 180, 30, "2022-12-11",
            "30 days that the successor API keeps of users" },
        { 20, 30, "2022-12-21",
            "20 days that the successor API keeps of desktops" },
        { 30, 30, "2022-12-11", "30 days that the successor API keeps of" },
        { 0, 30, "2022-12-11",
            "30 days that the successor API keeps of users" },
        { 180, 0, "2022-07-14",
            "180 days that the successor API keeps of desktops" },
    };

    t = *state;

    for (i = 0; i < unit_count(cases); i++) {
        t->rules.desktops_memory = cases[i].desktops * DAY;
        t->rules.users_memory = cases[i].users * DAY;

        check_oldest(
            t, cases[i].oldest, "\"desktop_username\":\"u\"", cases[i].whose);
        check_oldest(t, cases[i].oldest,
            "\"desktop_username\":\"u\",\"group_by_type\":\"DAY\"",
            cases[i].whose);
    }

    usual_rules(t);

    check_oldest(
        t, "2022-07-14", "\"desktop_user_domain\":\"d\"", "of desktops");
    check_oldest(t, "2022-07-14", "\"desktop_username\":\"\"", "of desktops");

    /* neither is checked; days don't need records */

    t->rules.desktops_memory = 0;
    t->rules.users_memory = 0;

    good(t, "{\"desktop_username\":\"u\",\"end_time\":\"1999-07-20\"}");

    usual_rules(t);
}


/*
 * Hours have to be remembered by the records as well, unless monitoring may
 * tell them.
 */
static void
test_forgotten_hours(void **state)
{
    size_t          i;
    request_test_t *t;

    static const char hours[] = "\"group_by_type\":\"HOUR\"";
    static const char of_user[] =
        "\"group_by_type\":\"HOUR\",\"desktop_username\":\"u\"";
    static const char of_ids[] =
        "\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"a\"]";
    static const char of_both[] =
        "\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"a\"],"
        "\"desktop_username\":\"u\"";

    t = *state;

    for (i = 0; i < 2; i++) {
        usual_rules(t);
        t->rules.connections = true;
        t->rules.monitoring = i == 1;

        check_oldest(t, "2022-12-21", hours,
            "20 days that the successor API keeps of connection records");
        check_oldest(t, "2022-12-21", of_user, "of connection records");
        check_oldest(t, "2022-12-21", of_both, "of connection records");
        check_oldest(t, i == 0 ? "2022-12-21" : "2022-07-14", of_ids,
            i == 0 ? "of connection records" : "of desktops");
    }

    /* longer than the statistics, which hours are held against */

    t->rules.records_memory = 200 * DAY;
    check_oldest(t, "2022-12-11", of_user, "of users");
    check_oldest(t, "2022-07-14", hours, "of desktops");

    t->rules.records_memory = 0;
    check_oldest(t, "2022-12-11", of_user, "of users");
    check_oldest(t, "2022-07-14", hours, "of desktops");

    usual_rules(t);
}


static void
test_offset_and_limit(void **state)
{
    size_t          i;
    unit_text_t     body = { 0 };
    request_test_t *t;

    static const struct {
        const char *value;
        uint32_t    number;
    } offsets[] = {
        { "0", 0 },
        { "-0", 0 },
        { "1", 1 },
        { "2147483647", 2147483647 },
        { "\"0\"", 0 },
        { "\"1\"", 1 },
        { "\"007\"", 7 },
        { "\"2147483647\"", 2147483647 },
        { "\"0000000000000000000000000002147483647\"", 2147483647 },
    }, limits[] = {
        { "0", 0 },
        { "1", 1 },
        { "100", 100 },
        { "\"0\"", 0 },
        { "\"100\"", 100 },
        { "\"0000000000000000000000000000000000000100\"", 100 },
    };

    static const char *const no_offsets[] = { "-1", "2147483648", "4294967296",
        "9223372036854775807", "-9223372036854775808", "99999999999999999999",
        "-99999999999999999999", "1e999", "-1e999", "\"-1\"", "\"+1\"", "\"\"",
        "\" 1\"", "\"1 \"", "\"1.0\"", "\"1e2\"", "\"0x1\"", "\"a\"",
        "\"2147483648\"", "\"4294967296\"", "\"18446744073709551616\"",
        "\"99999999999999999999999999999999999999\"", "\"\xef\xbc\x91\"",
        "\"1\\n\"" };

    static const char *const no_limits[] = { "-1", "101", "1000", "4294967297",
        "9223372036854775807", "99999999999999999999", "1e999", "\"101\"",
        "\"-1\"", "\"\"", "\"1.5\"", "\"4294967297\"",
        "\"18446744073709551617\"" };

    t = *state;

    for (i = 0; i < unit_count(offsets); i++) {
        unit_text_clear(&body);
        unit_addf(&body, "{\"offset\":%s}", offsets[i].value);
        good(t, body.data);
        assert_int_equal(t->request.offset, offsets[i].number);
        assert_int_equal(t->request.limit, 100);
    }

    for (i = 0; i < unit_count(limits); i++) {
        unit_text_clear(&body);
        unit_addf(&body, "{\"limit\":%s}", limits[i].value);
        good(t, body.data);
        assert_int_equal(t->request.limit, limits[i].number);
        assert_int_equal(t->request.offset, 0);
    }

    for (i = 0; i < unit_count(no_offsets); i++) {
        unit_text_clear(&body);
        unit_addf(&body, "{\"offset\":%s}", no_offsets[i]);
        bad(t, body.data, "offset");
    }

    for (i = 0; i < unit_count(no_limits); i++) {
        unit_text_clear(&body);
        unit_addf(&body, "{\"limit\":%s}", no_limits[i]);
        bad(t, body.data, "limit");
    }

    bad(t, "{\"limit\":101}", "101");
    bad(t, "{\"limit\":101}", "100");
    bad(t, "{\"offset\":\"x1\"}", "x1");
    bad(t, "{\"offset\":2147483648}", "2147483647");

    unit_text_free(&body);
}


static void
test_group(void **state)
{
    request_test_t *t;

    t = *state;
    usual_rules(t);
    t->rules.records_memory = 0;

    good(t, "{\"group_by_type\":\"DAY\"}");
    assert_false(t->request.hours);
    assert_int_equal(usage_request_bins(&t->request), 15);

    bad(t, "{\"group_by_type\":\"HOUR\"}", "group_by_type");
    bad(t, "{\"group_by_type\":\"HOUR\"}", "connection records");
    bad(t, "{\"group_by_type\":\"HOUR\"}", "usage_connections is off");
    bad(t, "{\"group_by_type\":\"HOUR\"}", "allowed: \"DAY\"");
    bad(t, "{\"group_by_type\":\"HOUR\",\"desktop_username\":\"u\"}", "HOUR");
    bad(t, "{\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"d\"]}",
        "usage_monitoring is off");
    bad(t, "{\"group_by_type\":\"day\"}", "group_by_type");
    bad(t, "{\"group_by_type\":\"day\"}", "\"day\"");
    bad(t, "{\"group_by_type\":\"DAYS\"}", "group_by_type");
    bad(t, "{\"group_by_type\":\" DAY\"}", "group_by_type");
    bad(t, "{\"group_by_type\":\"MONTH\"}", "DAY");

    /* desktop monitoring knows desktops, and no users */

    t->rules.monitoring = true;
    good(t, "{\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"d\"]}");
    assert_true(t->request.hours);
    bad(t, "{\"group_by_type\":\"HOUR\"}", "hours of desktop_ids only");
    bad(t,
        "{\"group_by_type\":\"HOUR\",\"desktop_ids\":[\"d\"],"
        "\"desktop_username\":\"u\"}",
        "usage_connections is off");
    t->rules.monitoring = false;

    t->rules.connections = true;

    good(t, "{\"group_by_type\":\"DAY\"}");
    assert_false(t->request.hours);

    good(t, "{\"group_by_type\":\"HOUR\"}");
    assert_true(t->request.hours);
    assert_int_equal(usage_request_days(&t->request), 15);
    assert_int_equal(usage_request_bins(&t->request), 15 * 24);

    good(t, "{\"group_by_type\":\"HOUR\",\"start_time\":\"2022-12-11\"}");
    assert_int_equal(usage_request_bins(&t->request), 31 * 24);

    bad(t, "{\"group_by_type\":\"hour\"}", "\"hour\"");
    bad(t, "{\"group_by_type\":\"HOURS\"}", "HOURS");

    t->rules.one_project = true;

    good(t, "{\"group_by_type\":\"DAY\"}");
    bad(t, "{\"group_by_type\":\"HOUR\"}", "usage_enterprise_project");

    usual_rules(t);
}


static void
test_user(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"desktop_username\":\"zryuan1\"}");
    assert_true(unit_is(t->request.user, "zryuan1"));
    assert_true(unit_is(t->request.domain, ""));

    good(t, "{\"desktop_username\":\"a\\\"\\\\ \\u00e9\\n\","
            "\"desktop_user_domain\":\"local.com\"}");
    assert_true(unit_is(t->request.user, "a\"\\ \xc3\xa9\n"));
    assert_true(unit_is(t->request.domain, "local.com"));

    good(t, "{\"desktop_username\":\"u\",\"desktop_user_domain\":\"\"}");
    assert_true(unit_is(t->request.user, "u"));
    assert_true(unit_is(t->request.domain, ""));

    /* a domain without a user says nothing, but has a type */

    good(t, "{\"desktop_user_domain\":\"local.com\"}");
    assert_true(unit_is(t->request.user, ""));
    assert_true(unit_is(t->request.domain, ""));

    good(
        t, "{\"desktop_user_domain\":\"local.com\",\"desktop_username\":null}");
    assert_true(unit_is(t->request.domain, ""));

    bad(t, "{\"desktop_user_domain\":1}", "desktop_user_domain");

    /* types are found before the range is held to what they decide */

    bad(t, "{\"desktop_username\":1,\"end_time\":\"2000-01-01\"}",
        "desktop_username");
    bad(t, "{\"group_by_type\":1,\"end_time\":\"2000-01-01\"}",
        "group_by_type");
}


/*
 * A user and a domain may have 255 characters, whatever their bytes are.
 */
static void
test_long_user(void **state)
{
    size_t          i, k, n;
    unit_text_t     name = { 0 }, body = { 0 };
    request_test_t *t;

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80" };

    t = *state;

    for (i = 0; i < unit_count(chars); i++) {
        for (n = 254; n <= 257; n++) {
            unit_text_clear(&name);

            for (k = 0; k < n; k++) {
                unit_adds(&name, chars[i]);
            }

            unit_text_clear(&body);
            unit_adds(&body, "{\"desktop_username\":\"");
            unit_adds(&body, name.data);
            unit_adds(&body, "\"}");

            if (n <= 255) {
                good(t, body.data);
                assert_true(unit_is(t->request.user, name.data));

            } else {
                bad(t, body.data, "desktop_username");
                bad(t, body.data, "at most 255");
            }

            unit_text_clear(&body);
            unit_adds(&body, "{\"desktop_user_domain\":\"");
            unit_adds(&body, name.data);
            unit_adds(&body, "\"}");
            good(t, body.data);

            body.len--;
            unit_adds(&body, ",\"desktop_username\":\"u\"}");

            if (n <= 255) {
                good(t, body.data);
                assert_true(unit_is(t->request.user, "u"));
                assert_true(unit_is(t->request.domain, name.data));

            } else {
                bad(t, body.data, "desktop_user_domain");
                bad(t, body.data, "at most 255");
            }
        }
    }

    unit_text_free(&name);
    unit_text_free(&body);
}


/*
 * An error shows up to 100 bytes of a value, cut between characters.
 */
static void
test_value_shown(void **state)
{
    size_t          i, k, at;
    unit_text_t     body = { 0 }, shown = { 0 };
    request_test_t *t;

    static const char *const fields[] = { "start_time", "end_time", "offset",
        "limit", "group_by_type", "desktop_username" };

    t = *state;

    for (i = 0; i < unit_count(fields); i++) {
        for (at = 0; at < 2; at++) {
            unit_text_clear(&body);
            unit_text_clear(&shown);
            unit_addf(&body, "{\"%s\":\"%s", fields[i], at > 0 ? "x" : "");
            unit_addf(&shown, "\"%s", at > 0 ? "x" : "");

            for (k = 0; k < 260; k++) {
                unit_adds(&body, "\xc3\xa9");
            }

            for (k = 0; k < 50 - at; k++) {
                unit_adds(&shown, "\xc3\xa9");
            }

            unit_adds(&body, "\"}");
            unit_adds(&shown, "\"");

            bad(t, body.data, fields[i]);
            bad(t, body.data, shown.data);
        }
    }

    unit_text_free(&body);
    unit_text_free(&shown);
}


/*
 * A number that neither 64 bits nor a double hold is ignored in fields that are
 * ignored.
 */
static void
test_numbers_out_of_bounds(void **state)
{
    request_test_t *t;

    t = *state;

    good(t, "{\"x\":1e999,\"limit\":7}");
    assert_int_equal(t->request.limit, 7);

    good(t, "{\"limit\":7,\"x\":[-1e999,{\"y\":99999999999999999999}]}");
    assert_int_equal(t->request.limit, 7);

    good(t, "{\"1e999\":1e999,\"desktop_ids\":[\"1e999\",\"\\\\\",\"\\\"1e999"
            "\",\"99999999999999999999\"],\"x\":1e999,\"offset\":3}");
    assert_int_equal(t->request.desktops, 4);
    assert_true(unit_is(t->request.desktop_ids[0], "1e999"));
    assert_true(unit_is(t->request.desktop_ids[2], "\"1e999"));
    assert_true(unit_is(t->request.desktop_ids[3], "99999999999999999999"));
    assert_int_equal(t->request.offset, 3);

    bad(t, "{\"desktop_ids\":[1e999]}", "desktop_ids");
    bad(t, "{\"start_time\":1e999}", "start_time");
    bad(t, "1e999", "body");
    bad(t, "[1e999]", "body");
}


static void
test_past(void **state)
{
    usage_request_t request;

    (void) state;

    request.first = 100;
    request.last = 109;

    assert_int_equal(usage_request_days(&request), 10);
    assert_int_equal(usage_request_past(&request, 99), 0);
    assert_int_equal(usage_request_past(&request, 0), 0);
    assert_int_equal(usage_request_past(&request, 100), 1);
    assert_int_equal(usage_request_past(&request, 108), 9);
    assert_int_equal(usage_request_past(&request, 109), 10);
    assert_int_equal(usage_request_past(&request, 110), 10);
    assert_int_equal(usage_request_past(&request, 5000), 10);
}


static void
test_out_of_memory(void **state)
{
    size_t          i, left;
    unit_text_t     body = { 0 };
    usage_result_t  rc;
    request_test_t *t;

    t = *state;
    unit_adds(&body, "{\"x\":1e999,\"desktop_username\":\"u\","
                     "\"desktop_user_domain\":\"d\",\"desktop_ids\":[\"a\"");

    for (i = 0; i < 300; i++) {
        unit_addf(&body, ",\"%zu\"", i);
    }

    unit_adds(&body, "]}");

    for (left = 0;; left++) {
        t->arena.left = left;
        rc = parse_at(t, unit_text_str(&body), NOW);

        if (rc == USAGE_OK) {
            break;
        }

        assert_int_equal(t->error.status, 500);
    }

    assert_true(left > 300);
    assert_int_equal(t->request.desktops, 301);

    t->arena.left = SIZE_MAX;
    unit_text_free(&body);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_published_example),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_nul_after_a_token),
        cmocka_unit_test(test_not_an_object),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_desktop_ids),
        cmocka_unit_test(test_long_ids),
        cmocka_unit_test(test_many_ids),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_today),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_forgotten_user),
        cmocka_unit_test(test_forgotten_hours),
        cmocka_unit_test(test_offset_and_limit),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_long_user),
        cmocka_unit_test(test_value_shown),
        cmocka_unit_test(test_numbers_out_of_bounds),
        cmocka_unit_test(test_past),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
