/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy reply: the published example to the digit; then any requests,
 * items and forms, for which jansson reads the reply, and each value is
 * compared with one that is computed in another way.
 */

#include "unit.h"
#include "reply/usage_reply.h"
#include "base/usage_number.h"

#include <jansson.h>
#include <math.h>
#include <time.h>


#define ITEMS_MAX 100
#define BINS_MAX  (USAGE_DAYS_MAX * USAGE_HOURS_PER_DAY)

#define ISO_HOURS "%Y-%m-%dT%H:00:00Z"


typedef struct {
    unit_arena_t    arena;
    usage_request_t request;
    usage_form_t    form;
    usage_item_t    items[ITEMS_MAX];
    size_t          count;
    size_t          past; /* elements */
} reply_test_t;


static void
start(reply_test_t *t, usage_day_t first, size_t days, size_t past)
{
    unit_arena_start(&t->arena);
    memset(&t->request, 0, sizeof(t->request));

    t->request.first = first;
    t->request.last = first + (usage_day_t) days - 1;
    t->request.limit = 100;
    t->request.user = unit_str("");
    t->request.domain = unit_str("");
    t->form.use_time = USAGE_TIME_NUMBER;
    t->form.hour_format = ISO_HOURS;
    t->count = 0;
    t->past = past;
}


/*
 * Adds an item, whose seconds have a block of just their length.
 */
static void
item(reply_test_t *t, usage_str_t id, const double *seconds)
{
    char   *text;
    double *copy;

    text = usage_alloc(&t->arena.pool, id.len);
    copy = usage_alloc(&t->arena.pool, t->past * sizeof(double));

    if (id.len > 0) {
        memcpy(text, id.data, id.len);
    }

    if (t->past > 0) {
        memcpy(copy, seconds, t->past * sizeof(double));
    }

    t->items[t->count].id.data = text;
    t->items[t->count].id.len = id.len;
    t->items[t->count++].seconds = copy;
}


static usage_str_t
reply(reply_test_t *t, size_t from, size_t count, int64_t total)
{
    usage_str_t text;

    assert_int_equal(usage_reply_write(&t->request, t->items + from, count,
                         t->past, total, &t->form, &t->arena.pool, &text),
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

    static const double one[] = { 45432, 9432, 3672, 0, -1, 13932, 12816 };
    static const double two[] = { 38016, 4968, -1, 0, -0.0, 13932, 12816 };

    assert_true(usage_day_parse("2022-12-09", &first));
    start(t, first, 7, 7);
    item(t, unit_str("c6e6dbd7-c950-471d-a6a7-01d0fb62f450"), one);
    item(t, unit_str("d5367f84-1d64-498e-9b92-093002ac6ce9"), two);
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
    check(reply(&t, 0, 2, 2), published);
    t.form.use_time = USAGE_TIME_STRING;
    check(reply(&t, 0, 2, 2), published_strings);
    unit_arena_free(&t.arena);
}


/*
 * A reply may list a part of the desktops; the total counts all.
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
            text = reply(&t, from, count, 2000);
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
                assert_true(unit_is(t.items[from + i].id,
                    json_string_value(json_object_get(
                        json_array_get(list, i), "desktop_id"))));
            }

            json_decref(root);
        }
    }

    check(reply(&t, 0, 0, 0),
        "{\"desktop_used_info_list\":[],\"total_count\":0}");
    check(reply(&t, 2, 0, INT64_MAX), "{\"desktop_used_info_list\":[],"
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
    item(&t, unit_str("a"), seconds);
    check(reply(&t, 0, 1, 1),
        "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\",\"use_time\":1.5},"
        "{\"date\":\"2023-01-11\",\"use_time\":1},"
        "{\"date\":\"2023-01-12\",\"use_time\":0},"
        "{\"date\":\"2023-01-13\",\"use_time\":0}]}],\"total_count\":1}");
    unit_arena_free(&t.arena);

    /* nothing but future, for which there are no seconds */

    start(&t, 19367, 1, 0);
    t.form.use_time = USAGE_TIME_STRING;
    t.items[0].id = unit_str("a");
    t.items[0].seconds = NULL;
    check(reply(&t, 0, 1, 1),
        "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\","
        "\"use_time\":\"0.00\"}]}],\"total_count\":1}");
    unit_arena_free(&t.arena);
}


