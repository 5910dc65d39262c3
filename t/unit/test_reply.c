/*
 * The legacy reply: the published example to the digit, both forms of
 * use_time, days in the future.
 */

#include "unit.h"
#include "usage_reply.h"

#include <jansson.h>
#include <math.h>


typedef struct {
    unit_arena_t    arena;
    usage_request_t request;
    usage_plan_t    plan;
    usage_error_t   error;
} reply_test_t;


static void
start(reply_test_t *t, usage_day_t first, size_t days, size_t past)
{
    unit_arena_start(&t->arena);
    memset(&t->request, 0, sizeof(t->request));

    t->request.first = first;
    t->request.last = first + (usage_day_t) days - 1;
    t->request.limit = 100;

    assert_int_equal(usage_plan_start(&t->plan, &t->request, &t->arena.pool,
                         first + (usage_day_t) past - 1, &t->error),
        USAGE_OK);
    assert_int_equal(t->plan.days, past);
}


static void
row(reply_test_t *t, usage_str_t id, const double *seconds)
{
    size_t           i;
    usage_desktop_t *desktop;

    desktop = usage_table_add(&t->plan.table, id, NULL);
    assert_non_null(desktop);

    for (i = 0; i < t->plan.days; i++) {
        desktop->cells[i] = seconds[i];
    }
}


static usage_str_t
reply(reply_test_t *t, size_t from, size_t count, int64_t total,
    usage_time_form_t form)
{
    usage_str_t text;

    assert_int_equal(usage_reply_write(&t->plan, t->plan.table.desktops + from,
                         count, total, form, &t->arena.pool, &text),
        USAGE_OK);

    return text;
}


/* legacy-reply.json, as published */

static const char published[] =
    "{\"desktop_used_info_list\":["
    "{\"desktop_id\":\"c6e6dbd7-c950-471d-a6a7-01d0fb62f450\","
    "\"used_info_list\":["
    "{\"date\":\"2022-12-09\",\"use_time\":12.62},"
    "{\"date\":\"2022-12-10\",\"use_time\":2.62},"
    "{\"date\":\"2022-12-11\",\"use_time\":1.02},"
    "{\"date\":\"2022-12-12\",\"use_time\":0},"
    "{\"date\":\"2022-12-13\",\"use_time\":0},"
    "{\"date\":\"2022-12-14\",\"use_time\":3.87},"
    "{\"date\":\"2022-12-15\",\"use_time\":3.56}]},"
    "{\"desktop_id\":\"d5367f84-1d64-498e-9b92-093002ac6ce9\","
    "\"used_info_list\":["
    "{\"date\":\"2022-12-09\",\"use_time\":10.56},"
    "{\"date\":\"2022-12-10\",\"use_time\":1.38},"
    "{\"date\":\"2022-12-11\",\"use_time\":0},"
    "{\"date\":\"2022-12-12\",\"use_time\":0},"
    "{\"date\":\"2022-12-13\",\"use_time\":0},"
    "{\"date\":\"2022-12-14\",\"use_time\":3.87},"
    "{\"date\":\"2022-12-15\",\"use_time\":3.56}]}"
    "],\"total_count\":2}";

static const char published_strings[] =
    "{\"desktop_used_info_list\":["
    "{\"desktop_id\":\"c6e6dbd7-c950-471d-a6a7-01d0fb62f450\","
    "\"used_info_list\":["
    "{\"date\":\"2022-12-09\",\"use_time\":\"12.62\"},"
    "{\"date\":\"2022-12-10\",\"use_time\":\"2.62\"},"
    "{\"date\":\"2022-12-11\",\"use_time\":\"1.02\"},"
    "{\"date\":\"2022-12-12\",\"use_time\":\"0.00\"},"
    "{\"date\":\"2022-12-13\",\"use_time\":\"0.00\"},"
    "{\"date\":\"2022-12-14\",\"use_time\":\"3.87\"},"
    "{\"date\":\"2022-12-15\",\"use_time\":\"3.56\"}]},"
    "{\"desktop_id\":\"d5367f84-1d64-498e-9b92-093002ac6ce9\","
    "\"used_info_list\":["
    "{\"date\":\"2022-12-09\",\"use_time\":\"10.56\"},"
    "{\"date\":\"2022-12-10\",\"use_time\":\"1.38\"},"
    "{\"date\":\"2022-12-11\",\"use_time\":\"0.00\"},"
    "{\"date\":\"2022-12-12\",\"use_time\":\"0.00\"},"
    "{\"date\":\"2022-12-13\",\"use_time\":\"0.00\"},"
    "{\"date\":\"2022-12-14\",\"use_time\":\"3.87\"},"
    "{\"date\":\"2022-12-15\",\"use_time\":\"3.56\"}]}"
    "],\"total_count\":2}";


