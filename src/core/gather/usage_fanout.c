/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_fanout.h"

#include <math.h>


/* how far sums of the same doubles may differ, in seconds, and in parts of the
 * sum */
#define USAGE_FANOUT_TOLERANCE          1e-3
#define USAGE_FANOUT_TOLERANCE_RELATIVE 1e-9


void
usage_fanout_init(usage_fanout_t *fanout, usage_table_t *table,
    usage_day_t first, size_t days)
{
    size_t      i;
    usage_day_t day;

    fanout->table = table;
    usage_fanout_set_targets(fanout, NULL, 0);
    fanout->days = days;
    fanout->counts = false;

    for (i = 0; i < days; i++) {
        day = first + (usage_day_t) i;
        usage_window_start(&fanout->windows[i], i, day, day);
    }

    usage_window_start(
        &fanout->windows[days], days, first, first + (usage_day_t) days - 1);

    fanout->windows[days].complete = true;
}


void
usage_fanout_set_targets(
    usage_fanout_t *fanout, usage_desktop_t **targets, size_t count)
{
    fanout->targets = targets;
    fanout->targets_count = count;
}


/*
 * Tells whether a column shows each target.  Without targets: false.
 */
static bool
usage_fanout_shows_all(const usage_fanout_t *fanout, size_t column)
{
    size_t                 i;
    const usage_desktop_t *desktop;

    for (i = 0; i < fanout->targets_count; i++) {
        desktop = fanout->targets[i];

        if (!usage_cell_shown(desktop, column)
            && (!fanout->counts || desktop->entry == NULL))
        {
            return false;
        }
    }

    return fanout->targets_count > 0;
}


bool
usage_fanout_found(const usage_fanout_t *fanout)
{
    return fanout->counts && usage_fanout_shows_all(fanout, fanout->days);
}


/*
 * Tells whether all of a window that matters is here or asked for.
 */
static bool
usage_fanout_settled(const usage_fanout_t *fanout, size_t i)
{
    return usage_pages_ended(&fanout->windows[i].pages)
           || (fanout->counts && usage_fanout_shows_all(fanout, i));
}


/*
 * Tells whether what is left of a window probably shows nothing new.
 */
static bool
usage_fanout_seen(const usage_fanout_t *fanout, size_t i)
{
    return fanout->windows[i].unused || usage_fanout_shows_all(fanout, i);
}


/*
 * Tells whether a window's next page is to be asked for now.
 */
static bool
usage_fanout_needs_page(const usage_fanout_t *fanout, size_t i)
{
    const usage_window_t *window;

    window = &fanout->windows[i];

    if (window->pages.count < 0 || usage_fanout_settled(fanout, i)) {
        return false;
    }

    return window->complete
           || (window->pages.waiting == 0 && !usage_fanout_seen(fanout, i));
}


/*
 * Gives the next page of the windows from <= i < to: first pages come first.
 */
