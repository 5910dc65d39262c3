#include "usage_series.h"

#include <math.h>
#include <stdlib.h>


/*
 * A stretch of days that is asked for by a window of its own.
 */
struct usage_stretch_s {
    usage_stretch_t *next;
    usage_series_t  *series;
    size_t           first; /* its days, counted from the series' first */
    size_t           last;
    size_t           end;   /* it is the first part of first to end... */
    double           whole; /* ...which has so many seconds */
    usage_pages_t    pages;
    unsigned         matches; /* rows that match, so far */
    double           seconds; /* of them */
    int64_t          used;    /* the offset behind the last row with use */
    int64_t          unused;  /* the offset of the first one without */
    usage_row_t     *rows;
    size_t           rows_count;
    size_t           rows_room;
};


/*
 * A stretch without rows.
 */
static void
usage_series_clear(usage_stretch_t *stretch)
{
    stretch->matches = 0;
    stretch->seconds = 0;
    stretch->used = 0;
    stretch->unused = INT64_MAX;
    stretch->rows_count = 0;
}


static usage_result_t
usage_series_ask(
    usage_series_t *series, size_t first, size_t last, size_t end, double whole)
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
    usage_series_clear(stretch);
    usage_pages_start(&stretch->pages, USAGE_PAGE_ROWS);

    stretch->next = series->stretches;
    series->stretches = stretch;

    return USAGE_OK;
}


usage_result_t
usage_series_start(usage_series_t *series)
{
    return usage_series_ask(series, 0, series->days - 1, series->days - 1, 0);
}


/*
 * The last day of a stretch's first part: where a week ends, or else before a
 * weekend, as days without use are often next to each other there; nearest to
 * the middle.
 */
static size_t
usage_series_middle(const usage_series_t *series, size_t first, size_t last)
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
 * Whether what a part leaves of a whole can be told from their seconds: they
 * are not rounded, and it isn't less than nothing.
 */
static bool
usage_series_rests(double whole, double part)
{
    return whole == floor(whole) && part == floor(part) && whole >= part;
}


/*
 * The seconds of a stretch are known: of one day they go to its cell, of more
 * its first part is asked for, or is what a day that is given leaves.
 */
static usage_result_t
usage_series_settle(
    usage_series_t *series, size_t first, size_t last, double seconds)
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

    middle = usage_series_middle(series, first, last);

    if ((series->given != first || middle != first)
        && (series->given != last || middle + 1 != last))
    {
        return usage_series_ask(series, first, middle, last, seconds);
    }

    rest = seconds - series->seconds[series->given];

    if (!usage_series_rests(seconds, series->seconds[series->given])) {
        return usage_series_ask(series, first, middle, last, seconds);
    }

    return series->given == first
               ? usage_series_settle(series, first + 1, last, rest)
               : usage_series_settle(series, first, last - 1, rest);
}


usage_result_t
usage_series_split(usage_series_t *series)
{
    if (series->splits) {
        return USAGE_OK;
    }

    series->splits = true;

    if (!series->known) {
        return USAGE_OK;
    }

    return usage_series_settle(series, 0, series->days - 1, series->total);
}


/*
 * Whether a stretch's next page is wanted now.  Where one row may match, that
 * one ends it, so its pages are asked for one by one.
 */
static bool
usage_series_wants(const usage_stretch_t *stretch)
{
    if (!usage_pages_ready(&stretch->pages)) {
        return false;
    }

    return stretch->series->several || stretch->pages.waiting == 0;
}


