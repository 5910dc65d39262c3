/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_bisection_private.h"

#include <math.h>


/* milliseconds, of sums of 31 days */
#define USAGE_BISECTION_TOLERANCE 1e-3


static usage_result_t
usage_bisection_ask(usage_bisection_t *series, size_t first, size_t last,
    size_t end, double whole)
{
    usage_stretch_t *stretch;

    stretch = usage_alloc(series->pool, sizeof(usage_stretch_t));
    if (stretch == NULL) {
        return USAGE_ERROR;
    }

    memset(stretch, 0, sizeof(usage_stretch_t));

    stretch->series = series;
    stretch->first = first;
    stretch->last = last;
    stretch->end = end;
    stretch->whole = whole;
    usage_bisection_clear(stretch);
    usage_pages_start(&stretch->pages, USAGE_PAGE_ROWS);

    stretch->next = series->stretches;
    series->stretches = stretch;

    return USAGE_OK;
}


usage_result_t
usage_bisection_start(usage_bisection_t *series)
{
    return usage_bisection_ask(
        series, 0, series->days - 1, series->days - 1, 0);
}


/*
 * The last day of a stretch's first part: where a week ends, or else before a
 * weekend, as days without use are often next to each other there; nearest to
 * the middle.
 */
static size_t
usage_bisection_middle(
    const usage_bisection_t *series, size_t first, size_t last)
{
    size_t   i, middle, far, nearest;
    unsigned rank, best;

    middle = first;
    nearest = 0;
    best = 0;

    for (i = first; i < last; i++) {
        switch (usage_day_weekday(series->first + (usage_day_t) i)) {

        case USAGE_SUNDAY:
            rank = 3;
            break;

        case USAGE_FRIDAY:
            rank = 2;
            break;

        default:
            rank = 1;
            break;
        }

        /* twice the distance from the middle, of the boundary behind day i */

        far = 2 * i + 1 > first + last ? 2 * i + 1 - first - last
                                       : first + last - 2 * i - 1;

        if (rank > best || (rank == best && far < nearest)) {
            middle = i;
            nearest = far;
            best = rank;
        }
    }

    return middle;
}


/*
 * Whether seconds are whole milliseconds, but for the last bits of a double,
 * which a sum may have lost.
 */
static bool
usage_bisection_exact(double seconds)
{
    double ms;

    ms = seconds * 1000;

    return fabs(ms - round(ms)) <= USAGE_BISECTION_TOLERANCE;
}


/*
 * Whether what a part leaves of a whole, so many days, can be told from their
 * seconds: to the bit, and it isn't less than nothing, nor more than a desktop
 * can be in use.
 */
static bool
usage_bisection_rests(
    const usage_bisection_t *series, double whole, double part, size_t days)
{
    return usage_bisection_exact(whole) && usage_bisection_exact(part)
           && whole >= part
           && (series->api != USAGE_CALL_DESKTOPS
               || whole - part <= usage_desktop_seconds((int64_t) days));
}


static double
usage_bisection_less(double whole, double part)
{
    return round((whole - part) * 1000) / 1000;
}


/*
 * Asks for each day of a stretch: none can be told from the others.
 */
