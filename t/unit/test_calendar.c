/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days and dates, compared with the C library's calendar, and with one that
 * counts days one by one.
 */

#include "unit.h"
#include "base/usage_calendar.h"

#include <time.h>


#define DAY_FIRST (-719162) /* 0001-01-01 */
#define DAY_LAST  2932896   /* 9999-12-31 */


static bool
leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}


static int
days_of(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
        31 };

    return month == 2 && leap(year) ? 29 : days[month - 1];
}


/*
 * Every day of the years 1 to 9999, counted one by one.
 */
static void
test_every_day(void **state)
{
    int         year, month, dom;
    char        expected[16], date[USAGE_DATE_LEN + 1];
    usage_day_t day, parsed;

    (void) state;

    day = DAY_FIRST;
    date[USAGE_DATE_LEN] = '#';

    for (year = 1; year <= 9999; year++) {
        for (month = 1; month <= 12; month++) {
            for (dom = 1; dom <= days_of(year, month); dom++, day++) {

                expected[0] = (char) ('0' + year / 1000);
                expected[1] = (char) ('0' + year / 100 % 10);
                expected[2] = (char) ('0' + year / 10 % 10);
                expected[3] = (char) ('0' + year % 10);
                expected[4] = '-';
                expected[5] = (char) ('0' + month / 10);
                expected[6] = (char) ('0' + month % 10);
                expected[7] = '-';
                expected[8] = (char) ('0' + dom / 10);
                expected[9] = (char) ('0' + dom % 10);

                usage_day_write(day, date);

                if (memcmp(date, expected, USAGE_DATE_LEN) != 0
                    || date[USAGE_DATE_LEN] != '#'
                    || !usage_day_parse(expected, &parsed) || parsed != day)
                {
                    fail_msg("day %d is %.10s, not %.10s", day, expected, date);
                }
            }
        }
    }

    assert_int_equal(day, DAY_LAST + 1);
}


static void
test_c_library(void **state)
{
    int         day;
    char        expected[64], date[USAGE_HTTP_DATE_LEN + 1];
    time_t      seconds;
    struct tm   tm;
    usage_day_t parsed;

    (void) state;

    for (day = DAY_FIRST; day <= DAY_LAST; day += 13) {
        seconds = (time_t) day * USAGE_SECONDS_PER_DAY;
        assert_non_null(gmtime_r(&seconds, &tm));

        snprintf(expected, sizeof(expected), "%04d-%02d-%02d",
            (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
            tm.tm_mday % 100);

        usage_day_write(day, date);
        assert_memory_equal(date, expected, USAGE_DATE_LEN);

        assert_true(usage_day_parse(expected, &parsed));
        assert_true((time_t) parsed * USAGE_SECONDS_PER_DAY == timegm(&tm));

        memset(date, '#', sizeof(date));
        usage_day_write_http(day, date);
        assert_int_equal(date[USAGE_HTTP_DATE_LEN], '#');

        if (tm.tm_year + 1900 >= 1000) {
            strftime(
                expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm);
            assert_int_equal(strlen(expected), USAGE_HTTP_DATE_LEN);
            assert_memory_equal(date, expected, USAGE_HTTP_DATE_LEN);
        }
    }
}


static void
test_http_date(void **state)
{
    char date[USAGE_HTTP_DATE_LEN];

    (void) state;

    usage_day_write_http(0, date);
    assert_memory_equal(
        date, "Thu, 01 Jan 1970 00:00:00 GMT", USAGE_HTTP_DATE_LEN);

    usage_day_write_http(-1, date);
    assert_memory_equal(
        date, "Wed, 31 Dec 1969 00:00:00 GMT", USAGE_HTTP_DATE_LEN);

    usage_day_write_http(20283, date);
    assert_memory_equal(
        date, "Mon, 14 Jul 2025 00:00:00 GMT", USAGE_HTTP_DATE_LEN);
}


/*
 * Every month and day of two digits, in years of each kind.
 */
static void
test_not_in_the_calendar(void **state)
{
    static const int years[] = { 0, 1, 4, 100, 400, 1600, 1700, 1900, 1970,
        2000, 2022, 2023, 2024, 2100, 9996, 9999 };

    int         month, dom;
    bool        valid;
    char        date[16];
    size_t      i;
    usage_day_t day;

    (void) state;

    for (i = 0; i < unit_count(years); i++) {
        for (month = 0; month <= 99; month++) {
            for (dom = 0; dom <= 99; dom++) {
                snprintf(
                    date, sizeof(date), "%04d-%02d-%02d", years[i], month, dom);

                valid = years[i] > 0 && month >= 1 && month <= 12 && dom >= 1
                        && dom <= days_of(years[i], month);

                if (usage_day_parse(date, &day) != valid) {
                    fail_msg("%s is%s a date", date, valid ? "" : " not");
                }
            }
        }
    }
}


static void
test_day_of_time(void **state)
{
    size_t i;

    static const struct {
        int64_t     time;
        usage_day_t day;
    } cases[] = {
        { 0, 0 },
        { 1, 0 },
        { 86399, 0 },
        { 86400, 1 },
        { -1, -1 },
        { -86400, -1 },
        { -86401, -2 },
        { 1673352000, 19367 },
        { INT64_C(253402300799), DAY_LAST },
        { INT64_C(253402300800), DAY_LAST + 1 },
        { INT64_C(-62135596800), DAY_FIRST },
        { INT64_C(-62135596801), DAY_FIRST - 1 },
    };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        assert_int_equal(usage_day_of(cases[i].time), cases[i].day);
    }
}