/*
 * Hours from the table and hours that are computed, below 0 and beyond a day,
 * in turn: each is the same as usage_hours_write_*() writes it.
 */
static void
test_all_seconds(void **state)
{
    char         hours[USAGE_HOURS_MAX + 1];
    size_t       i, k;
    double       seconds[USAGE_DAYS_MAX];
    unit_text_t  expected = { 0 };
    reply_test_t t;

    static const double values[] = { -1, 0, 18, -17.99, 45432, -18, 86417,
        86417.999, 86418, -1e300, 17.999, 1e9, 3.5, 9.99e8, -0.0, 1e300, 86400,
        53.99999 };

    (void) state;

    for (i = 0; i < USAGE_DAYS_MAX; i++) {
        seconds[i] = values[i % unit_count(values)];
    }

    for (k = 0; k < 2; k++) {
        start(&t, 19358, USAGE_DAYS_MAX, USAGE_DAYS_MAX);
        t.form.use_time = k == 0 ? USAGE_TIME_NUMBER : USAGE_TIME_STRING;
        item(&t, unit_str("a"), seconds);

        unit_text_clear(&expected);
        unit_adds(&expected,
            "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
            "\"used_info_list\":[");

        for (i = 0; i < USAGE_DAYS_MAX; i++) {
            *(k == 0 ? usage_hours_write_number : usage_hours_write_decimals)(
                hours, seconds[i] > 0 ? seconds[i] : 0) = '\0';
            unit_addf(&expected,
                "%s{\"date\":\"2023-01-%02zu\",\"use_time\":%s%s%s}",
                i > 0 ? "," : "", i + 1, k == 0 ? "" : "\"", hours,
                k == 0 ? "" : "\"");
        }

        unit_adds(&expected, "]}],\"total_count\":1}");
        check(reply(&t, 0, 1, 1), expected.data);
        unit_arena_free(&t.arena);
    }

    unit_text_free(&expected);
}


/*
 * Each entry has the user, also the last one, which is of no desktop.
 */
static void
test_user(void **state)
{
    reply_test_t t;

    static const double seconds[] = { 5400, 3600 };

    (void) state;

    start(&t, 19367, 2, 2);
    t.request.user = unit_str("a\"b\\\x01\x7f\xc3\xa9");
    item(&t, unit_str("x"), seconds);
    item(&t, unit_str(""), seconds);

    check(reply(&t, 0, 2, 2),
        "{\"desktop_used_info_list\":[{\"desktop_id\":\"x\","
        "\"desktop_username\":\"a\\\"b\\\\\\u0001\\u007f\xc3\xa9\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\",\"use_time\":1.5},"
        "{\"date\":\"2023-01-11\",\"use_time\":1}]},"
        "{\"desktop_username\":\"a\\\"b\\\\\\u0001\\u007f\xc3\xa9\","
        "\"used_info_list\":[{\"date\":\"2023-01-10\",\"use_time\":1.5},"
        "{\"date\":\"2023-01-11\",\"use_time\":1}]}],\"total_count\":2}");

    /* without one, an entry of no desktop has its list alone */

    t.request.user = unit_str("");
    check(reply(&t, 1, 1, 1),
        "{\"desktop_used_info_list\":[{\"used_info_list\":["
        "{\"date\":\"2023-01-10\",\"use_time\":1.5},"
        "{\"date\":\"2023-01-11\",\"use_time\":1}]}],\"total_count\":1}");

    unit_arena_free(&t.arena);
}


