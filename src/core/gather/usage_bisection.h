/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rule "Few upstream calls": the days of one desktop, or of one user, by
 * bisection, from statistics narrowed to it.
 *
 * The window over all days is asked for first; if that is too long for
 * statistics of users, its last day is a window of its own.  If no use is
 * shown, no day has any.  Otherwise the days are cut in two: the first part is
 * asked for, and the second part is the rest.  Parts with use are cut again,
 * down to days.  So there is at most one call for each day, and one for each
 * part without use. If sums are not whole milliseconds the rest might be
 * rounded: then each day is asked for.
 *
 * The upstream's filters are fuzzy.  So rows are matched by their exact id, and
 * a window may have pages.  All pages of the window over all days are read:
 * they tell how many rows match, one for each enterprise project, and no window
 * within it has more.  So the pages of those are read until as many are here.
 */

#ifndef USAGE_BISECTION_H
#define USAGE_BISECTION_H

#include "page/usage_page.h"
#include "gather/usage_pages.h"


typedef struct {
    usage_desktop_t    *desktop; /* whose days they are; NULL: a user's */
    usage_call_api_t    api;
    usage_str_t         match; /* the id of its row */
    usage_str_t         name;  /* the filters; an empty one is not used */
    usage_str_t         id;
    usage_str_t         domain;
    bool                unique; /* one row an id and enterprise project */
    usage_day_t         first;
    size_t              days;
    size_t              given; /* a day whose seconds are set; days: none is */
    size_t              given_rows; /* that these seconds are the sum of */
    int64_t             until; /* of users: no window ends after this second */
    const usage_pool_t *pool;
    bool                wants_days;    /* not only the total is needed */
    unsigned            first_windows; /* of all days, that aren't here yet */
    bool                known;         /* the total is here */
    bool                shown;         /* a row matched */
    size_t              shown_first;   /* days of a window that showed one */
    size_t              shown_last;
    bool                unmarked; /* that row was of no enterprise project */
    int64_t             rows;     /* of the window over all days */
    size_t              most;  /* rows that match in a window; 0: any number */
    double              total; /* seconds */
    double              seconds[USAGE_DAYS_MAX];
    usage_stretch_t    *stretches; /* days asked for by one window each */

    size_t front;       /* days at the start that are only summed; 0: none */
    bool   front_known; /* their sum is here */
    double front_total; /* seconds: that sum */
} usage_bisection_t;


/*
 * Starts a bisection.  Its fields down to pool are set, the others are 0; it
 * has one day at least.  USAGE_ERROR: memory is out.
 */
usage_result_t usage_bisection_start(usage_bisection_t *bisection);

/*
 * Says that the sum of the first days is needed, and each of the others.  The
 * total is here.  USAGE_ERROR: memory is out.
 */
usage_result_t usage_bisection_sum(usage_bisection_t *bisection, size_t days);

/* Takes the seconds of those first days from elsewhere: they are its sum. */
void usage_bisection_take(usage_bisection_t *bisection, const double *seconds);

/* Says that all days are needed, too.  USAGE_ERROR: memory is out. */
usage_result_t usage_bisection_split(usage_bisection_t *bisection);

/* Gives the next call.  USAGE_AGAIN: there is none just now. */
usage_result_t
usage_bisection_next(usage_bisection_t *bisection, usage_call_t *call);

/* Gives how many calls the bisection still takes, at least. */
int64_t usage_bisection_ahead(const usage_bisection_t *bisection);

/*
 * Takes a page, the reply to call, which was given by any bisection.
 * USAGE_ERROR: 502, the pages don't agree, and were fetched too often; 500,
 * memory is out.
 */
usage_result_t usage_bisection_page(
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error);


#endif /* USAGE_BISECTION_H */
