/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rows of a stretch of days: which match, and whether one of them came
 * twice.
 */

#include "gather/usage_bisection_private.h"

#include <stdlib.h>


void
usage_bisection_clear(usage_stretch_t *stretch)
{
    stretch->matches = 0;
    stretch->seconds = 0;
    stretch->used = 0;
    stretch->unused = INT64_MAX;
    stretch->rows_count = 0;
}


static usage_result_t
usage_bisection_add_row(usage_stretch_t *stretch, const usage_row_t *row)
{
    usage_row_t *rows;

    if (stretch->rows_count == stretch->rows_room) {
        rows = usage_grow(stretch->bisection->pool, stretch->rows,
            &stretch->rows_room, USAGE_PAGE_ROWS, sizeof(usage_row_t));
        if (rows == NULL) {
            return USAGE_ERROR;
        }

        stretch->rows = rows;
    }

    stretch->rows[stretch->rows_count++] = *row;

    return USAGE_OK;
}


usage_result_t
usage_bisection_rows(usage_stretch_t *stretch, const usage_call_t *call,
    const usage_page_t *page)
{
    size_t             n;
    int64_t            offset;
    const usage_row_t *row;

    for (n = 0; n < page->rows_count; n++) {
        row = &page->rows[n];
        offset = call->offset + (int64_t) n;

        if (row->seconds > 0 && stretch->used <= offset) {
            stretch->used = offset + 1;

        } else if (row->seconds == 0 && stretch->unused > offset) {
            stretch->unused = offset;
        }

        if (usage_str_equal(row->desktop->id, stretch->bisection->match)) {
            stretch->matches++;
            stretch->bisection->unmarked =
                stretch->bisection->unmarked || row->project == 0;
            stretch->seconds += row->seconds;
        }

        if (usage_bisection_add_row(stretch, row) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


static int
usage_bisection_compare(const void *one, const void *two)
{
    uintptr_t          p, q;
    const usage_row_t *a, *b;

    a = one;
    b = two;
    p = (uintptr_t) a->desktop;
    q = (uintptr_t) b->desktop;

    if (p != q) {
        return p > q ? 1 : -1;
    }

    if (a->project != b->project) {
        return a->project > b->project ? 1 : -1;
    }

    return (a->seconds > b->seconds) - (a->seconds < b->seconds);
}


bool
usage_bisection_matched(const usage_stretch_t *stretch)
{
    size_t most;

    most = stretch->bisection->most;

    return most > 0 && stretch->matches >= most;
}


/*
 * Tells whether two rows are the same row, which came twice: that of one id in
 * one enterprise project.  Users of one name in several domains may have a row
 * each: there the seconds have to be the same, too.  Many rows have the same 0.
 * But if rows come in order, the row that was left out in favour of a 0 can
 * only be a 0 as well.
 */
static bool
usage_bisection_same(
    const usage_stretch_t *stretch, const usage_row_t *a, const usage_row_t *b)
{
    if (a->desktop != b->desktop || a->project != b->project) {
        return false;
    }

    if (stretch->bisection->unique) {
        return true;
    }

    return a->seconds == b->seconds
           && (a->seconds > 0 || stretch->used > stretch->unused);
}


bool
usage_bisection_twice(usage_stretch_t *stretch)
{
    size_t i;

    if (usage_bisection_matched(stretch)
        && stretch->matches > stretch->bisection->most)
    {
        return true;
    }

    if (stretch->rows_count > 1) {
        qsort(stretch->rows, stretch->rows_count, sizeof(usage_row_t),
            usage_bisection_compare);
    }

    for (i = 1; i < stretch->rows_count; i++) {
        if (usage_bisection_same(
                stretch, &stretch->rows[i - 1], &stretch->rows[i])) {
            return true;
        }
    }

    return false;
}