static void
test_hours(void **state)
{
    size_t       i;
    double       seconds[BINS_MAX];
    unit_text_t  expected = { 0 };
    reply_test_t t;

    static const char *const hours[] = { "0", "0.25", "0.5", "0.75" };

    (void) state;

    for (i = 0; i < BINS_MAX; i++) {
        seconds[i] = (double) (i % 4) * 900;
    }

    start(&t, 19357, 2, 30);
    t.request.hours = true;
    item(&t, unit_str("a"), seconds);

    unit_adds(&expected, "{\"desktop_used_info_list\":[{\"desktop_id\":\"a\","
                         "\"used_info_list\":[");

    for (i = 0; i < 48; i++) {
        unit_addf(&expected, "%s{\"date\":\"%sT%02zu:00:00Z\",\"use_time\":%s}",
            i > 0 ? "," : "", i < 24 ? "2022-12-31" : "2023-01-01", i % 24,
            i < 30 ? hours[i % 4] : "0");
    }

    unit_adds(&expected, "]}],\"total_count\":1}");
    check(reply(&t, 0, 1, 1), expected.data);

    unit_text_free(&expected);
    unit_arena_free(&t.arena);
}


static void
test_hour_formats(void **state)
{
    char         format[USAGE_LABEL_MAX + 2];
    size_t       i;
    json_t      *root;
    double       seconds[24] = { 0 };
    usage_str_t  text;
    reply_test_t t;

    static const struct {
        const char *format, *first;
    } cases[] = {
        { "%d.%m.%Y %k h", "31.12.2022  0 h" },
        { "\"%H\"\\\t", "\"00\"\\\t" },
        { "%H\xc2\xa0Uhr", "00\xc2\xa0Uhr" },
        { "%H\xff", "00?" },
        { "%%", "%" },
    };

    (void) state;

    start(&t, 19357, 1, 24);
    t.request.hours = true;
    item(&t, unit_str("a"), seconds);

    for (i = 0; i < unit_count(cases); i++) {
        t.form.hour_format = cases[i].format;
        text = reply(&t, 0, 1, 1);
        root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        assert_string_equal(
            json_string_value(json_object_get(
                json_array_get(
                    json_object_get(
                        json_array_get(
                            json_object_get(root, "desktop_used_info_list"), 0),
                        "used_info_list"),
                    0),
                "date")),
            cases[i].first);
        json_decref(root);
    }

    /* the longest label, and those that are none */

    memset(format, '\x01', sizeof(format));
    format[USAGE_LABEL_MAX + 1] = '\0';

    t.form.hour_format = format + 1;
    text = reply(&t, 0, 1, 1);
    assert_true(text.len > 24 * 6 * USAGE_LABEL_MAX);

    t.form.hour_format = format;
    assert_int_equal(usage_reply_write(&t.request, t.items, 1, 24, 1, &t.form,
                         &t.arena.pool, &text),
        USAGE_ERROR);

    t.form.hour_format = "";
    assert_int_equal(usage_reply_write(&t.request, t.items, 1, 24, 1, &t.form,
                         &t.arena.pool, &text),
        USAGE_ERROR);

    /* which days don't have */

    t.request.hours = false;
    t.past = 1;
    (void) reply(&t, 0, 1, 1);

    unit_arena_free(&t.arena);
}


/*
 * Gives the date of the ith element, by the C library.
 */
static void
expected_date(const reply_test_t *t, size_t i, char *date, size_t size)
{
    time_t    time;
    struct tm tm;

    time = (time_t) t->request.first * 86400
           + (time_t) i * (t->request.hours ? 3600 : 86400);

    assert_non_null(gmtime_r(&time, &tm));
    assert_true(strftime(date, size,
                    t->request.hours ? t->form.hour_format : "%Y-%m-%d", &tm)
                > 0);
}


