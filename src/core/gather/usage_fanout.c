/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_fanout.h"

#include <math.h>


/* how far a desktop's days may be from its total, in seconds: doubles added up
 * in another order */
#define USAGE_FANOUT_TOLERANCE          1e-3
#define USAGE_FANOUT_TOLERANCE_RELATIVE 1e-9


void
usage_fanout_init(
    usage_fanout_t *sweep, usage_table_t *table, usage_day_t first, size_t days)
{
    size_t      i;
    usage_day_t day;

    sweep->table = table;
    sweep->wanted = NULL;
    sweep->count = 0;
    sweep->days = days;
    sweep->known = false;

    for (i = 0; i < days; i++) {
        day = first + (usage_day_t) i;
        usage_window_start(&sweep->windows[i], i, day, day);
    }

    usage_window_start(
        &sweep->windows[days], days, first, first + (usage_day_t) days - 1);

    sweep->windows[days].whole = true;
}


void
usage_fanout_set_targets(
    usage_fanout_t *sweep, usage_desktop_t **targets, size_t count)
{
    sweep->wanted = targets;
    sweep->count = count;
}


/*
 * Whether each desktop that is wanted is seen in a column.  Never where all
 * desktops are.
 */
static bool
usage_fanout_all(const usage_fanout_t *sweep, size_t column)
{
    size_t                 i;
    const usage_desktop_t *desktop;

    for (i = 0; i < sweep->count; i++) {
        desktop = sweep->wanted[i];

        if (desktop->cells[column] < 0
            && (!sweep->known || desktop->entry == NULL)) {
            return false;
        }
    }

    return sweep->count > 0;
}


bool
usage_fanout_found(const usage_fanout_t *sweep)
{
    return usage_fanout_all(sweep, sweep->days);
}


/*
 * Whether all of a window that matters is here or asked for.
 */
static bool
usage_fanout_settled(const usage_fanout_t *sweep, size_t i)
{
    return usage_pages_ended(&sweep->windows[i].pages)
           || usage_fanout_all(sweep, i);
}


/*
 * Whether a window's next page is to be asked for now.
 */
static bool
usage_fanout_wants(const usage_fanout_t *sweep, size_t i)
{
    const usage_window_t *window;

    window = &sweep->windows[i];

    if (window->pages.count < 0 || usage_fanout_settled(sweep, i)) {
        return false;
    }

    return window->whole || (window->pages.waiting == 0 && !window->unused);
}


/*
 * The next page of windows from to to, first pages first.
 */