static usage_result_t
usage_bisection_ask_days(usage_bisection_t *series, size_t first, size_t last)
{
    size_t i;

    for (i = first; i <= last; i++) {
        if (i != series->given
            && usage_bisection_ask(series, i, i, i, 0) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


/*
 * The seconds of a stretch are known: of one day they go to its cell, of more
 * its first part is asked for, or is what a day that is given leaves.
 */
static usage_result_t
usage_bisection_settle(
    usage_bisection_t *series, size_t first, size_t last, double seconds)
{
    size_t i, middle;
    double rest;

    if (first == last) {
        series->seconds[first] = seconds;
        return USAGE_OK;
    }

    if (seconds == 0) {
        for (i = first; i <= last; i++) {
            series->seconds[i] = 0;
        }

        return USAGE_OK;
    }

    if (!usage_bisection_exact(seconds)) {
        return usage_bisection_ask_days(series, first, last);
    }

    middle = usage_bisection_middle(series, first, last);

    if ((series->given != first || middle != first)
        && (series->given != last || middle + 1 != last))
    {
        return usage_bisection_ask(series, first, middle, last, seconds);
    }

    if (!usage_bisection_rests(
            series, seconds, series->seconds[series->given], last - first))
    {
        return usage_bisection_ask(series, first, middle, last, seconds);
    }

    rest = usage_bisection_less(seconds, series->seconds[series->given]);

    return series->given == first
               ? usage_bisection_settle(series, first + 1, last, rest)
               : usage_bisection_settle(series, first, last - 1, rest);
}


usage_result_t
usage_bisection_split(usage_bisection_t *series)
{
    if (series->splits) {
        return USAGE_OK;
    }

    series->splits = true;

    if (!series->known) {
        return USAGE_OK;
    }

    return usage_bisection_settle(series, 0, series->days - 1, series->total);
}


/*
 * Whether a stretch's next page is wanted now.  Where one row may match, that
 * one ends it, so its pages are asked for one by one.
 */
static bool
usage_bisection_wants(const usage_stretch_t *stretch)
{
    if (!usage_pages_ready(&stretch->pages)) {
        return false;
    }

    return stretch->series->several || stretch->pages.waiting == 0;
}


usage_result_t
usage_bisection_next(usage_bisection_t *series, usage_call_t *call)
{
    usage_stretch_t *stretch;

    for (stretch = series->stretches; stretch; stretch = stretch->next) {
        if (usage_bisection_wants(stretch)) {
            call->api = series->api;
            call->asker = stretch;
            call->first = series->first + (usage_day_t) stretch->first;
            call->last = series->first + (usage_day_t) stretch->last;
            call->name = series->name;
            call->id = series->id;
            call->domain = series->domain;

            usage_pages_next(&stretch->pages, call);

            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


int64_t
usage_bisection_ahead(const usage_bisection_t *series)
{
    int64_t                calls;
    const usage_stretch_t *stretch;

    calls = 0;

    for (stretch = series->stretches; stretch; stretch = stretch->next) {
        calls += usage_bisection_wants(stretch);
    }

    return calls;
}


/*
 * The second part of what a stretch was the first part of.
 */
static usage_result_t
usage_bisection_rest(const usage_stretch_t *stretch)
{
    usage_bisection_t *series;

    if (stretch->end == stretch->last) {
        return USAGE_OK;
    }

    series = stretch->series;

    if (!usage_bisection_rests(series, stretch->whole, stretch->seconds,
            stretch->end - stretch->last))
    {
        return usage_bisection_ask(
            series, stretch->last + 1, stretch->end, stretch->end, 0);
    }

    return usage_bisection_settle(series, stretch->last + 1, stretch->end,
        usage_bisection_less(stretch->whole, stretch->seconds));
}


/*
 * All of a stretch that matters is here.
 */
static usage_result_t
usage_bisection_done(usage_stretch_t *stretch, usage_error_t *error)
{
    usage_result_t     rc;
    usage_bisection_t *series;
    usage_stretch_t  **link;

    series = stretch->series;

    for (link = &series->stretches; *link != stretch; link = &(*link)->next) {
        /* there it is */
    }

    *link = stretch->next;

    if (!series->known) {
        series->known = true;
        series->total = stretch->seconds;
        series->shown = stretch->matches > 0;
        series->rows = stretch->pages.count;

        /* no window within this one has more rows that match */

        series->several = stretch->matches > 1;

        rc = series->splits ? usage_bisection_settle(
                 series, stretch->first, stretch->last, stretch->seconds)
                            : USAGE_OK;

    } else {
        rc = usage_bisection_settle(
            series, stretch->first, stretch->last, stretch->seconds);

        if (rc == USAGE_OK) {
            rc = usage_bisection_rest(stretch);
        }
    }

    return rc == USAGE_OK ? USAGE_OK : usage_no_memory(series->pool, error);
}


/*
 * Whether all rows that matter are here.
 */
static bool
usage_bisection_here(const usage_stretch_t *stretch)
{
    return usage_pages_done(&stretch->pages)
           || (stretch->matches > 0 && !stretch->series->several);
}


usage_result_t
usage_bisection_page(
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error)
{
    usage_result_t   rc;
    usage_stretch_t *stretch;

    stretch = call->asker;

    rc = usage_pages_take(&stretch->pages, call, page->count,
        (int64_t) page->rows_count, stretch->series->pool, error);

    if (rc == USAGE_OK && usage_bisection_rows(stretch, call, page) != USAGE_OK)
    {
        return usage_no_memory(stretch->series->pool, error);
    }

    if (rc == USAGE_OK && usage_bisection_here(stretch)) {
        if (!usage_bisection_twice(stretch)) {
            return usage_bisection_done(stretch, error);
        }

        rc = usage_pages_restart(&stretch->pages, call,
            usage_bisection_unique(stretch->series)
                ? "rows of one id"
                : "rows of one user (desktop_user_domain tells users of one "
                  "name apart)",
            1, 2, error);
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&stretch->pages)) {
        usage_bisection_clear(stretch);
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}


bool
usage_bisection_complete(const usage_bisection_t *series)
{
    return series->known && series->stretches == NULL;
}
