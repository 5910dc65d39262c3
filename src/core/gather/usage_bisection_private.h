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


/* usage_bisection_rows.c */

/* Makes a stretch one without rows. */
void usage_bisection_clear(usage_stretch_t *stretch);

/* Takes the rows of a page, the reply to call.  USAGE_ERROR: memory is out. */
usage_result_t usage_bisection_rows(usage_stretch_t *stretch,
    const usage_call_t *call, const usage_page_t *page);

/* Tells whether a window can have no more than one row of an id and an
 * enterprise project. */
bool usage_bisection_unique(const usage_bisection_t *bisection);

/* Tells whether as many rows as can match are here. */
bool usage_bisection_matched(const usage_stretch_t *stretch);

/*
 * Tells whether a row came twice.  Then another one may have been left out.
 */
bool usage_bisection_twice(usage_stretch_t *stretch);


#endif /* USAGE_BISECTION_PRIVATE_H */
