/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The table of desktops: they are found by their ids, and keep the order in
 * which they were added, however many there are.
 */

#include "unit.h"
#include "gather/usage_directory.h"


static void
name(unit_text_t *text, uint64_t n)
{
    unit_text_clear(text);
    unit_addf(text, "c6e6dbd7-c950-471d-a6a7-%012" PRIx64, n);
}


static void
test_many(void **state)
{
    bool             added;
    size_t           i, count;
    uint64_t         rnd;
    unit_text_t      id = { 0 };
    unit_arena_t     arena;
    usage_table_t    table;
    usage_desktop_t *desktop, **all;
    const size_t     columns = 32;

    (void) state;

    count = 50000;
    rnd = unit_seed();
    all = unit_must(calloc(count, sizeof(*all)));

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, columns), USAGE_OK);
    assert_int_equal(table.count, 0);

    for (i = 0; i < count; i++) {
        name(&id, i);
        assert_null(usage_table_find(&table, unit_text_str(&id)));

        all[i] = usage_table_add(&table, unit_text_str(&id), &added);
        assert_non_null(all[i]);
        assert_true(added);
        assert_null(all[i]->entry);
        assert_int_equal(all[i]->name.len, 0);
        assert_non_null(all[i]->name.data);
        assert_false(usage_cell_shown(all[i], 0));
        assert_false(usage_cell_shown(all[i], columns - 1));
        assert_false(usage_desktop_shown(all[i]));

        usage_cell_show(all[i], i % columns, (double) i);

        /* one of those before */

        name(&id, unit_random(&rnd) % (i + 1));
        desktop = usage_table_add(&table, unit_text_str(&id), &added);
        assert_false(added);
        assert_true(unit_is(desktop->id, id.data));
        assert_true(
            usage_table_add(&table, unit_text_str(&id), NULL) == desktop);
    }

    assert_int_equal(table.count, count);

    for (i = 0; i < count; i++) {
        name(&id, i);
        assert_true(table.desktops[i] == all[i]);
        assert_true(usage_table_find(&table, unit_text_str(&id)) == all[i]);
        assert_true(usage_cell_shown(all[i], i % columns));
        assert_true(usage_cell_seconds(all[i], i % columns) == (double) i);
        assert_true(usage_desktop_shown(all[i]));
    }

    /* a column forgotten, and no other */

    usage_table_clear(&table, 5);

    for (i = 0; i < count; i++) {
        assert_int_equal(usage_desktop_shown(all[i]), i % columns != 5);
    }

    free(all);
    unit_text_free(&id);
    unit_arena_free(&arena);
}


/*
 * Ids that are alike are told apart: of all lengths, each the beginning of the
 * next, and of NULs.
 */
static void
test_alike(void **state)
{
    bool             added;
    char             zeros[64] = { 0 }, *copy;
    size_t           len, i;
    unit_text_t      text = { 0 };
    usage_str_t      id;
    unit_arena_t     arena;
    usage_table_t    table;
    usage_desktop_t *desktop;

    (void) state;

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, 1), USAGE_OK);

    for (i = 0; i < USAGE_ID_BYTES_MAX; i++) {
        unit_adds(&text, "x");
    }

    for (len = 1; len <= USAGE_ID_BYTES_MAX; len++) {
        id.data = text.data;
        id.len = len;
        copy = unit_exact(id);
        id.data = copy;

        desktop = usage_table_add(&table, id, &added);
        assert_true(added);
        assert_int_equal(desktop->id.len, len);

        /* the id is the table's own */

        memset(copy, '#', len);
        assert_null(usage_table_find(&table, id));
        memset(copy, 'x', len);
        assert_true(usage_table_find(&table, id) == desktop);
        free(copy);
    }

    for (len = 0; len < sizeof(zeros); len++) {
        id.data = zeros;
        id.len = len;
        assert_non_null(usage_table_add(&table, id, &added));
        assert_true(added);
    }

    assert_int_equal(table.count, USAGE_ID_BYTES_MAX + sizeof(zeros));

    unit_text_free(&text);
    unit_arena_free(&arena);
}