static void
start_published(reply_test_t *t)
{
    usage_day_t first;

    static const double one[] = { 45432, 9432, 3672, 0, USAGE_NOT_SHOWN, 13932,
        12816 };
    static const double two[] = { 38016, 4968, USAGE_NOT_SHOWN, 0, -0.0, 13932,
        12816 };

    assert_true(usage_day_parse("2022-12-09", &first));
    start(t, first, 7, 7);
    row(t, unit_str("c6e6dbd7-c950-471d-a6a7-01d0fb62f450"), one);
    row(t, unit_str("d5367f84-1d64-498e-9b92-093002ac6ce9"), two);
}


static void
check(usage_str_t text, const char *expected)
{
    if (!unit_is(text, expected)) {
        fail_msg("%.*s\nnot\n%s", (int) text.len, text.data, expected);
    }
}


static void
test_published_example(void **state)
{
    reply_test_t t;

    (void) state;

    start_published(&t);
    check(reply(&t, 0, 2, 2, USAGE_TIME_NUMBER), published);
    check(reply(&t, 0, 2, 2, USAGE_TIME_STRING), published_strings);
    unit_arena_free(&t.arena);
}


/*
 * Of a longer list, a part; the total is of all.
 */
static void
test_paging(void **state)
{
    size_t       from, count, i;
    json_t      *root, *list;
    usage_str_t  text;
    reply_test_t t;

    (void) state;

    start_published(&t);

    for (from = 0; from <= 2; from++) {
        for (count = 0; count <= 2 - from; count++) {
            text = reply(&t, from, count, 2000, USAGE_TIME_NUMBER);
            root =
                json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(root);
            assert_int_equal(json_object_size(root), 2);

            list = json_object_get(root, "desktop_used_info_list");
            assert_true(json_is_array(list));
            assert_int_equal(json_array_size(list), count);
            assert_int_equal(
                json_integer_value(json_object_get(root, "total_count")), 2000);

            for (i = 0; i < count; i++) {
                assert_true(unit_is(t.plan.table.desktops[from + i]->id,
                    json_string_value(json_object_get(
                        json_array_get(list, i), "desktop_id"))));
            }

            json_decref(root);
        }
    }

    check(reply(&t, 0, 0, 0, USAGE_TIME_NUMBER),
        "{\"desktop_used_info_list\":[],\"total_count\":0}");
    check(reply(&t, 2, 0, INT64_MAX, USAGE_TIME_STRING),
        "{\"desktop_used_info_list\":[],"
        "\"total_count\":9223372036854775807}");

    unit_arena_free(&t.arena);
}


static void
test_future(void **state)
{
    reply_test_t t;

    static const double seconds[] = { 5400, 3600 };

    (void) state;

    start(&t, 19367, 4, 2);
    row(&t, unit_str("a"), seconds);
    check(reply(&t, 0, 1, 1, USAGE_TIME_NUMBER),
        "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\",\"use_time\":1.5},"
        "{\"date\":\"2023-01-11\",\"use_time\":1},"
        "{\"date\":\"2023-01-12\",\"use_time\":0},"
        "{\"date\":\"2023-01-13\",\"use_time\":0}]}],\"total_count\":1}");
    unit_arena_free(&t.arena);

    /* nothing but future; the range's cell is no day's */

    start(&t, 19367, 1, 0);
    usage_table_add(&t.plan.table, unit_str("a"), NULL)->cells[0] = 7200;
    check(reply(&t, 0, 1, 1, USAGE_TIME_STRING),
        "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\","
        "\"use_time\":\"0.00\"}]}],\"total_count\":1}");
    unit_arena_free(&t.arena);
}


/*
 * One desktop of a reply as jansson reads it, against its cells.
 */
static void
check_desktop(const reply_test_t *t, const usage_desktop_t *desktop,
    const json_t *entry, usage_time_form_t form)
{
    char          date[USAGE_DATE_LEN + 1] = "";
    size_t        i;
    double        hours, seconds;
    const json_t *id, *list, *element, *time;

    id = json_object_get(entry, "desktop_id");
    list = json_object_get(entry, "used_info_list");

    assert_int_equal(json_object_size(entry), 2);
    assert_int_equal(json_string_length(id), desktop->id.len);
    assert_memory_equal(
        json_string_value(id), desktop->id.data, desktop->id.len);
    assert_int_equal(json_array_size(list), usage_request_days(&t->request));

    json_array_foreach (list, i, element) {
        usage_day_write(t->request.first + (usage_day_t) i, date);
        assert_int_equal(json_object_size(element), 2);
        assert_string_equal(
            json_string_value(json_object_get(element, "date")), date);

        time = json_object_get(element, "use_time");
        seconds =
            i < t->plan.days && desktop->cells[i] > 0 ? desktop->cells[i] : 0;

        if (form == USAGE_TIME_STRING) {
            assert_true(json_is_string(time));
            hours = strtod(json_string_value(time), NULL);

        } else {
            assert_true(json_is_number(time));
            hours = json_number_value(time);
        }

        assert_true(fabs(hours - seconds / 3600) <= 0.0050001 + seconds * 1e-15
                    || seconds > 1e17);
    }
}


