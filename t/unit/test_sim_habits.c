/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's habits, and how times are shown by habit.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim_habits.h"
#include "sim_stamp.h"
#include "sim_tenant.h"


/* Sets a habit to the value that a JSON text has, as sim_habits_set() does. */

static int
set(sim_habits_t *h, const char *name, const char *value)
{
    int     rc;
    char    err[256] = "";
    json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);

    assert_non_null(v);
    rc = sim_habits_set(h, name, v, err);
    json_decref(v);
    assert_int_equal(rc == -1, err[0] != '\0');

    return rc;
}


static void
test_set(void **state)
{
    size_t       i;
    json_t      *all;
    sim_habits_t h, before;

    static const char *const wrong[][2] = { { "sid", "1" },
        { "sid", "\"true\"" }, { "records_names", "\"exac\"" },
        { "records_names", "\"exact|full\"" }, { "records_names", "1" },
        { "filing_zone", "15" }, { "filing_zone", "-13" },
        { "filing_zone", "\"1\"" }, { "records_limit", "0" } };

    (void) state;

    sim_habits_default(&h);
    assert_int_equal(h.records_names, SIM_FUZZY);
    assert_int_equal(h.sid, 1);
    assert_int_equal(h.records_clamp, 0);
    assert_int_equal(h.records_limit, 1000);

    before = h;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(set(&h, wrong[i][0], wrong[i][1]), -1);
    }

    assert_int_equal(set(&h, "none", "1"), 1);
    assert_memory_equal(&h, &before, sizeof(h));

    assert_int_equal(set(&h, "records_names", "\"full\""), 0);
    assert_int_equal(set(&h, "statistics_names", "\"ignored\""), 0);
    assert_int_equal(set(&h, "sid", "false"), 0);
    assert_int_equal(set(&h, "filing_zone", "-12"), 0);
    assert_int_equal(h.records_names, SIM_FULL);
    assert_int_equal(h.statistics_names, SIM_IGNORED);
    assert_int_equal(h.sid, 0);
    assert_int_equal(h.filing_zone, -12);

    all = sim_habits_json(&h);
    assert_string_equal(
        json_string_value(json_object_get(all, "records_names")), "full");
    assert_true(json_is_false(json_object_get(all, "sid")));
    assert_int_equal(
        json_integer_value(json_object_get(all, "filing_zone")), -12);
    json_decref(all);
}


static void
test_releases(void **state)
{
    char         name[16];
    size_t       i;
    sim_habits_t h, before;

    static const char *const wrong[] = { "", "2024-05", "2026-09", "2025-13",
        "2025-00", "2025-1", "2025-011", "+025-01", "2025/01" };

    (void) state;

    sim_habits_default(&h);
    h.idle = 1;
    before = h;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(sim_habits_release(&h, wrong[i]), -1);
        assert_memory_equal(&h, &before, sizeof(h));
    }

    assert_int_equal(sim_habits_release(&h, "2024-12"), 0);
    assert_string_equal(sim_habits_release_name(&h, name), "2024-12");
    assert_int_equal(h.records_limit, 100);
    assert_int_equal(h.sid, 1);
    assert_int_equal(h.desktop_id, 0);
    assert_int_equal(h.idle, 1); /* doesn't belong to a release */

    assert_int_equal(sim_habits_release(&h, "2026-08"), 0);
    assert_memory_equal(&h, &before, sizeof(h));

    sim_habits_random(&h, 1);
    assert_null(sim_habits_release_name(&h, name));
}


static void
test_random(void **state)
{
    int          met[5] = { 0 };
    uint64_t     seed;
    sim_habits_t h, again;

    (void) state;

    for (seed = 0; seed < 200; seed++) {
        memset(&h, 0, sizeof(h));
        memset(&again, 0xff, sizeof(again));
        sim_habits_random(&h, seed);
        sim_habits_random(&again, seed);
        assert_memory_equal(&h, &again, sizeof(h));
        met[h.open_end]++;
    }

    assert_true(met[0] && met[1] && met[2] && met[3] && met[4]);
}


/* Gives a member as sim_stamp() writes it; the text lasts until the next call.
 */

static const char *
stamp(int64_t t, sim_times_t form, sim_none_t none)
{
    static char text[64];
    sim_buf_t   b = { 0 };

    sim_buf_str(&b, "{");
    sim_stamp(&b, "k", t, form, none);
    assert_true(b.len < sizeof(text));
    memcpy(text, b.data, b.len + 1);
    sim_buf_free(&b);

    return text;
}


static void
test_stamp(void **state)
{
    int64_t t = 1587697367;

    (void) state;

    assert_string_equal(stamp(t, SIM_TIMES_T_Z, SIM_NONE_MISSING),
        "{\"k\":\"2020-04-24T03:02:47Z\"");
    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_MISSING),
        "{\"k\":\"2020-04-24T03:02:47\"");
    assert_string_equal(stamp(t, SIM_TIMES_SPACE_Z, SIM_NONE_MISSING),
        "{\"k\":\"2020-04-24 03:02:47Z\"");
    assert_string_equal(stamp(t, SIM_TIMES_SPACE, SIM_NONE_MISSING),
        "{\"k\":\"2020-04-24 03:02:47\"");

    t = SIM_NEVER;

    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_MISSING), "{");
    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_NULL), "{\"k\":null");
    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_EMPTY), "{\"k\":\"\"");
    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_YEAR_1),
        "{\"k\":\"0001-01-01T00:00:00Z\"");
    assert_string_equal(stamp(t, SIM_TIMES_T, SIM_NONE_YEAR_1_SPACE),
        "{\"k\":\"0001-01-01 00:00:00\"");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_releases),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_stamp),
    };

    return cmocka_run_group_tests_name("sim_habits", tests, NULL, NULL);
}