static void
check_string(const json_t *value, usage_str_t text)
{
    assert_int_equal(json_string_length(value), text.len);
    assert_memory_equal(json_string_value(value), text.data, text.len);
}


/*
 * Compares an entry of a reply, as jansson reads it, with its item.
 */
static void
check_entry(
    const reply_test_t *t, const usage_item_t *expected, const json_t *entry)
{
    char          date[256];
    size_t        i, bins;
    double        hours, seconds;
    const json_t *list, *element, *time;

    list = json_object_get(entry, "used_info_list");
    bins = (size_t) (t->request.last - t->request.first + 1)
           * (t->request.hours ? 24 : 1);

    assert_int_equal(json_array_size(list), bins);
    assert_int_equal(json_object_size(entry),
        1 + (expected->id.len > 0) + (t->request.user.len > 0));

    if (expected->id.len > 0) {
        check_string(json_object_get(entry, "desktop_id"), expected->id);
    }

    if (t->request.user.len > 0) {
        check_string(
            json_object_get(entry, "desktop_username"), t->request.user);
    }

    json_array_foreach (list, i, element) {
        expected_date(t, i, date, sizeof(date));
        assert_int_equal(json_object_size(element), 2);
        assert_string_equal(
            json_string_value(json_object_get(element, "date")), date);

        time = json_object_get(element, "use_time");
        seconds =
            i < t->past && expected->seconds[i] > 0 ? expected->seconds[i] : 0;

        if (t->form.use_time == USAGE_TIME_STRING) {
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


static void
check_reply(const reply_test_t *t, usage_str_t text)
{
    size_t  k;
    json_t *root, *list;

    root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);

    list = json_object_get(root, "desktop_used_info_list");
    assert_int_equal(json_array_size(list), t->count);

    for (k = 0; k < t->count; k++) {
        check_entry(t, &t->items[k], json_array_get(list, k));
    }

    json_decref(root);
}


/*
 * Makes a name of 0 to max characters of all kinds.
 */
static usage_str_t
random_name(uint64_t *rnd, size_t max, unit_text_t *name)
{
    size_t left;

    static const char *const chars[] = { "a", "7", "\"", "\\", "/", "\x01",
        "\x1f", "\x7f", "\n", "\t", "<", "\xc3\xa9", "\xe2\x82\xac",
        "\xe2\x80\xa8", "\xf0\x9f\x98\x80" };

    unit_text_clear(name);

    for (left = unit_below(rnd, max + 1); left > 0; left--) {
        unit_adds(name, chars[unit_below(rnd, unit_count(chars))]);
    }

    return unit_text_str(name);
}


static double
random_seconds(uint64_t *rnd, usage_time_form_t form)
{
    if (unit_chance(rnd, 20)) {
        return 0;
    }

    if (unit_chance(rnd, 10)) {
        return -1;
    }

    if (unit_chance(rnd, 90)) {
        return (double) unit_below(rnd, 86401);
    }

    /* (jansson's integers have 64 bits) */

    return 1.79
           * pow(10,
               (double) unit_below(rnd, form == USAGE_TIME_STRING ? 309 : 22));
}


/*
 * Any request, items and seconds: the memory is enough, and jansson reads the
 * reply.
 */
static void
test_random(void **state)
{
    size_t       i, k, n, days, bins, times;
    double       seconds[BINS_MAX];
    uint64_t     rnd;
    unit_text_t  user = { 0 }, id = { 0 };
    reply_test_t t;

    static const char *const formats[] = { ISO_HOURS, "%d.%m.%Y %k h", "%Y%j%H",
        "%A, %d %B %Y %I %p %Z \"%H\"", "%H\xe2\x82\xac\n" };

    (void) state;

    rnd = unit_seed();

    for (i = 0, times = unit_times(2000); i < times; i++) {
        days = 1 + unit_below(&rnd, unit_chance(&rnd, 20) ? USAGE_DAYS_MAX : 4);
        start(&t, (usage_day_t) unit_below(&rnd, 40000), days, 0);

        t.request.hours = unit_chance(&rnd, 50);
        t.form.hour_format = formats[unit_below(&rnd, unit_count(formats))];
        t.form.use_time =
            unit_chance(&rnd, 50) ? USAGE_TIME_NUMBER : USAGE_TIME_STRING;

        if (unit_chance(&rnd, 50)) {
            t.request.user = random_name(&rnd, 20, &user);
        }

        bins = days * (t.request.hours ? 24 : 1);
        t.past = unit_below(&rnd, bins + 1);

        for (n = unit_below(&rnd, 6); n > 0; n--) {
            for (k = 0; k < t.past; k++) {
                seconds[k] = random_seconds(&rnd, t.form.use_time);
            }

            item(&t, random_name(&rnd, 12, &id), seconds);
        }

        check_reply(&t, reply(&t, 0, t.count, 12345));
        unit_arena_free(&t.arena);
    }

    unit_text_free(&user);
    unit_text_free(&id);
}


/*
 * The longest reply there can be: each cell is the largest double, each
 * character of an id and of the user is escaped or has four bytes.
 */
static void
test_largest(void **state)
{
    char         id[USAGE_ID_BYTES_MAX];
    size_t       i;
    double       seconds[BINS_MAX];
    unit_text_t  user = { 0 };
    usage_str_t  text, str;
    reply_test_t t;

    (void) state;

    for (i = 0; i < BINS_MAX; i++) {
        seconds[i] = 1.7976931348623157e308;
    }

    memset(id, '\x01', sizeof(id));
    start(&t, 19367, USAGE_DAYS_MAX, USAGE_DAYS_MAX);
    t.request.hours = true;
    t.past = BINS_MAX;
    t.form.use_time = USAGE_TIME_STRING;

    for (i = 0; i < ITEMS_MAX; i++) {
        str.data = id;
        str.len = sizeof(id) - i;
        item(&t, str, seconds);
    }

    for (i = 0; i < USAGE_ID_CHARS_MAX; i++) {
        unit_adds(&user, "\xf0\x9f\x98\x80");
    }

    t.request.user = unit_text_str(&user);
    check_reply(&t, reply(&t, 0, ITEMS_MAX, INT64_MIN));

    str.len = USAGE_ID_CHARS_MAX;
    t.request.user = str;
    check_reply(&t, reply(&t, 0, ITEMS_MAX, INT64_MAX));

    t.form.use_time = USAGE_TIME_NUMBER;
    text = reply(&t, 0, ITEMS_MAX, INT64_MAX);
    assert_true(text.len > ITEMS_MAX * (USAGE_ID_BYTES_MAX - 100) * 6);

    /* and by the day */

    t.request.hours = false;
    t.past = USAGE_DAYS_MAX;
    t.form.use_time = USAGE_TIME_STRING;
    check_reply(&t, reply(&t, 0, ITEMS_MAX, INT64_MAX));

    unit_text_free(&user);
    unit_arena_free(&t.arena);
}


static void
test_out_of_memory(void **state)
{
    size_t         left;
    usage_str_t    text;
    usage_result_t rc;
    reply_test_t   t;

    (void) state;

    start_published(&t);
    t.request.user = unit_str("u");

    for (left = 0;; left++) {
        t.arena.left = left;
        rc = usage_reply_write(
            &t.request, t.items, 2, t.past, 2, &t.form, &t.arena.pool, &text);

        if (rc == USAGE_OK) {
            break;
        }

        assert_int_equal(rc, USAGE_ERROR);
    }

    assert_true(left > 0);
    check_reply(&t, text);
    unit_arena_free(&t.arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_example),
        cmocka_unit_test(test_paging),
        cmocka_unit_test(test_future),
        cmocka_unit_test(test_all_seconds),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_hour_formats),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