static usage_result_t
usage_fanout_next(
    usage_fanout_t *fanout, size_t from, size_t to, usage_call_t *call)
{
    size_t i;

    for (i = from; i < to; i++) {
        if (usage_pages_fresh(&fanout->windows[i].pages)) {
            usage_window_call(&fanout->windows[i], call);
            return USAGE_OK;
        }
    }

    for (i = from; i < to; i++) {
        if (usage_fanout_needs_page(fanout, i)) {
            usage_window_call(&fanout->windows[i], call);
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


usage_result_t
usage_fanout_next_day(usage_fanout_t *fanout, usage_call_t *call)
{
    return usage_fanout_next(fanout, 0, fanout->days, call);
}


usage_result_t
usage_fanout_next_range(usage_fanout_t *fanout, usage_call_t *call)
{
    if (fanout->days == 0) {
        return USAGE_AGAIN;
    }

    return usage_fanout_next(fanout, fanout->days, fanout->days + 1, call);
}


int64_t
usage_fanout_days_left(const usage_fanout_t *fanout)
{
    size_t               i;
    int64_t              pages;
    const usage_pages_t *day;

    pages = 0;

    for (i = 0; i < fanout->days; i++) {
        if (!usage_fanout_settled(fanout, i)) {
            day = &fanout->windows[i].pages;
            pages += usage_pages_of(day, day->count - day->next);
        }
    }

    return pages;
}


int64_t
usage_fanout_range_expected(const usage_fanout_t *fanout)
{
    size_t  i;
    int64_t count;

    count = 0;

    for (i = 0; i < fanout->days; i++) {
        if (fanout->windows[i].pages.count > count) {
            count = fanout->windows[i].pages.count;
        }
    }

    return usage_pages_of(&fanout->windows[fanout->days].pages, count);
}


int64_t
usage_fanout_days_most(const usage_fanout_t *fanout)
{
    size_t               i;
    int64_t              pages, seen, left, most;
    const usage_pages_t *day;

    most = usage_fanout_range_expected(fanout);
    pages = 0;
    seen = 0;

    for (i = 0; i < fanout->days; i++) {
        day = &fanout->windows[i].pages;

        if (usage_pages_fresh(day)) {
            pages += most;

        } else if (day->count >= 0 && !usage_fanout_settled(fanout, i)) {
            left = usage_pages_of(day, day->count - day->next);

            if (usage_fanout_shows_all(fanout, i)) {
                seen += left;

            } else {
                pages += left;
            }
        }
    }

    return pages + (seen < most ? seen : most); /* or else the range tells */
}


int64_t
usage_fanout_days_ahead(const usage_fanout_t *fanout, bool complete)
{
    size_t               i;
    int64_t              first, left, range;
    const usage_pages_t *day;

    first = 0;
    left = 0;

    for (i = 0; i < fanout->days; i++) {
        day = &fanout->windows[i].pages;

        if (usage_pages_fresh(day)) {
            first++;

        } else if (!usage_fanout_settled(fanout, i)) {
            left += usage_pages_ahead(day);
        }
    }

    range = usage_fanout_range_expected(fanout);

    return first + (left > range && !complete ? range : left);
}


int64_t
usage_fanout_range_ahead(const usage_fanout_t *fanout)
{
    int64_t              pages, expected;
    const usage_pages_t *range;

    range = &fanout->windows[fanout->days].pages;

    if (fanout->days == 0 || usage_fanout_settled(fanout, fanout->days)) {
        return 0;
    }

    pages = usage_pages_ahead(range);

    if (fanout->counts && fanout->targets_count > 0 && pages > 0) {
        return range->waiting > 0 ? 0 : 1; /* it may show all targets */
    }

    expected = usage_fanout_range_expected(fanout);

    return usage_pages_fresh(range) && expected > pages ? expected : pages;
}


void
usage_fanout_complete(usage_fanout_t *fanout)
{
    size_t i;

    for (i = 0; i < fanout->days; i++) {
        fanout->windows[i].complete = true;
    }
}


bool
usage_fanout_same(double sum, double total)
{
    return fabs(sum - total)
           <= USAGE_FANOUT_TOLERANCE + USAGE_FANOUT_TOLERANCE_RELATIVE * total;
}


bool
usage_fanout_fill(usage_fanout_t *fanout)
{
    bool             all;
    size_t           i, n;
    usage_pages_t   *day, *range;
    usage_desktop_t *desktop;

    all = true;
    range = &fanout->windows[fanout->days].pages;

    for (i = 0; fanout->targets_count == 0 && i < fanout->days; i++) {
        day = &fanout->windows[i].pages;

        if (usage_pages_done(day)) {
            continue;
        }

        if (fanout->table->split || day->count != range->count) {
            all = false;
            continue;
        }

        for (n = 0; n < fanout->table->count; n++) {
            desktop = fanout->table->desktops[n];

            if (!usage_cell_shown(desktop, i)
                && usage_cell_shown(desktop, fanout->days)) {
                usage_cell_show(desktop, i, 0);
            }
        }

        usage_pages_skip(day);
    }

    return all;
}


bool
usage_fanout_adds_up(const usage_fanout_t *fanout)
{
    size_t            i, n, count;
    double            sum;
    usage_desktop_t **desktops;

    count = fanout->targets_count > 0 ? fanout->targets_count
                                      : fanout->table->count;
    desktops =
        fanout->targets_count > 0 ? fanout->targets : fanout->table->desktops;

    for (n = 0; n < count; n++) {
        sum = 0;

        for (i = 0; i < fanout->days; i++) {
            sum += usage_cell_seconds(desktops[n], i);
        }

        if (!usage_fanout_same(
                sum, usage_cell_seconds(desktops[n], fanout->days))) {
            return false;
        }
    }

    return true;
}
