/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_bisection_private.h"


/*
 * Adds a window to ask for: the days first to last.  If they are the first part
 * of a larger stretch, that one ends on the day end, and its seconds are whole.
 * Otherwise end is last.
 */
static usage_result_t
usage_bisection_ask(usage_bisection_t *bisection, size_t first, size_t last,
    size_t end, double whole)
{
    usage_stretch_t *stretch;

    stretch = usage_alloc(bisection->pool, sizeof(usage_stretch_t));
    if (stretch == NULL) {
        return USAGE_ERROR;
    }

    memset(stretch, 0, sizeof(usage_stretch_t));

    stretch->bisection = bisection;
    stretch->first = first;
    stretch->last = last;
    stretch->whole_last = end;
    stretch->whole_seconds = whole;
    usage_bisection_clear(stretch);
    usage_pages_start(&stretch->pages, USAGE_PAGE_ROWS);

    stretch->next = bisection->stretches;
    bisection->stretches = stretch;

    return USAGE_OK;
}


usage_result_t
usage_bisection_start(usage_bisection_t *bisection)
{
    size_t last;

    last = bisection->days - 1;
    bisection->first_windows = 1;

    if (bisection->api == USAGE_CALL_USERS && last >= USAGE_USERS_DAYS_MAX) {

        bisection->first_windows = 2;

        if (usage_bisection_ask(bisection, last, last, last, 0) != USAGE_OK) {
            return USAGE_ERROR;
        }

        last--;
    }

    return usage_bisection_ask(bisection, 0, last, last, 0);
}


/*
 * Asks for each of the days first to last, as their sum is not exact.
 */
