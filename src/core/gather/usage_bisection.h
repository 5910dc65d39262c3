/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rule "Few upstream calls": the days of one desktop, or of one user, from
 * statistics narrowed to it.
 *
 * The window over all days is asked for first.  Without use in it, no day has
 * any.  Else its first part is asked for, and the second part is what is left;
 * then the parts of those, down to days.  So it is never more than a call for
 * each day, and one for any part without use.  Where sums are no whole
 * milliseconds, so that what is left might be rounded, each day is asked for.
 *
 * Upstream's filters are fuzzy: rows are matched by their exact id, and a
 * window may have pages.
 */

#ifndef USAGE_BISECTION_H
#define USAGE_BISECTION_H

#include "page/usage_page.h"
#include "gather/usage_pages.h"


typedef struct usage_stretch_s usage_stretch_t;


typedef struct {
    usage_desktop_t    *desktop; /* whose it is; NULL: a user's */
    usage_call_api_t    api;
    usage_str_t         match; /* the id of its row */
    usage_str_t         name;  /* the filters, empty where not used */
    usage_str_t         id;
    usage_str_t         domain;
    bool                several; /* more than one row may match */
    usage_day_t         first;
    size_t              days;
    size_t              given; /* a day whose seconds are set; days: none */
    const usage_pool_t *pool;
    bool                splits; /* days are wanted, not just the total */
    bool                known;  /* the total is */
    bool                shown;  /* a row was there */
    int64_t             rows;   /* of the window over all days */
    double              total;  /* seconds */
    double              seconds[USAGE_DAYS_MAX];
    usage_stretch_t    *stretches; /* that are not settled yet */
} usage_bisection_t;


/*
 * Starts a series whose fields down to pool are set, with one day at least; the
 * others are 0.  USAGE_ERROR where memory is out.
 */
usage_result_t usage_bisection_start(usage_bisection_t *series);

/* Says that the days are wanted.  USAGE_ERROR where memory is out. */
usage_result_t usage_bisection_split(usage_bisection_t *series);

/* The next call; USAGE_AGAIN: there is none just now. */
usage_result_t
usage_bisection_next(usage_bisection_t *series, usage_call_t *call);

/* The calls that the series still takes, at least. */
int64_t usage_bisection_ahead(const usage_bisection_t *series);

/*
 * Takes a page, the reply to call, which a series asked for.  USAGE_ERROR: 502,
 * the pages don't agree, and were fetched too often; 500.
 */
usage_result_t usage_bisection_page(
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error);

/* Whether everything that was wanted is known. */
bool usage_bisection_complete(const usage_bisection_t *series);


#endif /* USAGE_BISECTION_H */
