/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What stored windows tell of a request: compared with a model that keeps each
 * cell by itself, and case by case.
 */

#include "unit.h"
#include "cover/usage_cover.h"


#define PLACES 130
#define DAYS   4


/*
 * Windows of some days, of the range (the last but one), and the directory (the
 * last), each in memory of its own, and what a model of them says.
 */
typedef struct {
    usage_cover_window_t windows[DAYS + 2];
    void                *memory[DAYS + 2];
    usage_cover_cell_t   cells[DAYS + 2][PLACES];
    double               seconds[DAYS + 2][PLACES];
    usage_request_t      request;
    usage_str_t          ids[PLACES];
    char                 names[PLACES][4];
    uint32_t             places[PLACES];
    uint32_t             order[PLACES];
    usage_cover_entry_t  entries[PLACES];
    usage_str_t          unlisted[PLACES];
    uint32_t             listed[USAGE_LIMIT_MAX];
    uint32_t             requested[USAGE_LIMIT_MAX];
    usage_cover_t        cover;
    unit_arena_t         arena;
} stored_t;


/*
 * Prepares a request for the first so many desktops, or for all (0), whose
 * places are those of their numbers.
 */
static void
prepare(stored_t *stored, size_t desktops)
{
    size_t i;

    memset(stored, 0, sizeof(stored_t));
    unit_arena_start(&stored->arena);

    for (i = 0; i < PLACES; i++) {
        stored->places[i] = (uint32_t) i;
        stored->order[i] = (uint32_t) (PLACES - 1 - i);
        stored->ids[i].data = stored->names[i];
        stored->ids[i].len = (size_t) snprintf(
            stored->names[i], sizeof(stored->names[i]), "%zu", i % 1000);
    }

    stored->request.desktop_ids = stored->ids;
    stored->request.desktops = desktops;
    stored->request.limit = USAGE_LIMIT_MAX;
    stored->request.last = DAYS - 1;

    stored->cover.request = &stored->request;
    stored->cover.days = DAYS;
    stored->cover.places = stored->places;
    stored->cover.order = stored->order;
    stored->cover.places_count = PLACES;
    stored->cover.entries = stored->entries;
    stored->cover.unlisted = stored->unlisted;
    stored->cover.listed = stored->listed;
    stored->cover.requested = stored->requested;
}


/*
 * Adds the window of a day, of the range (DAYS) or the directory (DAYS + 1),
 * which tells nothing yet.
 */
static usage_cover_window_t *
add(stored_t *stored, size_t n, uint32_t count, bool complete, bool wide)
{
    size_t                i, size;
    usage_cover_window_t *window;

    size = usage_cover_size(count, wide);
    free(stored->memory[n]);
    stored->memory[n] = unit_must(calloc(1, size > 0 ? size : 1));

    window = &stored->windows[n];
    usage_cover_window(window, stored->memory[n], count, complete, wide);

    for (i = 0; i < PLACES; i++) {
        stored->cells[n][i] =
            complete ? USAGE_COVER_ABSENT : USAGE_COVER_UNKNOWN;
        stored->seconds[n][i] = 0;
    }

    if (n < DAYS) {
        stored->cover.windows[n] = window;

    } else if (n == DAYS) {
        stored->cover.range = window;

    } else {
        stored->cover.directory = window;
    }

    return window;
}


static void
enter(stored_t *stored, size_t n, uint32_t place, usage_cover_cell_t cell,
    double seconds)
{
    usage_cover_enter(&stored->windows[n], place, cell, seconds);
    stored->cells[n][place] = cell;
    stored->seconds[n][place] = cell == USAGE_COVER_SHOWN ? seconds : 0;
}


static void
end(stored_t *stored)
{
    size_t n;

    for (n = 0; n < DAYS + 2; n++) {
        free(stored->memory[n]);
    }

    unit_arena_free(&stored->arena);
}


static usage_cover_result_t
search(stored_t *stored)
{
    return usage_cover_search(&stored->cover, &stored->arena.pool);
}


static void
test_cells(void **state)
{
    size_t                n;
    uint32_t              i;
    uint64_t              rnd;
    stored_t              stored;
    usage_cover_cell_t    cell;
    usage_cover_window_t *window;

    (void) state;

    rnd = unit_seed();

    for (n = 0; n < 200; n++) {
        prepare(&stored, 0);
        window = add(&stored, 0, (uint32_t) (unit_random(&rnd) % PLACES),
            unit_random(&rnd) % 2, unit_random(&rnd) % 2);

        for (i = 0; window->count > 0 && i < 300; i++) {
            cell = (usage_cover_cell_t) (unit_random(&rnd) % 4);

            if (window->complete && cell == USAGE_COVER_UNKNOWN) {
                continue;
            }

            enter(&stored, 0, (uint32_t) unit_random(&rnd) % window->count,
                cell, (double) (unit_random(&rnd) % 90000));
        }

        for (i = 0; i < PLACES; i++) {
            assert_int_equal(usage_cover_cell(window, i), stored.cells[0][i]);
            assert_true(usage_cover_seconds(window, i) == stored.seconds[0][i]);
        }

        assert_int_equal(usage_cover_cell(window, USAGE_COVER_NO_PLACE),
            window->complete ? USAGE_COVER_ABSENT : USAGE_COVER_UNKNOWN);

        end(&stored);
    }
}


