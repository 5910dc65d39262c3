/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's time in use: days, hours, periods, filing, rounding.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sim_index.h"
#include "sim_source.h"
#include "sim_time.h"
#include "sim_usage.h"


static int64_t
at(const char *s)
{
    int64_t t;

    assert_int_equal(sim_parse_time(s, &t), 0);

    return t;
}


static void
test_dates(void **state)
{
    char    text[24];
    size_t  i;
    int64_t day;

    static const char *const wrong[] = { "", "2022-12-9", "2022-13-01",
        "2022-00-01", "2022-02-29", "1900-02-29", "2022-04-31", "2022-01-00",
        "2022/01/01", "2022-01-01 ", " 2022-01-01", "+022-01-01" };

    (void) state;

    assert_int_equal(sim_parse_date("1970-01-01", &day), 0);
    assert_int_equal(day, 0);
    assert_int_equal(sim_parse_date("2000-02-29", &day), 0);
    assert_int_equal(day, 11016);
    assert_string_equal(sim_format_date(day + 1, text), "2000-03-01");
    assert_string_equal(sim_format_time(at("2022-12-09T23:59:59Z"), text),
        "2022-12-09T23:59:59Z");

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sim_parse_date(wrong[i], &day), -1);
    }

    for (day = -800000; day < 800000; day += 97) {
        int64_t back;

        if (day > -719528 && day < 2932896) {
            assert_int_equal(
                sim_parse_date(sim_format_date(day, text), &back), 0);
            assert_int_equal(back, day);
        }
    }
}


static void
test_minutes(void **state)
{
    size_t  i;
    int64_t t, minute;

    static const char *const wrong[] = { "", "2016-08-20T21:11", "2016-08-20",
        "2016-08-20T21:60Z", "2016-08-20T24:00Z", "2016-02-30T00:00Z",
        "2016-08-20T21:11:00Z", "2016-08-20 21:11Z" };

    (void) state;

    assert_int_equal(sim_parse_minute("2016-08-20T21:11Z", &minute), 0);
    assert_int_equal(sim_parse_time("2016-08-20T21:11:00Z", &t), 0);
    assert_int_equal(minute, t);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sim_parse_minute(wrong[i], &minute), -1);
    }
}


static void
test_rounding(void **state)
{
    (void) state;

    assert_int_equal(sim_hundredths(45432), 1262);
    assert_int_equal(sim_hundredths(0), 0);
    assert_int_equal(sim_hundredths(17), 0);
    assert_int_equal(sim_hundredths(18), 1);
    assert_int_equal(sim_hundredths(53), 1);
    assert_int_equal(sim_hundredths(54), 2);
    assert_int_equal(sim_hundredths(86400), 2400);
}


static void
test_filing(void **state)
{
    int     zone;
    int64_t day = 19000, hour;

    (void) state;

    /* a day is filed 26 hours after its start, less the zone, but not before
     * it is over */

    for (zone = -12; zone <= 14; zone++) {
        hour = 26 - zone > 24 ? 26 - zone : 24;
        assert_int_equal(
            sim_usage_filed(day * SIM_DAY + hour * SIM_HOUR, zone), day);
        assert_int_equal(
            sim_usage_filed(day * SIM_DAY + hour * SIM_HOUR - 1, zone),
            day - 1);
    }
}


/* Makes a tenant with two users and two desktops. */

static sim_tenant_t *
tenant(void)
{
    sim_tenant_t *t = sim_tenant_new();

    (void) sim_tenant_user(t, "a", "", NULL);
    (void) sim_tenant_user(t, "b", "", NULL);
    (void) sim_tenant_desktop(t, "d0", "D0", NULL, NULL);
    (void) sim_tenant_desktop(t, "d1", "D1", NULL, NULL);

    return t;
}


static void
add(sim_tenant_t *t, size_t user, size_t desktop, const char *setup,
    const char *end)
{
    (void) sim_tenant_session(
        t, user, desktop, at(setup), at(setup), end ? at(end) : SIM_NEVER);
}


static void
test_days(void **state)
{
    int64_t       d = sim_time_day(at("2022-12-09T00:00:00Z"));
    sim_tenant_t *t = tenant();

    (void) state;

    add(t, 0, 0, "2022-12-09T23:00:00Z", "2022-12-10T00:30:00Z");
    add(t, 1, 0, "2022-12-10T00:10:00Z", "2022-12-10T00:40:00Z");
    add(t, 0, 1, "2022-12-09T23:30:00Z", "2022-12-10T00:00:00Z");
    add(t, 0, 1, "2022-12-11T22:00:00Z", NULL);
    (void) sim_tenant_session(
        t, 0, 1, at("2022-12-09T01:00:00Z"), SIM_NEVER, SIM_NEVER);

    sim_tenant_index(t, at("2022-12-12T08:00:00Z"));

    /* overlapping sessions count once for the desktop */

    assert_int_equal(sim_usage_sum(t, t->desktops[0].usage, d, d), 3600);
    assert_int_equal(
        sim_usage_sum(t, t->desktops[0].usage, d + 1, d + 1), 2400);
    assert_int_equal(sim_usage_sum(t, t->desktops[0].usage, d, d + 1), 6000);
    assert_int_equal(
        sim_usage_sum(t, t->desktops[0].usage, d - 9, d + 99), 6000);

    /* for the user they count once on each desktop */

    assert_int_equal(sim_usage_sum(t, t->users[0].usage, d, d), 5400);
    assert_int_equal(sim_usage_sum(t, t->users[0].usage, d + 1, d + 1), 1800);
    assert_int_equal(sim_usage_sum(t, t->users[1].usage, d + 1, d + 1), 1800);
    assert_int_equal(sim_usage_sum(t, t->users[0].logins, d, d + 9), 3);

    /* an open session goes on with the clock */

    assert_int_equal(
        sim_usage_sum(t, t->desktops[1].usage, d + 2, d + 2), 7200);
    sim_tenant_refresh(t, at("2022-12-14T08:00:00Z"));
    assert_int_equal(
        sim_usage_sum(t, t->desktops[1].usage, d + 2, d + 4), 7200 + 2 * 86400);

    assert_int_equal(sim_usage_last(t, 0, at("2022-12-12T00:00:00Z")),
        at("2022-12-10T00:40:00Z"));
    assert_true(sim_usage_last(t, 0, at("2022-12-09T00:00:00Z")) == SIM_NEVER);

    sim_tenant_free(t);
}