static usage_result_t
usage_bisection_ask_days(
    usage_bisection_t *bisection, size_t first, size_t last)
{
    size_t i;

    for (i = first; i <= last; i++) {
        if (i != bisection->given
            && usage_bisection_ask(bisection, i, i, i, 0) != USAGE_OK)
        {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


/*
 * Takes the seconds of the days first to last.  One day has them all. Otherwise
 * the first part is asked for, or, if the day that was given is one of two
 * parts, the other part is the rest.
 */
static usage_result_t
usage_bisection_settle(
    usage_bisection_t *bisection, size_t first, size_t last, double seconds)
{
    size_t i, middle;
    double rest;

    if (first == 0 && last + 1 == bisection->front && !bisection->front_known) {
        bisection->front_known = true;
        bisection->front_total = seconds;
        return USAGE_OK;
    }

    if (first == last) {
        bisection->seconds[first] = seconds;
        return USAGE_OK;
    }

    if (seconds == 0) {
        for (i = first; i <= last; i++) {
            bisection->seconds[i] = 0;
        }

        return USAGE_OK;
    }

    if (!usage_bisection_exact(seconds)) {
        return usage_bisection_ask_days(bisection, first, last);
    }

    middle = usage_bisection_middle(bisection, first, last);

    if ((bisection->given != first || middle != first)
        && (bisection->given != last || middle + 1 != last))
    {
        return usage_bisection_ask(bisection, first, middle, last, seconds);
    }

    if (!usage_bisection_rest_known(bisection, seconds,
            bisection->seconds[bisection->given], last - first))
    {
        return usage_bisection_ask(bisection, first, middle, last, seconds);
    }

    rest =
        usage_bisection_subtract(seconds, bisection->seconds[bisection->given]);

    return bisection->given == first
               ? usage_bisection_settle(bisection, first + 1, last, rest)
               : usage_bisection_settle(bisection, first, last - 1, rest);
}


usage_result_t
usage_bisection_sum(usage_bisection_t *bisection, size_t days)
{
    bisection->wants_days = true;
    bisection->front = days;

    if (days == bisection->days) {
        return usage_bisection_settle(bisection, 0, days - 1, bisection->total);
    }

    return usage_bisection_ask(
        bisection, 0, days - 1, bisection->days - 1, bisection->total);
}


void
usage_bisection_take(usage_bisection_t *bisection, const double *seconds)
{
    memcpy(bisection->seconds, seconds, bisection->front * sizeof(double));
    bisection->front = 0;
}


usage_result_t
usage_bisection_split(usage_bisection_t *bisection)
{
    size_t front;

    if (bisection->front > 0) {
        front = bisection->front;
        bisection->front = 0;

        return usage_bisection_settle(
            bisection, 0, front - 1, bisection->front_total);
    }

    if (bisection->wants_days) {
        return USAGE_OK;
    }

    bisection->wants_days = true;

    if (!bisection->known) {
        return USAGE_OK;
    }

    return usage_bisection_settle(
        bisection, 0, bisection->days - 1, bisection->total);
}


/*
 * Tells whether a stretch's next page is to be asked for now.  If it is known
 * how many rows may match, no page behind them matters: so pages are asked for
 * one by one.
 */
static bool
usage_bisection_needs_page(const usage_stretch_t *stretch)
{
    if (!usage_pages_ready(&stretch->pages)) {
        return false;
    }

    return stretch->bisection->most == 0 || stretch->pages.waiting == 0;
}


usage_result_t
usage_bisection_next(usage_bisection_t *bisection, usage_call_t *call)
{
    usage_stretch_t *stretch;

    for (stretch = bisection->stretches; stretch; stretch = stretch->next) {
        if (usage_bisection_needs_page(stretch)) {
            call->api = bisection->api;
            call->kind = USAGE_CALL_NARROWED;
            call->stretch = stretch;
            call->first = bisection->first + (usage_day_t) stretch->first;
            call->last = bisection->first + (usage_day_t) stretch->last;
            call->name = bisection->name;
            call->id = bisection->id;
            call->domain = bisection->domain;
            call->to = bisection->until;

            usage_pages_next(&stretch->pages, call);

            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


int64_t
usage_bisection_ahead(const usage_bisection_t *bisection)
{
    int64_t                calls;
    const usage_stretch_t *stretch;

    calls = 0;

    for (stretch = bisection->stretches; stretch; stretch = stretch->next) {
        calls += usage_bisection_needs_page(stretch);
    }

    return calls;
}


/*
 * Settles the second part of the larger stretch whose first part this one was.
 */
static usage_result_t
usage_bisection_rest(const usage_stretch_t *stretch)
{
    usage_bisection_t *bisection;

    if (stretch->whole_last == stretch->last) {
        return USAGE_OK;
    }

    bisection = stretch->bisection;

    if (!usage_bisection_rest_known(bisection, stretch->whole_seconds,
            stretch->seconds, stretch->whole_last - stretch->last))
    {
        return usage_bisection_ask(bisection, stretch->last + 1,
            stretch->whole_last, stretch->whole_last, 0);
    }

    return usage_bisection_settle(bisection, stretch->last + 1,
        stretch->whole_last,
        usage_bisection_subtract(stretch->whole_seconds, stretch->seconds));
}


/*
 * Takes the seconds of a window that is one of the first: together they have
 * all days.
 */
static usage_result_t
usage_bisection_total(const usage_stretch_t *stretch)
{
    usage_bisection_t *bisection;

    bisection = stretch->bisection;
    bisection->total += stretch->seconds;

    if (stretch->matches > 0) {
        bisection->shown = true;
        bisection->shown_first = stretch->first;
        bisection->shown_last = stretch->last;
    }

    bisection->rows = stretch->pages.count;

    if (stretch->last - stretch->first + 1 == bisection->days) {

        /* no window within this one has more rows that match */

        bisection->most = stretch->matches;

        if (bisection->given_rows < bisection->most) {
            bisection->given = bisection->days; /* a page may lack a row */
        }

    } else if (stretch->first == stretch->last) {
        bisection->given = stretch->last;
        bisection->seconds[bisection->given] = stretch->seconds;
    }

    bisection->known = --bisection->first_windows == 0;

    return bisection->known && bisection->wants_days ? usage_bisection_settle(
               bisection, 0, bisection->days - 1, bisection->total)
                                                     : USAGE_OK;
}


/*
 * Takes the seconds of a stretch, all of which that matters is here.
 */
static usage_result_t
usage_bisection_close(usage_stretch_t *stretch, usage_error_t *error)
{
    usage_result_t     rc;
    usage_bisection_t *bisection;
    usage_stretch_t  **link;

    bisection = stretch->bisection;

    for (link = &bisection->stretches; *link != stretch; link = &(*link)->next)
    {
        /* find it */
    }

    *link = stretch->next;

    if (!bisection->known) {
        rc = usage_bisection_total(stretch);

    } else {
        rc = usage_bisection_settle(
            bisection, stretch->first, stretch->last, stretch->seconds);

        if (rc == USAGE_OK) {
            rc = usage_bisection_rest(stretch);
        }
    }

    return rc == USAGE_OK ? USAGE_OK : usage_no_memory(bisection->pool, error);
}


/*
 * Tells whether all rows of a stretch that matter are here.
 */
static bool
usage_bisection_all_here(const usage_stretch_t *stretch)
{
    return usage_pages_done(&stretch->pages)
           || usage_bisection_matched(stretch);
}


/*
 * Checks the rows of a stretch, all of which that matters is here.
 * USAGE_AGAIN: its pages are fetched again.
 */
static usage_result_t
usage_bisection_check(
    usage_stretch_t *stretch, const usage_call_t *call, usage_error_t *error)
{
    double                   possible;
    const usage_bisection_t *bisection;

    bisection = stretch->bisection;

    if (usage_bisection_twice(stretch)) {
        return usage_pages_restart(&stretch->pages, call,
            bisection->unique
                ? "rows of one id"
                : "rows of one user (desktop_user_domain tells users of one "
                  "name apart)",
            1, 2, error);
    }

    possible =
        usage_desktop_seconds((int64_t) (stretch->last - stretch->first) + 1);

    return bisection->api != USAGE_CALL_DESKTOPS || stretch->seconds <= possible
               ? USAGE_OK
               : usage_pages_restart(&stretch->pages, call,
                   "seconds of one desktop", (int64_t) possible,
                   (int64_t) stretch->seconds, error);
}


usage_result_t
usage_bisection_page(
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error)
{
    usage_result_t   rc;
    usage_stretch_t *stretch;

    stretch = call->stretch;

    rc = usage_pages_take(&stretch->pages, call, page->count,
        (int64_t) page->rows_count, stretch->bisection->pool, error);

    if (rc == USAGE_OK && usage_bisection_rows(stretch, call, page) != USAGE_OK)
    {
        return usage_no_memory(stretch->bisection->pool, error);
    }

    if (rc == USAGE_OK && usage_bisection_all_here(stretch)) {
        rc = usage_bisection_check(stretch, call, error);

        if (rc == USAGE_OK) {
            return usage_bisection_close(stretch, error);
        }
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&stretch->pages)) {
        usage_bisection_clear(stretch);
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}