static void
test_wide(void **state)
{
    stored_t              stored;
    usage_cover_window_t *window;

    (void) state;

    assert_false(usage_cover_is_wide(-1));
    assert_false(usage_cover_is_wide(0));
    assert_false(usage_cover_is_wide(86400));
    assert_false(usage_cover_is_wide(UINT32_MAX));
    assert_true(usage_cover_is_wide((double) UINT32_MAX + 1));
    assert_true(usage_cover_is_wide(0.5));

    prepare(&stored, 0);
    window = add(&stored, 0, PLACES, true, true);
    enter(&stored, 0, PLACES - 1, USAGE_COVER_SHOWN, 1e10 + 0.25);
    assert_true(usage_cover_seconds(window, PLACES - 1) == 1e10 + 0.25);
    end(&stored);
}


static void
test_take_over(void **state)
{
    stored_t              stored;
    usage_cover_window_t *window, *old;

    (void) state;

    prepare(&stored, 3);
    old = add(&stored, 0, 4, false, false);
    enter(&stored, 0, 0, USAGE_COVER_SHOWN, 7);
    enter(&stored, 0, 1, USAGE_COVER_ABSENT, 0);
    enter(&stored, 0, 2, USAGE_COVER_UNUSED, 0);

    window = add(&stored, 1, PLACES, false, true);
    usage_cover_take_over(window, old);
    assert_true(usage_cover_seconds(window, 0) == 7);
    assert_int_equal(usage_cover_cell(window, 0), USAGE_COVER_SHOWN);
    assert_int_equal(usage_cover_cell(window, 1), USAGE_COVER_ABSENT);
    assert_int_equal(usage_cover_cell(window, 2), USAGE_COVER_UNUSED);
    assert_int_equal(usage_cover_cell(window, 3), USAGE_COVER_UNKNOWN);

    /* of one that is complete nothing */

    old->complete = true;
    window = add(&stored, 2, PLACES, false, true);
    usage_cover_take_over(window, old);
    assert_int_equal(usage_cover_cell(window, 0), USAGE_COVER_UNKNOWN);

    end(&stored);
}


static void
test_missing(void **state)
{
    size_t   n;
    stored_t stored;

    (void) state;

    prepare(&stored, 2);
    assert_int_equal(search(&stored), USAGE_COVER_MISSING);
    assert_int_equal(stored.cover.missing_first, 0);
    assert_int_equal(stored.cover.missing_last, DAYS - 1);

    /* the first run of them, and a window that doesn't tell enough is none */

    for (n = 0; n < DAYS; n++) {
        add(&stored, n, PLACES, false, false);
        enter(&stored, n, 0, USAGE_COVER_ABSENT, 0);
        enter(&stored, n, 1, USAGE_COVER_SHOWN, 1);
    }

    enter(&stored, 1, 1, USAGE_COVER_UNKNOWN, 0);
    enter(&stored, 3, 0, USAGE_COVER_UNKNOWN, 0);
    assert_int_equal(search(&stored), USAGE_COVER_MISSING);
    assert_int_equal(stored.cover.missing_first, 1);
    assert_int_equal(stored.cover.missing_last, 1);
    assert_null(stored.cover.windows[1]);
    assert_non_null(stored.cover.windows[2]);

    /* without desktop_ids, only complete windows do */

    stored.request.desktops = 0;

    for (n = 0; n < DAYS; n++) {
        add(&stored, n, PLACES, n != 2, false);
    }

    assert_int_equal(search(&stored), USAGE_COVER_MISSING);
    assert_int_equal(stored.cover.missing_first, 2);
    assert_int_equal(stored.cover.missing_last, 2);

    end(&stored);
}


/* a desktop that no window shows: the directory decides, or is asked */

static void
test_directory(void **state)
{
    size_t   n;
    stored_t stored;

    (void) state;

    prepare(&stored, 4);

    for (n = 0; n < DAYS; n++) {
        add(&stored, n, PLACES, true, false);
    }

    enter(&stored, 1, 2, USAGE_COVER_SHOWN, 9);
    assert_int_equal(search(&stored), USAGE_COVER_LOOK_UP);
    assert_int_equal(stored.cover.unlisted_count, 3);
    assert_true(stored.cover.unlisted[2].data == stored.ids[3].data);

    /* what was found out stays so, and what is stored is taken */

    stored.entries[0] = USAGE_COVER_LISTED;
    add(&stored, DAYS + 1, PLACES, false, false);
    enter(&stored, DAYS + 1, 0, USAGE_COVER_ABSENT, 0);
    enter(&stored, DAYS + 1, 1, USAGE_COVER_ABSENT, 0);
    enter(&stored, DAYS + 1, 3, USAGE_COVER_SHOWN, 0);
    assert_int_equal(search(&stored), USAGE_COVER_FOUND);
    assert_int_equal(stored.cover.total, 3);
    assert_int_equal(stored.cover.count, 3);
    assert_int_equal(stored.requested[0], 0);
    assert_int_equal(stored.requested[1], 2);
    assert_int_equal(stored.requested[2], 3);

    /* the window over the range shows it: it needs no directory */

    add(&stored, DAYS, PLACES, false, false);
    enter(&stored, DAYS, 1, USAGE_COVER_SHOWN, 0);
    assert_int_equal(search(&stored), USAGE_COVER_FOUND);
    assert_int_equal(stored.cover.total, 4);

    end(&stored);
}