static void
test_hours(void **state)
{
    int64_t          seconds[4] = { 0 };
    sim_tenant_t    *t = tenant();
    sim_scope_t      scope = { NULL, SIM_ANY, SIM_ANY, 0 };
    const sim_bins_t bins = { at("2022-12-09T10:00:00Z"), 3600, 4, seconds };

    (void) state;

    add(t, 0, 0, "2022-12-09T10:30:00Z", "2022-12-09T12:15:00Z");
    add(t, 1, 0, "2022-12-09T10:45:00Z", "2022-12-09T11:00:00Z");
    add(t, 1, 0, "2022-12-09T12:50:00Z", NULL);
    sim_tenant_index(t, at("2022-12-09T13:20:00Z"));

    scope.sessions = &t->desktops[0].sessions;
    scope.until = at("2022-12-09T13:20:00Z");
    sim_usage_bins(t, &scope, &bins);

    assert_int_equal(seconds[0], 1800);
    assert_int_equal(seconds[1], 3600);
    assert_int_equal(seconds[2], 1500);
    assert_int_equal(seconds[3], 1200);

    memset(seconds, 0, sizeof(seconds));
    scope.user = 1;
    sim_usage_bins(t, &scope, &bins);
    assert_int_equal(seconds[0], 900);
    assert_int_equal(seconds[1], 0);

    sim_tenant_free(t);
}


static void
test_periods(void **state)
{
    size_t        i, n;
    sim_tenant_t *t = sim_tenant_new();
    sim_period_t *p;

    static const int64_t sessions[][2] = { { 100, 200 }, { 150, 160 },
        { 180, 300 }, { 300, 310 }, { 400, 400 }, { 500, 900 },
        { 600, SIM_NEVER }, { 700, 800 }, { 2000, 2100 } };

    (void) state;

    (void) sim_tenant_user(t, "a", "", NULL);
    (void) sim_tenant_desktop(t, "d", "D", NULL, NULL);

    for (i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
        (void) sim_tenant_session(
            t, 0, 0, sessions[i][0], sessions[i][0], sessions[i][1]);
    }

    (void) sim_tenant_session(t, 0, 0, 350, SIM_NEVER, SIM_NEVER);
    sim_tenant_index(t, 1000);

    n = sim_usage_periods(t, 0, 1000, &p);
    assert_int_equal(n, 3);
    assert_int_equal(p[0].setup, 100);
    assert_int_equal(p[0].end, 310);
    assert_int_equal(p[1].setup, 400);
    assert_int_equal(p[1].end, 400);
    assert_int_equal(p[2].setup, 500);
    assert_true(p[2].end == SIM_NEVER);
    free(p);

    /* what is later than the clock has not happened */

    n = sim_usage_periods(t, 0, 250, &p);
    assert_int_equal(n, 1);
    assert_true(p[0].end == SIM_NEVER);
    free(p);

    assert_int_equal(sim_usage_periods(t, 0, 99, &p), 0);
    free(p);
    sim_tenant_free(t);
}


/* The sums of a generated tenant are those counted second by second. */

static void
test_generated(void **state)
{
    char              *busy;
    size_t             i, k;
    int64_t            day, from, s, e, x, sum;
    sim_tenant_t      *t;
    const sim_recipe_t r = { 7, 26, 5, 0, at("2022-12-20T08:00:00Z") };

    (void) state;

    t = sim_tenant_generate(&r);
    sim_tenant_index(t, r.now);
    busy = calloc(1, SIM_DAY);
    assert_non_null(busy);
    assert_int_equal(t->ndesktops, 26);

    for (day = t->first; day < t->first + t->ndays - 1; day++) {
        for (i = 0; i < t->ndesktops; i++) {
            from = day * SIM_DAY;
            memset(busy, 0, SIM_DAY);

            for (k = 0; k < t->nsessions; k++) {
                s = t->sessions[k].setup;
                e = t->sessions[k].end;
                e = e == SIM_NEVER ? INT64_MAX : e;

                if (t->sessions[k].desktop != i || s == SIM_NEVER) {
                    continue;
                }

                for (x = s > from ? s : from; x < e && x < from + SIM_DAY; x++)
                {
                    busy[x - from] = 1;
                }
            }

            for (sum = 0, x = 0; x < SIM_DAY; x++) {
                sum += busy[x];
            }

            assert_int_equal(
                sim_usage_sum(t, t->desktops[i].usage, day, day), sum);
        }
    }

    free(busy);
    sim_tenant_free(t);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_minutes),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_filing),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_generated),
    };

    return cmocka_run_group_tests_name("sim_usage", tests, NULL, NULL);
}