/*
 * Any desktops, any seconds: the room is enough, and jansson reads it, whose
 * integers have 64 bits.
 */
static void
test_random(void **state)
{
    char              id[64];
    size_t            i, k, n, d, len, days, times;
    double            seconds[USAGE_DAYS_MAX];
    json_t           *root, *list;
    uint64_t          rnd;
    usage_str_t       text, str;
    reply_test_t      t;
    usage_time_form_t form;

    static const char *const chars[] = { "a", "\"", "\\", "\x01", "\x7f", "\n",
        "\xc3\xa9", "\xf0\x9f\x98\x80" };

    (void) state;

    rnd = unit_seed();

    for (i = 0, times = unit_times(2000); i < times; i++) {
        form = unit_chance(&rnd, 50) ? USAGE_TIME_NUMBER : USAGE_TIME_STRING;
        days = 1 + unit_below(&rnd, USAGE_DAYS_MAX);
        start(&t, (usage_day_t) unit_below(&rnd, 40000), days,
            unit_below(&rnd, days + 1));
        n = unit_below(&rnd, 6);

        for (k = 0; k < n; k++) {
            for (d = 0; d < days; d++) {
                seconds[d] =
                    unit_chance(&rnd, 20)   ? 0
                    : unit_chance(&rnd, 10) ? USAGE_NOT_SHOWN
                    : unit_chance(&rnd, 90)
                        ? (double) unit_below(&rnd, 86401)
                        : 1.79
                              * pow(10,
                                  (double) unit_below(&rnd,
                                      form == USAGE_TIME_STRING ? 309 : 22));
            }

            str.data = id;
            str.len = (size_t) snprintf(id, sizeof(id), "%zu", k);

            for (len = unit_below(&rnd, 12); len > 0; len--) {
                str.len += (size_t) snprintf(id + str.len, sizeof(id) - str.len,
                    "%s", chars[unit_below(&rnd, 8)]);
            }

            row(&t, str, seconds);
        }

        text = reply(&t, 0, n, 12345, form);

        root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);

        list = json_object_get(root, "desktop_used_info_list");
        assert_int_equal(json_array_size(list), n);

        for (k = 0; k < n; k++) {
            check_desktop(
                &t, t.plan.table.desktops[k], json_array_get(list, k), form);
        }

        json_decref(root);
        unit_arena_free(&t.arena);
    }
}


/*
 * The longest that there is: each cell the largest double, each character of
 * an id one that is escaped.
 */
static void
test_largest(void **state)
{
    char         id[USAGE_ID_BYTES_MAX];
    size_t       i;
    double       seconds[USAGE_DAYS_MAX];
    json_t      *root;
    usage_str_t  text, str;
    reply_test_t t;

    (void) state;

    for (i = 0; i < USAGE_DAYS_MAX; i++) {
        seconds[i] = 1.7976931348623157e308;
    }

    memset(id, '\x01', sizeof(id));
    start(&t, 19367, USAGE_DAYS_MAX, USAGE_DAYS_MAX);

    for (i = 0; i < 100; i++) {
        str.data = id;
        str.len = sizeof(id) - i;
        row(&t, str, seconds);
    }

    text = reply(&t, 0, 100, INT64_MIN, USAGE_TIME_STRING);
    root = json_loadb(text.data, text.len, 0, NULL);
    assert_non_null(root);
    json_decref(root);

    text = reply(&t, 0, 100, INT64_MAX, USAGE_TIME_NUMBER);
    assert_true(text.len > 100 * (USAGE_ID_BYTES_MAX - 100) * 6);

    t.arena.left = 0;
    assert_int_equal(usage_reply_write(&t.plan, t.plan.table.desktops, 1, 1,
                         USAGE_TIME_NUMBER, &t.arena.pool, &text),
        USAGE_ERROR);

    unit_arena_free(&t.arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_example),
        cmocka_unit_test(test_paging),
        cmocka_unit_test(test_future),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