/*
 * No use, and whether the statistics show it isn't known: if the directory
 * doesn't know it, they have to be asked.
 */

static void
test_unused(void **state)
{
    size_t   n;
    stored_t stored;

    (void) state;

    prepare(&stored, 1);

    for (n = 0; n < DAYS; n++) {
        add(&stored, n, PLACES, false, false);
        enter(&stored, n, 0, USAGE_COVER_UNUSED, 0);
    }

    assert_int_equal(search(&stored), USAGE_COVER_LOOK_UP);

    stored.entries[0] = USAGE_COVER_LISTED;
    assert_int_equal(search(&stored), USAGE_COVER_FOUND);
    assert_int_equal(stored.cover.total, 1);

    stored.entries[0] = USAGE_COVER_UNLISTED;
    assert_int_equal(search(&stored), USAGE_COVER_MISSING);
    assert_int_equal(stored.cover.missing_first, 0);
    assert_int_equal(stored.cover.missing_last, DAYS - 1);

    end(&stored);
}


/* only the number is asked for: the window over the range has it */

static void
test_count(void **state)
{
    stored_t stored;

    (void) state;

    prepare(&stored, 0);
    stored.request.limit = 0;
    add(&stored, DAYS, PLACES, false, false);
    assert_int_equal(search(&stored), USAGE_COVER_MISSING);

    add(&stored, DAYS, PLACES, true, false);
    enter(&stored, DAYS, 7, USAGE_COVER_SHOWN, 0);
    enter(&stored, DAYS, 8, USAGE_COVER_SHOWN, 3);
    assert_int_equal(search(&stored), USAGE_COVER_FOUND);
    assert_int_equal(stored.cover.total, 2);
    assert_int_equal(stored.cover.count, 0);
    assert_int_equal(stored.cover.days, 1);

    end(&stored);
}


/*
 * The entries that the model lists, without desktop_ids: all that any day
 * shows, in their order.
 */
static void
check_all(stored_t *stored)
{
    size_t   day, n, sent;
    bool     shown;
    double   seconds[DAYS * USAGE_LIMIT_MAX];
    int64_t  total;
    uint32_t place;

    for (day = 0; day < DAYS; day++) {
        usage_cover_day(&stored->cover, day, &seconds[day]);
    }

    sent = 0;
    total = 0;

    for (n = 0; n < PLACES; n++) {
        place = stored->order[n];

        for (day = 0, shown = false; day < DAYS; day++) {
            shown = shown || stored->cells[day][place] == USAGE_COVER_SHOWN;
        }

        if (!shown || total++ < stored->request.offset
            || sent == stored->request.limit) {
            continue;
        }

        assert_int_equal(stored->listed[sent], place);

        for (day = 0; day < DAYS; day++) {
            assert_true(
                seconds[sent * DAYS + day] == stored->seconds[day][place]);
        }

        sent++;
    }

    assert_int_equal(stored->cover.total, total);
    assert_int_equal(stored->cover.count, sent);
}


static void
test_all(void **state)
{
    size_t                i, n, round;
    uint64_t              rnd;
    stored_t              stored;
    usage_cover_window_t *window;

    (void) state;

    rnd = unit_seed();

    for (round = 0; round < 300; round++) {
        prepare(&stored, 0);
        stored.request.offset = (uint32_t) unit_random(&rnd) % 40;
        stored.request.limit = 1 + (uint32_t) unit_random(&rnd) % 100;

        for (n = 0; n < DAYS; n++) {
            window = add(&stored, n, (uint32_t) unit_random(&rnd) % PLACES,
                true, unit_random(&rnd) % 2);

            for (i = 0; window->count > 0 && i < unit_random(&rnd) % 90; i++) {
                enter(&stored, n, (uint32_t) unit_random(&rnd) % window->count,
                    USAGE_COVER_SHOWN, (double) (unit_random(&rnd) % 86401));
            }
        }

        assert_int_equal(search(&stored), USAGE_COVER_FOUND);
        check_all(&stored);

        stored.arena.left = 0;
        assert_int_equal(search(&stored), USAGE_COVER_NO_MEMORY);
        end(&stored);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_unused),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
