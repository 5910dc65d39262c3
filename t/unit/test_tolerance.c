/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "By the hour": records are held against the statistics.
 */

#include "unit.h"
#include "base/usage_tolerance.h"


static const usage_tolerance_t by_default = { USAGE_TOLERANCE_SHARE,
    USAGE_TOLERANCE_SECONDS };


/* 1 % is more than a minute a day */

static void
test_share(void **state)
{
    usage_tolerance_t half;

    (void) state;

    half.share = 0.5;
    half.seconds_per_day = 0;

    assert_int_equal(usage_tolerance_compare(&by_default, 36000, 36000, 1),
        USAGE_SHOWN_SAME);
    assert_int_equal(usage_tolerance_compare(&by_default, 35640, 36000, 1),
        USAGE_SHOWN_SAME);
    assert_int_equal(usage_tolerance_compare(&by_default, 35639, 36000, 1),
        USAGE_SHOWN_LESS);
    assert_int_equal(usage_tolerance_compare(&by_default, 36360, 36000, 1),
        USAGE_SHOWN_SAME);
    assert_int_equal(usage_tolerance_compare(&by_default, 36361, 36000, 1),
        USAGE_SHOWN_MORE);
    assert_int_equal(
        usage_tolerance_compare(&half, 500, 1000, 31), USAGE_SHOWN_SAME);
    assert_int_equal(
        usage_tolerance_compare(&half, 499, 1000, 31), USAGE_SHOWN_LESS);
}


/* a minute a day is more than 1 % */

static void
test_minute(void **state)
{
    (void) state;

    assert_int_equal(
        usage_tolerance_compare(&by_default, 0, 60, 1), USAGE_SHOWN_SAME);
    assert_int_equal(
        usage_tolerance_compare(&by_default, 0, 61, 1), USAGE_SHOWN_LESS);
    assert_int_equal(
        usage_tolerance_compare(&by_default, 60, 0, 1), USAGE_SHOWN_SAME);
    assert_int_equal(
        usage_tolerance_compare(&by_default, 61, 0, 1), USAGE_SHOWN_MORE);
    assert_int_equal(
        usage_tolerance_compare(&by_default, 1740, 3600, 31), USAGE_SHOWN_SAME);
    assert_int_equal(
        usage_tolerance_compare(&by_default, 1739, 3600, 31), USAGE_SHOWN_LESS);
}


/* none at all */

static void
test_exact(void **state)
{
    usage_tolerance_t exact;

    (void) state;

    exact.share = 0;
    exact.seconds_per_day = 0;

    assert_int_equal(
        usage_tolerance_compare(&exact, 3600, 3600, 31), USAGE_SHOWN_SAME);
    assert_int_equal(
        usage_tolerance_compare(&exact, 3599, 3600, 31), USAGE_SHOWN_LESS);
    assert_int_equal(
        usage_tolerance_compare(&exact, 3601, 3600, 31), USAGE_SHOWN_MORE);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_minute),
        cmocka_unit_test(test_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