usage_result_t
usage_series_next(usage_series_t *series, usage_call_t *call)
{
    usage_stretch_t *stretch;

    for (stretch = series->stretches; stretch; stretch = stretch->next) {
        if (usage_series_wants(stretch)) {
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


static usage_result_t
usage_series_keep(usage_stretch_t *stretch, const usage_row_t *row)
{
    usage_row_t *rows;

    if (stretch->rows_count == stretch->rows_room) {
        stretch->rows_room += stretch->rows_room + USAGE_PAGE_ROWS;

        rows = usage_alloc(
            stretch->series->pool, stretch->rows_room * sizeof(usage_row_t));
        if (rows == NULL) {
            return USAGE_ERROR;
        }

        if (stretch->rows_count > 0) {
            memcpy(
                rows, stretch->rows, stretch->rows_count * sizeof(usage_row_t));
        }

        stretch->rows = rows;
    }

    stretch->rows[stretch->rows_count++] = *row;

    return USAGE_OK;
}


static usage_result_t
usage_series_rows(usage_stretch_t *stretch, const usage_call_t *call,
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

        if (usage_str_equal(row->desktop->id, stretch->series->match)) {
            stretch->matches++;
            stretch->seconds += row->seconds;
        }

        if (usage_series_keep(stretch, row) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    return USAGE_OK;
}


static int
usage_series_compare(const void *one, const void *two)
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

    return (a->seconds > b->seconds) - (a->seconds < b->seconds);
}


/*
 * Whether a window has one row of an id, and not more.
 */
static bool
usage_series_unique(const usage_series_t *series)
{
    return series->api == USAGE_CALL_DESKTOPS || series->domain.len > 0;
}


/*
 * Whether two rows of one id are the same row, that came twice.  Users of one
 * name in several domains have a row each, and there it takes the same figure
 * to tell.  Many have the same 0: where rows come in the order that was asked
 * for, nothing but another 0 can be missing in the place of one of those.
 */
static bool
usage_series_same(
    const usage_stretch_t *stretch, const usage_row_t *a, const usage_row_t *b)
{
    if (a->desktop != b->desktop) {
        return false;
    }

    if (usage_series_unique(stretch->series)) {
        return true;
    }

    return a->seconds == b->seconds
           && (a->seconds > 0 || stretch->used > stretch->unused);
}


/*
 * Whether a row is there twice, in which case another may have been passed by.
 */
static bool
usage_series_twice(usage_stretch_t *stretch)
{
    size_t i;

    if (!stretch->series->several && stretch->matches > 0) {
        return stretch->matches > 1;
    }

    if (stretch->rows_count > 1) {
        qsort(stretch->rows, stretch->rows_count, sizeof(usage_row_t),
            usage_series_compare);
    }

    for (i = 1; i < stretch->rows_count; i++) {
        if (usage_series_same(
                stretch, &stretch->rows[i - 1], &stretch->rows[i])) {
            return true;
        }
    }

    return false;
}


/*
 * The second part of what a stretch was the first part of.
 */
static usage_result_t
usage_series_rest(const usage_stretch_t *stretch)
{
    usage_series_t *series;

    if (stretch->end == stretch->last) {
        return USAGE_OK;
    }

    series = stretch->series;

    if (!usage_series_rests(stretch->whole, stretch->seconds)) {
        return usage_series_ask(
            series, stretch->last + 1, stretch->end, stretch->end, 0);
    }

    return usage_series_settle(series, stretch->last + 1, stretch->end,
        stretch->whole - stretch->seconds);
}


/*
 * All of a stretch that matters is here.
 */
static usage_result_t
usage_series_done(usage_stretch_t *stretch, usage_error_t *error)
{
    usage_result_t    rc;
    usage_series_t   *series;
    usage_stretch_t **link;

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

        rc = series->splits ? usage_series_settle(
                 series, stretch->first, stretch->last, stretch->seconds)
                            : USAGE_OK;

    } else {
        rc = usage_series_settle(
            series, stretch->first, stretch->last, stretch->seconds);

        if (rc == USAGE_OK) {
            rc = usage_series_rest(stretch);
        }
    }

    return rc == USAGE_OK ? USAGE_OK : usage_error(error, 500, "out of memory");
}


/*
 * Whether all rows that matter are here.
 */
static bool
usage_series_here(const usage_stretch_t *stretch)
{
    return usage_pages_done(&stretch->pages)
           || (stretch->matches > 0 && !stretch->series->several);
}


usage_result_t
usage_series_page(
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error)
{
    usage_result_t   rc;
    usage_stretch_t *stretch;

    stretch = call->asker;

    rc = usage_pages_take(
        &stretch->pages, call, page->count, (int64_t) page->rows_count, error);

    if (rc == USAGE_OK && usage_series_rows(stretch, call, page) != USAGE_OK) {
        return usage_error(error, 500, "out of memory");
    }

    if (rc == USAGE_OK && usage_series_here(stretch)) {
        if (!usage_series_twice(stretch)) {
            return usage_series_done(stretch, error);
        }

        rc = usage_pages_restart(&stretch->pages, call,
            usage_series_unique(stretch->series)
                ? "rows of one id"
                : "rows of one user (desktop_user_domain tells users of one "
                  "name apart)",
            1, 2, error);
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&stretch->pages)) {
        usage_series_clear(stretch);
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}


bool
usage_series_complete(const usage_series_t *series)
{
    return series->known && series->stretches == NULL;
}
