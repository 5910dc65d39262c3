/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A stretch of the days of a bisection.  Not for other files than
 * usage_bisection*.c.
 */

#ifndef USAGE_BISECTION_PRIVATE_H
#define USAGE_BISECTION_PRIVATE_H

#include "gather/usage_bisection.h"


/*
 * A stretch of days that is a window of its own.  It may be the first part of a
 * larger stretch, the whole: that one begins on the same day, and its seconds
 * are known.
 */
struct usage_stretch_s {
    usage_stretch_t   *next;
    usage_bisection_t *bisection;
    size_t             first; /* days, counted from the bisection's first */
    size_t             last;
    size_t             whole_last; /* the whole's last day; equals last: none */
    double             whole_seconds; /* the whole's */
    usage_pages_t      pages;
    size_t             matches; /* rows that match, so far */
    double             seconds; /* of them */
    int64_t            used;    /* the offset behind the last row with use */
    int64_t            unused;  /* the offset of the first one without */
    usage_row_t       *rows;    /* all that came, to find one twice */
    size_t             rows_count;
    size_t             rows_room;
};


/* usage_bisection_cut.c */

/*
 * Gives the day after which the days first to last are cut in two: the end of a
 * week, or else the day before a weekend, as days without use are often next to
 * each other there.  Of several it is the one nearest to the middle.
 */
size_t usage_bisection_middle(
    const usage_bisection_t *bisection, size_t first, size_t last);

/* Tells whether seconds are whole milliseconds.  A sum may have lost the last
 * bits of a double. */
bool usage_bisection_exact(double seconds);

/*
 * Tells whether the rest, of so many days, is whole less part: both are exact,
 * and the rest isn't negative, nor more than a desktop can be in use.  And
 * gives that rest.
 */
bool usage_bisection_rest_known(
    const usage_bisection_t *bisection, double whole, double part, size_t days);
double usage_bisection_subtract(double whole, double part);


/* usage_bisection_rows.c */

/* Makes a stretch one without rows. */
void usage_bisection_clear(usage_stretch_t *stretch);

/* Takes the rows of a page, the reply to call.  USAGE_ERROR: memory is out. */
usage_result_t usage_bisection_rows(usage_stretch_t *stretch,
    const usage_call_t *call, const usage_page_t *page);

/* Tells whether as many rows as can match are here. */
bool usage_bisection_matched(const usage_stretch_t *stretch);

/*
 * Tells whether a row came twice.  Then another one may have been left out.
 */
bool usage_bisection_twice(usage_stretch_t *stretch);


#endif /* USAGE_BISECTION_PRIVATE_H */