static void
test_shown(void **state)
{
    unit_arena_t     arena;
    usage_table_t    table;
    usage_entry_t    entry;
    usage_desktop_t *desktop;

    (void) state;

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, 3), USAGE_OK);

    desktop = usage_table_add(&table, unit_str("a"), NULL);
    assert_false(usage_desktop_shown(desktop));

    desktop->entry = &entry; /* of the directory: that's no statistics */
    assert_false(usage_desktop_shown(desktop));

    usage_cell_show(desktop, 2, 0);
    assert_true(usage_desktop_shown(desktop));

    usage_table_clear(&table, 0);
    usage_table_clear(&table, 1);
    assert_true(usage_desktop_shown(desktop));

    usage_table_clear(&table, 2);
    assert_false(usage_desktop_shown(desktop));

    usage_cell_show(desktop, 0, 5);
    desktop->seen = true;
    usage_table_clear_desktop(&table, desktop);
    assert_false(usage_desktop_shown(desktop));
    assert_true(usage_cell_seconds(desktop, 0) == 0);
    assert_true(desktop->entry == &entry);

    unit_arena_free(&arena);
}


/*
 * If memory is out, what the table has stays as it is.
 */
static void
test_out_of_memory(void **state)
{
    bool             added;
    size_t           left, i, count;
    unit_text_t      id = { 0 };
    unit_arena_t     arena;
    usage_table_t    table;
    usage_desktop_t *desktop;

    (void) state;

    for (left = 0; left < 700; left += left < 10 || left > 120 ? 1 : 7) {
        unit_arena_start(&arena);
        arena.left = left;

        if (usage_table_init(&table, &arena.pool, 2) != USAGE_OK) {
            assert_true(left < 2);
            unit_arena_free(&arena);
            continue;
        }

        for (count = 0;; count++) {
            name(&id, count);
            desktop = usage_table_add(&table, unit_text_str(&id), &added);

            if (desktop == NULL) {
                break;
            }

            assert_true(added);
        }

        assert_int_equal(table.count, count);
        assert_null(usage_table_find(&table, unit_text_str(&id)));

        for (i = 0; i < count; i++) {
            name(&id, i);
            assert_non_null(usage_table_find(&table, unit_text_str(&id)));
        }

        /* and goes on where there is memory again */

        arena.left = SIZE_MAX;

        for (i = 0; i < 300; i++) {
            name(&id, i);
            assert_non_null(usage_table_add(&table, unit_text_str(&id), NULL));
        }

        assert_int_equal(table.count, count > 300 ? count : 300);
        unit_arena_free(&arena);
    }

    unit_text_free(&id);
}


/*
 * Rows of one desktop add up in its cell, one of each enterprise project.
 */
static void
test_rows(void **state)
{
    unit_arena_t     arena;
    usage_table_t    table;
    usage_desktop_t *a, *b;

    (void) state;

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, 2), USAGE_OK);
    a = usage_table_add(&table, unit_str("a"), NULL);
    b = usage_table_add(&table, unit_str("b"), NULL);

    assert_int_equal(usage_table_add_row(&table, a, 0, 0, 1), USAGE_OK);
    assert_int_equal(usage_table_add_row(&table, a, 0, 0, 1), USAGE_AGAIN);

    assert_int_equal(usage_table_add_row(&table, b, 0, 7, 2), USAGE_OK);
    assert_false(table.split);

    assert_int_equal(usage_table_add_row(&table, a, 0, 7, 4), USAGE_OK);
    assert_int_equal(usage_table_add_row(&table, a, 0, 8, 8), USAGE_OK);
    assert_int_equal(usage_table_add_row(&table, a, 0, 7, 4), USAGE_AGAIN);
    assert_int_equal(usage_table_add_row(&table, a, 0, 0, 1), USAGE_AGAIN);
    assert_int_equal(usage_table_add_row(&table, a, 1, 8, 16), USAGE_OK);
    assert_true(table.split);
    assert_true(usage_cell_seconds(a, 0) == 13);
    assert_true(usage_cell_seconds(a, 1) == 16);
    assert_true(usage_cell_seconds(b, 0) == 2);

    /* a column is forgotten, and the same rows may come again */

    usage_table_clear(&table, 0);
    assert_false(usage_cell_shown(a, 0));
    assert_true(usage_cell_shown(a, 1));
    assert_int_equal(usage_table_add_row(&table, a, 0, 8, 3), USAGE_OK);
    assert_int_equal(usage_table_add_row(&table, a, 1, 8, 16), USAGE_AGAIN);
    assert_true(usage_cell_seconds(a, 0) == 3);

    /* what came from no row has none to add to */

    usage_cell_show(b, 0, 5);
    assert_int_equal(usage_table_add_row(&table, b, 0, 7, 1), USAGE_AGAIN);
    assert_true(usage_cell_seconds(b, 0) == 5);

    usage_table_clear_desktop(&table, a);
    assert_false(usage_cell_shown(a, 1));
    assert_int_equal(usage_table_add_row(&table, a, 1, 8, 1), USAGE_OK);

    unit_arena_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
