/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sessions and the time in use that they add up to, against a naive count of
 * every second.
 */

#include "unit.h"
#include "gather/usage_session.h"


#define BINS_MAX 64


static void
add(usage_sessions_t *sessions, unit_arena_t *arena, int64_t from, int64_t to)
{
    usage_session_t session;

    session.from = from;
    session.to = to;

    assert_int_equal(
        usage_sessions_add(sessions, session, &arena->pool), USAGE_OK);
}


/*
 * The seconds of each bin in which any of the sessions was in use.
 */
static void
naive(const usage_session_t *list, size_t n, int64_t start, int64_t width,
    size_t count, double *bins)
{
    size_t  i;
    int64_t second;

    for (second = start; second < start + (int64_t) count * width; second++) {
        for (i = 0; i < n; i++) {
            if (list[i].from <= second && second < list[i].to) {
                bins[(second - start) / width] += 1;
                break;
            }
        }
    }
}


static void
test_documented(void **state)
{
    double           bins[3] = { 0 };
    unit_arena_t     arena;
    usage_sessions_t sessions = { 0 };

    (void) state;

    unit_arena_start(&arena);

    /* no session */

    usage_sessions_count(&sessions, 0, 3600, 3, bins);
    assert_true(bins[0] == 0 && bins[1] == 0 && bins[2] == 0);

    /* across an hour; one within it; one after, that touches it */

    add(&sessions, &arena, 3000, 4000);
    add(&sessions, &arena, 3100, 3200);
    add(&sessions, &arena, 4000, 4010);
    usage_sessions_count(&sessions, 0, 3600, 3, bins);
    assert_true(bins[0] == 600 && bins[1] == 410 && bins[2] == 0);

    /* it adds to what is there, and may be done again */

    usage_sessions_count(&sessions, 0, 3600, 3, bins);
    assert_true(bins[0] == 1200 && bins[1] == 820 && bins[2] == 0);

    /* more sessions after that; the whole time, and more */

    memset(bins, 0, sizeof(bins));
    add(&sessions, &arena, -5000, 1000000);
    usage_sessions_count(&sessions, 0, 3600, 3, bins);
    assert_true(bins[0] == 3600 && bins[1] == 3600 && bins[2] == 3600);

    unit_arena_free(&arena);
}


/*
 * What is not within the bins, or no time at all, counts for nothing.
 */
static void
test_outside(void **state)
{
    double           bins[2] = { 0 };
    unit_arena_t     arena;
    usage_sessions_t sessions = { 0 };

    (void) state;

    unit_arena_start(&arena);
    add(&sessions, &arena, 0, 1000);
    add(&sessions, &arena, 1200, 2000);
    add(&sessions, &arena, 1050, 1050);
    add(&sessions, &arena, 1060, 1040);
    usage_sessions_count(&sessions, 1000, 100, 2, bins);
    assert_true(bins[0] == 0 && bins[1] == 0);

    add(&sessions, &arena, 999, 1001);
    add(&sessions, &arena, 1199, 1201);
    usage_sessions_count(&sessions, 1000, 100, 2, bins);
    assert_true(bins[0] == 1 && bins[1] == 1);

    /* no bins */

    usage_sessions_count(&sessions, 1000, 100, 0, bins);
    assert_true(bins[0] == 1 && bins[1] == 1);

    unit_arena_free(&arena);
}


static void
test_random(void **state)
{
    double           bins[BINS_MAX + 1], expected[BINS_MAX + 1];
    size_t           i, k, n, sessions_count, count;
    int64_t          start, width, span;
    uint64_t         seed, rnd;
    unit_arena_t     arena;
    usage_session_t  list[70];
    usage_sessions_t sessions;

    (void) state;

    for (i = 0, n = unit_times(3000); i < n; i++) {
        seed = unit_seed() * 1000003 + i;
        rnd = seed;
        count = 1 + unit_below(&rnd, BINS_MAX);
        width = 1 + (int64_t) unit_below(&rnd, 40);
        start =
            unit_chance(&rnd, 20) ? -1000 : (int64_t) unit_below(&rnd, 100000);
        span = (int64_t) count * width;
        sessions_count =
            unit_below(&rnd, unit_chance(&rnd, 50) ? 5 : unit_count(list) + 1);

        unit_arena_start(&arena);
        memset(&sessions, 0, sizeof(sessions));

        for (k = 0; k < sessions_count; k++) {
            list[k].from =
                start - 20 + (int64_t) unit_below(&rnd, (size_t) span + 40);

            if (unit_chance(&rnd, 30)) { /* on an edge */
                list[k].from -= (list[k].from - start) % width;
            }

            list[k].to =
                list[k].from
                + (int64_t) unit_below(&rnd,
                    (size_t) (unit_chance(&rnd, 50) ? span : 2 * width) + 1);

            if (k > 0 && unit_chance(&rnd, 20)) { /* one more of the same */
                list[k] = list[k - 1];
            }

            add(&sessions, &arena, list[k].from, list[k].to);
        }

        memset(bins, 0, sizeof(bins));
        memset(expected, 0, sizeof(expected));
        usage_sessions_count(&sessions, start, width, count, bins);
        naive(list, sessions_count, start, width, count, expected);

        for (k = 0; k <= BINS_MAX; k++) {
            if (bins[k] != expected[k]) {
                fail_msg("seed %" PRIu64 ", bin %zu: %g, not %g", seed, k,
                    bins[k], expected[k]);
            }
        }

        unit_arena_free(&arena);
    }
}


static void
test_out_of_memory(void **state)
{
    double           bins[1];
    size_t           left, n;
    unit_arena_t     arena;
    usage_session_t  session = { 0, 0 };
    usage_sessions_t sessions;

    (void) state;

    for (left = 0; left < 8; left++) {
        unit_arena_start(&arena);
        arena.left = left;
        memset(&sessions, 0, sizeof(sessions));

        for (n = 0;; n++) {
            session.from = (int64_t) (2 * n);
            session.to = session.from + 1;

            if (usage_sessions_add(&sessions, session, &arena.pool) != USAGE_OK)
            {
                break;
            }
        }

        assert_int_equal(sessions.count, n);
        assert_true(left == 0 ? n == 0 : n > 0);

        bins[0] = 0;
        usage_sessions_count(&sessions, 0, 1 << 20, 1, bins);
        assert_true(bins[0] == (double) n);
        unit_arena_free(&arena);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