/*
 * A day is forgotten once its last second is too old.
 */
static void
test_forgotten(void **state)
{
    int64_t     last, memory;
    usage_day_t day;

    (void) state;

    memory = INT64_C(180) * USAGE_SECONDS_PER_DAY;

    for (day = -400; day < 30000; day += 37) {
        last = (int64_t) day * USAGE_SECONDS_PER_DAY + 86399;

        assert_false(usage_day_forgotten(day, last, memory));
        assert_false(usage_day_forgotten(day, last + memory, memory));
        assert_true(usage_day_forgotten(day, last + memory + 1, memory));
        assert_false(usage_day_forgotten(day + 1, last + memory + 1, memory));
        assert_true(usage_day_forgotten(day - 1, last + memory, memory));
        assert_true(usage_day_forgotten(day, last + memory + 86400, memory));
        assert_false(usage_day_forgotten(day, last + 1, 1));
        assert_true(usage_day_forgotten(day, last + 2, 1));
    }

    /* the future isn't forgotten */

    assert_false(usage_day_forgotten(20000, 0, 1));
}


static void
check_time(int64_t time)
{
    char        text[USAGE_TIME_LEN + 1], expected[64];
    time_t      seconds;
    int64_t     parsed;
    struct tm   tm;
    usage_str_t str;

    seconds = (time_t) time;
    assert_non_null(gmtime_r(&seconds, &tm));
    assert_true((int64_t) timegm(&tm) == time);

    snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ",
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
        tm.tm_sec);

    text[USAGE_TIME_LEN] = '#';
    usage_time_write(time, text);

    str.data = text;
    str.len = USAGE_TIME_LEN;

    if (!unit_is(str, expected) || text[USAGE_TIME_LEN] != '#'
        || !usage_time_parse(str, &parsed) || parsed != time)
    {
        fail_msg("%" PRId64 " is %s, not %.20s", time, expected, text);
    }
}


/*
 * Times of all years, and each second of a day.
 */
static void
test_times(void **state)
{
    size_t   i, times;
    int64_t  time, first, last;
    uint64_t rnd;

    (void) state;

    first = (int64_t) DAY_FIRST * USAGE_SECONDS_PER_DAY;
    last = ((int64_t) DAY_LAST + 1) * USAGE_SECONDS_PER_DAY - 1;
    rnd = unit_seed();

    check_time(first);
    check_time(last);

    for (time = -USAGE_SECONDS_PER_DAY; time <= USAGE_SECONDS_PER_DAY; time++) {
        check_time(time);
    }

    for (i = 0, times = unit_times(100000); i < times; i++) {
        check_time(
            first + (int64_t) unit_below(&rnd, (size_t) (last - first + 1)));
    }
}


/*
 * Parses text in a block of just its length, so that the sanitizer sees what is
 * read behind it.
 */
static bool
parse_time(usage_str_t text, int64_t *time)
{
    bool  is;
    char *copy;

    copy = unit_exact(text);
    text.data = copy;
    is = usage_time_parse(text, time);
    free(copy);

    return is;
}


