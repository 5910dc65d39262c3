/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The hash is SipHash-1-3, compared with published values; ids that were chosen
 * to collide do not slow a table down; and the memory that a call may take.
 */

#include "unit.h"
#include "base/usage_error.h"
#include "base/usage_hash.h"
#include "base/usage_json.h"
#include "base/usage_table.h"


#define IDS     500
#define BUCKETS 1024 /* of a table with so many ids */


static void
test_vectors(void **state)
{
    size_t i;
    char   text[36];

    /* of the bytes 0, 1, 2, ... by the key 0, 1, ... 15; of "abc" by zeros, as
     * Python's hash() makes it */

    static const uint64_t seed[2] = { 0x0706050403020100u,
        0x0f0e0d0c0b0a0908u };
    static const uint64_t zeros[2] = { 0, 0 };

    static const struct {
        size_t   len;
        uint64_t hash;
    } vectors[] = {
        { 0, 0xabac0158050fc4dcu },
        { 1, 0xc9f49bf37d57ca93u },
        { 7, 0xd3927d989bb11140u },
        { 8, 0x369095118d299a8eu },
        { 15, 0xd320d86d2a519956u },
        { 36, 0x2cf508d3ada26206u },
    };

    (void) state;

    for (i = 0; i < sizeof(text); i++) {
        text[i] = (char) i;
    }

    for (i = 0; i < unit_count(vectors); i++) {
        usage_str_t str = { text, vectors[i].len };

        assert_true(usage_hash(seed, str) == vectors[i].hash);
    }

    assert_true(usage_hash(zeros, unit_str("abc")) == 0xc03bc3a0042630f2u);
}


/*
 * Counts the buckets that are passed by until each id of a table is found.
 */
static size_t
passed_by(const usage_table_t *table)
{
    size_t i, steps;

    steps = 0;

    for (i = 0; i <= table->mask; i++) {
        if (table->buckets[i].desktop != NULL) {
            steps += (i - table->buckets[i].hash) & table->mask;
        }
    }

    return steps;
}


/*
 * Ids that were chosen to meet in one bucket do so with the seed that they were
 * chosen for, and with no other.
 */
static void
test_chosen_ids(void **state)
{
    int           secret;
    char          id[32];
    size_t        count, n;
    unit_arena_t  arena;
    usage_table_t table;

    (void) state;

    for (secret = 0; secret < 2; secret++) {
        unit_arena_start(&arena);
        arena.pool.seed[0] = secret == 0 ? 0 : 0x1234567;
        assert_int_equal(usage_table_init(&table, &arena.pool, 0), USAGE_OK);

        for (count = 0, n = 0; count < IDS; n++) {
            static const uint64_t zeros[2] = { 0, 0 };

            (void) snprintf(id, sizeof(id), "desktop-%zu", n);

            if (usage_hash(zeros, unit_str(id)) % BUCKETS == 0) {
                assert_non_null(usage_table_add(&table, unit_str(id), NULL));
                count++;
            }
        }

        assert_int_equal(table.mask, BUCKETS - 1);

        if (secret == 0) {
            assert_true(passed_by(&table) == IDS * (IDS - 1) / 2);

        } else {
            assert_true(passed_by(&table) < 2 * IDS);
        }

        unit_arena_free(&arena);
    }
}


static void
test_budget(void **state)
{
    size_t         i;
    unit_arena_t   arena;
    usage_error_t  error;
    usage_budget_t budget = { 64 * 1024 * 1024, 0, false };

    static const struct {
        size_t      max;
        const char *text;
    } sizes[] = { { 64 * 1024 * 1024, "usage_memory (64m)" },
        { 1536 * 1024, "usage_memory (1536k)" },
        { 1024 * 1024 + 1, "usage_memory (1048577)" } };

    (void) state;

    unit_arena_start(&arena);

    /* without one: any amount, and a failure is memory's */

    assert_true(usage_fits(&arena.pool, UINT64_MAX, 64));
    usage_no_memory(&arena.pool, &error);
    assert_int_equal(error.status, 500);

    arena.pool.budget = &budget;

    for (i = 0; i < 64; i++) {
        assert_non_null(usage_alloc(&arena.pool, 1024 * 1024 - 1));
    }

    assert_true(usage_fits(&arena.pool, 64, 1));
    assert_false(budget.over);
    usage_no_memory(&arena.pool, &error);
    assert_int_equal(error.status, 500);

    assert_null(usage_alloc(&arena.pool, 65));
    assert_null(usage_alloc(&arena.pool, SIZE_MAX));
    assert_false(usage_fits(&arena.pool, 2147483647, 64));
    assert_false(usage_fits(&arena.pool, UINT64_MAX, 64));
    assert_true(budget.over);
    assert_non_null(usage_alloc(&arena.pool, 64));
    assert_true(budget.used == budget.max);

    for (i = 0; i < unit_count(sizes); i++) {
        budget.max = sizes[i].max;
        assert_int_equal(usage_no_memory(&arena.pool, &error), USAGE_ERROR);
        assert_int_equal(error.status, 502);
        assert_non_null(strstr(error.detail, sizes[i].text));
    }

    unit_arena_free(&arena);
}


static void
test_parts(void **state)
{
    json_t      *root;
    json_error_t reason;

    (void) state;

    assert_int_equal(usage_json_parts(unit_str(""), 99), 0);
    assert_int_equal(usage_json_parts(unit_str("17"), 99), 0);
    assert_int_equal(usage_json_parts(unit_str("[1,{\"a\":[]},\"b\"]"), 99), 6);
    assert_int_equal(usage_json_parts(unit_str("\"[{:,\\\",:\""), 99), 0);
    assert_int_equal(
        usage_json_parts(unit_str("{\"a\\\\\":1,\"b,\":\""), 99), 4);

    assert_int_equal(usage_json_parts(unit_str("[[[[[[[["), 3), 4);

    root = usage_json_load(unit_str("[1,2,3]"), 3, 0, &reason);
    assert_non_null(root);
    json_decref(root);

    assert_null(usage_json_load(unit_str("[1,2,3]"), 2, 0, &reason));
    assert_string_equal(reason.text, "more than 2 keys, values and lists");
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_chosen_ids),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