static usage_result_t
usage_fanout_next(
    usage_fanout_t *sweep, size_t from, size_t to, usage_call_t *call)
{
    size_t i;

    for (i = from; i < to; i++) {
        if (usage_pages_fresh(&sweep->windows[i].pages)) {
            usage_window_call(&sweep->windows[i], call);
            return USAGE_OK;
        }
    }

    for (i = from; i < to; i++) {
        if (usage_fanout_wants(sweep, i)) {
            usage_window_call(&sweep->windows[i], call);
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


usage_result_t
usage_fanout_next_day(usage_fanout_t *sweep, usage_call_t *call)
{
    return usage_fanout_next(sweep, 0, sweep->days, call);
}


usage_result_t
usage_fanout_next_range(usage_fanout_t *sweep, usage_call_t *call)
{
    if (sweep->days == 0) {
        return USAGE_AGAIN;
    }

    return usage_fanout_next(sweep, sweep->days, sweep->days + 1, call);
}


int64_t
usage_fanout_left(const usage_fanout_t *sweep)
{
    size_t               i;
    int64_t              pages;
    const usage_pages_t *day;

    pages = 0;

    for (i = 0; i < sweep->days; i++) {
        if (!usage_fanout_settled(sweep, i)) {
            day = &sweep->windows[i].pages;
            pages += usage_pages_of(day, day->count - day->next);
        }
    }

    return pages;
}


int64_t
usage_fanout_range(const usage_fanout_t *sweep)
{
    size_t  i;
    int64_t count;

    count = 0;

    for (i = 0; i < sweep->days; i++) {
        if (sweep->windows[i].pages.count > count) {
            count = sweep->windows[i].pages.count;
        }
    }

    return usage_pages_of(&sweep->windows[sweep->days].pages, count);
}


int64_t
usage_fanout_ahead(const usage_fanout_t *sweep)
{
    size_t               i;
    int64_t              pages, most;
    const usage_pages_t *day;

    most = usage_fanout_range(sweep);
    pages = 0;

    for (i = 0; i < sweep->days; i++) {
        day = &sweep->windows[i].pages;

        if (usage_pages_fresh(day)) {
            pages += most;

        } else if (day->count >= 0 && !usage_fanout_settled(sweep, i)) {
            pages += usage_pages_of(day, day->count - day->next);
        }
    }

    return pages;
}


/*
 * The pages that a window still takes, at least: where some are wanted, the one
 * under way may show all of them, or the next.
 */
static int64_t
usage_fanout_window_ahead(
    const usage_fanout_t *sweep, const usage_pages_t *pages)
{
    int64_t count;

    count = usage_pages_ahead(pages);

    if (sweep->count > 0 && count > 0) {
        return pages->waiting > 0 ? 0 : 1;
    }

    return count;
}


int64_t
usage_fanout_days_ahead(const usage_fanout_t *sweep, bool complete)
{
    size_t               i;
    int64_t              first, left, range;
    const usage_pages_t *day;

    first = 0;
    left = 0;

    for (i = 0; i < sweep->days; i++) {
        day = &sweep->windows[i].pages;

        if (usage_pages_fresh(day)) {
            first++;

        } else if (!usage_fanout_settled(sweep, i)) {
            left += usage_fanout_window_ahead(sweep, day);
        }
    }

    range = sweep->count > 0 ? 1 : usage_fanout_range(sweep);

    return first + (left > range && !complete ? range : left);
}


int64_t
usage_fanout_range_ahead(const usage_fanout_t *sweep)
{
    int64_t              pages, expected;
    const usage_pages_t *range;

    range = &sweep->windows[sweep->days].pages;

    if (sweep->days == 0 || usage_fanout_settled(sweep, sweep->days)) {
        return 0;
    }

    pages = usage_fanout_window_ahead(sweep, range);
    expected = usage_fanout_range(sweep);

    return usage_pages_fresh(range) && sweep->count == 0 && expected > pages
               ? expected
               : pages;
}


void
usage_fanout_complete(usage_fanout_t *sweep)
{
    size_t i;

    for (i = 0; i < sweep->days; i++) {
        sweep->windows[i].whole = true;
    }
}


bool
usage_fanout_same(double sum, double total)
{
    return fabs(sum - total)
           <= USAGE_FANOUT_TOLERANCE + USAGE_FANOUT_TOLERANCE_RELATIVE * total;
}


bool
usage_fanout_fill(usage_fanout_t *sweep)
{
    bool           all;
    size_t         i, n;
    usage_pages_t *day, *range;
    double        *cells;

    all = true;
    range = &sweep->windows[sweep->days].pages;

    for (i = 0; sweep->count == 0 && i < sweep->days; i++) {
        day = &sweep->windows[i].pages;

        if (usage_pages_done(day)) {
            continue;
        }

        if (day->count != range->count) {
            all = false;
            continue;
        }

        for (n = 0; n < sweep->table->count; n++) {
            cells = sweep->table->desktops[n]->cells;

            if (cells[i] < 0 && cells[sweep->days] >= 0) {
                cells[i] = 0;
            }
        }

        usage_pages_skip(day);
    }

    return all;
}


bool
usage_fanout_adds_up(const usage_fanout_t *sweep)
{
    size_t            i, n, count;
    double            sum, total;
    const double     *cells;
    usage_desktop_t **desktops;

    count = sweep->count > 0 ? sweep->count : sweep->table->count;
    desktops = sweep->count > 0 ? sweep->wanted : sweep->table->desktops;

    for (n = 0; n < count; n++) {
        cells = desktops[n]->cells;
        sum = 0;

        for (i = 0; i < sweep->days; i++) {
            sum += cells[i] > 0 ? cells[i] : 0;
        }

        total = cells[sweep->days] > 0 ? cells[sweep->days] : 0;

        if (!usage_fanout_same(sum, total)) {
            return false;
        }
    }

    return true;
}