static void
test_time_forms(void **state)
{
    size_t      i, k;
    int64_t     time;
    usage_str_t text;

    char              bytes[sizeof("2020-04-24T03:02:47Z")];
    static const char example[] = "2020-04-24T03:02:47Z";

    static const char *const right[] = { "2020-04-24T03:02:47.0Z",
        "2020-04-24T03:02:47.9Z", "2020-04-24T03:02:47.123Z",
        "2020-04-24T03:02:47.999999999Z" };

    static const char *const wrong[] = { "", "Z", "2020-04-24",
        "2020-04-24T03:02:47", "2020-04-24T03:02:47z", "2020-04-24t03:02:47Z",
        "2020-04-24 03:02:47Z", "2020-04-24T03:02:47ZZ",
        "2020-04-24T03:02:47Z ", " 2020-04-24T03:02:47Z",
        "2020-04-24T03:02:47+00:00", "2020-04-24T03:02:47+0000",
        "2020-04-24T03:02:47.Z", "2020-04-24T03:02:47.1", "2020-04-24T03:02Z",
        "2020-04-24T03:02:47,1Z", "2020-04-24T03:02:47.1.Z",
        "2020-04-24T03:02:47.1 Z", "2020-04-24T03:02:47.-1Z",
        "2020-04-24T03:02:47.1234567890Z", "2020-04-24T24:00:00Z",
        "2020-04-24T03:60:00Z", "2020-04-24T03:02:60Z", "2016-12-31T22:59:60Z",
        "2016-12-31T23:58:60Z", "2016-12-31T23:59:61Z", "2020-04-24T3:02:47Z",
        "2020-04-24T003:02:4Z", "20200424T030247Z", "2020-04-24T-3:02:47Z",
        "2020-04-24T+3:02:47Z", "2020-04-24T 3:02:47Z", "2020-00-24T03:02:47Z",
        "2020-13-24T03:02:47Z", "2020-04-00T03:02:47Z", "2020-04-31T03:02:47Z",
        "2021-02-29T03:02:47Z", "0000-01-01T00:00:00Z", "12020-04-24T03:02:47Z",
        "-020-04-24T03:02:47Z", "1587697367", "Fri, 24 Apr 2020 03:02:47 GMT" };

    (void) state;

    assert_true(parse_time(unit_str(example), &time));
    assert_true(time == INT64_C(1587697367));

    for (i = 0; i < unit_count(right); i++) {
        time = 0;
        assert_true(parse_time(unit_str(right[i]), &time));
        assert_true(time == INT64_C(1587697367));
    }

    /* a leap second is the next day's start */

    assert_true(parse_time(unit_str("2016-12-31T23:59:60Z"), &time));
    assert_true(time == INT64_C(1483228800));
    assert_true(parse_time(unit_str("2016-12-31T23:59:60.9Z"), &time));
    assert_true(time == INT64_C(1483228800));

    for (i = 0; i < unit_count(wrong); i++) {
        if (parse_time(unit_str(wrong[i]), &time)) {
            fail_msg("%s is a time", wrong[i]);
        }
    }

    /* cut anywhere */

    for (i = 0; i < sizeof(example) - 1; i++) {
        text.data = example;
        text.len = i;
        assert_false(parse_time(text, &time));
    }

    /* any other byte in any place: a digit for a digit, or no time */

    for (i = 0; i < sizeof(example) - 1; i++) {
        for (k = 0; k < 256; k++) {
            memcpy(bytes, example, sizeof(bytes));
            bytes[i] = (char) k;
            text.data = bytes;
            text.len = sizeof(bytes) - 1;

            if (bytes[i] != example[i] && strchr("-T:Z", example[i]) == NULL
                && k >= '0' && k <= '9')
            {
                continue;
            }

            assert_int_equal(parse_time(text, &time), bytes[i] == example[i]);
        }
    }
}


/*
 * Hours of the day: two digits of each, up to 99.
 */
static void
test_clock(void **state)
{
    int     n, place;
    bool    valid;
    char    text[USAGE_TIME_LEN + 1];
    int64_t time;

    static const int places[] = { 11, 14, 17 };
    static const int ends[] = { 24, 60, 60 };
    static const int seconds[] = { 3600, 60, 1 };

    (void) state;

    for (place = 0; place < 3; place++) {
        for (n = 0; n <= 99; n++) {
            memcpy(text, "1970-01-01T00:00:00Z", sizeof(text));
            text[places[place]] = (char) ('0' + n / 10);
            text[places[place] + 1] = (char) ('0' + n % 10);

            valid = parse_time(unit_str(text), &time);
            assert_int_equal(valid, n < ends[place]);
            assert_true(!valid || time == (int64_t) n * seconds[place]);
        }
    }
}


static void
test_hour_label(void **state)
{
    char label[USAGE_LABEL_MAX + 1], format[USAGE_LABEL_MAX + 2];

    (void) state;

    assert_int_equal(
        usage_hour_label(1670590800, "%Y-%m-%dT%H:00:00Z", label), 20);
    assert_string_equal(label, "2022-12-09T13:00:00Z");

    assert_int_equal(usage_hour_label(-3600, "%a %H %z %%", label), 14);
    assert_string_equal(label, "Wed 23 +0000 %");

    assert_int_equal(usage_hour_label(0, "", label), 0);

    memset(format, 'x', sizeof(format));
    format[USAGE_LABEL_MAX + 1] = '\0';
    assert_int_equal(usage_hour_label(0, format + 1, label), USAGE_LABEL_MAX);
    assert_int_equal(usage_hour_label(0, format, label), 0);

    /* a year that struct tm doesn't hold */

    assert_int_equal(usage_hour_label(INT64_MAX, "%H", label), 0);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_c_library),
        cmocka_unit_test(test_http_date),
        cmocka_unit_test(test_not_in_the_calendar),
        cmocka_unit_test(test_day_of_time),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_time_forms),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_hour_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
