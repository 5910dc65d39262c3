/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A stretch of a series.  Not for other files than usage_bisection*.c.
 */

#ifndef USAGE_BISECTION_PRIVATE_H
#define USAGE_BISECTION_PRIVATE_H

#include "gather/usage_bisection.h"


/*
 * A stretch of days that is asked for by a window of its own.
 */
struct usage_stretch_s {
    usage_stretch_t   *next;
    usage_bisection_t *series;
    size_t             first; /* its days, counted from the series' first */
    size_t             last;
    size_t             end;   /* it is the first part of first to end... */
    double             whole; /* ...which has so many seconds */
    usage_pages_t      pages;
    unsigned           matches; /* rows that match, so far */
    double             seconds; /* of them */
    int64_t            used;    /* the offset behind the last row with use */
    int64_t            unused;  /* the offset of the first one without */
    usage_row_t       *rows;
    size_t             rows_count;
    size_t             rows_room;
};


/* usage_bisection_rows.c */

/* A stretch without rows. */
void usage_bisection_clear(usage_stretch_t *stretch);

/* Keeps the rows of a page, the reply to call.  USAGE_ERROR: memory is out. */
usage_result_t usage_bisection_rows(usage_stretch_t *stretch,
    const usage_call_t *call, const usage_page_t *page);

/* Whether a window has one row of an id, and not more. */
bool usage_bisection_unique(const usage_bisection_t *series);

/*
 * Whether a row is there twice, in which case another may have been passed by.
 */
bool usage_bisection_twice(usage_stretch_t *stretch);


#endif /* USAGE_BISECTION_PRIVATE_H */
