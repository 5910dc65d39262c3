/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Pages": the pages of one list, which have to agree.
 *
 * A list is what a window of statistics, the directory or the connection
 * records show.  Where its pages don't agree it starts anew, USAGE_REFETCH_MAX
 * times.
 */

#ifndef USAGE_PAGES_H
#define USAGE_PAGES_H

#include "gather/usage_call.h"
#include "base/usage_error.h"


/* the bytes that are kept of a row, of any list, at least */
#define USAGE_PAGES_ROW 64


typedef struct {
    int64_t  limit; /* the rows of a page */
    int64_t  count; /* of all rows; -1: not known yet */
    int64_t  next;  /* the next page's offset */
    unsigned attempt;
    unsigned waiting; /* asked for in this attempt and not here yet */
} usage_pages_t;


/* A list of which nothing is asked for. */
void usage_pages_start(usage_pages_t *pages, int64_t limit);

/* Whether no page is asked for yet, in this attempt. */
bool usage_pages_fresh(const usage_pages_t *pages);

/* Whether all pages are asked for, as far as is known; whether all are here. */
bool usage_pages_ended(const usage_pages_t *pages);
bool usage_pages_done(const usage_pages_t *pages);

/* Whether the next page may be asked for together with those under way: the
 * first one tells how many there are. */
bool usage_pages_ready(const usage_pages_t *pages);

/* Does without the pages that aren't asked for yet; the first is here. */
void usage_pages_skip(usage_pages_t *pages);

/* Enters the next page's attempt, offset and limit in call. */
void usage_pages_next(usage_pages_t *pages, usage_call_t *call);

/*
 * Takes the reply to call, of so many rows and a count of all.
 *
 * USAGE_OK: the rows are to be taken.  USAGE_AGAIN: they are not; where the
 * list is fresh now it was started anew, and what its pages brought before is
 * void.  USAGE_ERROR: 502, it was started anew too often, or so many rows are
 * more than what is left of the pool's budget.
 */
usage_result_t
usage_pages_take(usage_pages_t *pages, const usage_call_t *call, int64_t count,
    int64_t rows, const usage_pool_t *pool, usage_error_t *error);

/*
 * Starts the list anew, as something else in the reply to call doesn't agree:
 * what, expected and found say so.  USAGE_AGAIN, or USAGE_ERROR as above.
 */
usage_result_t
usage_pages_restart(usage_pages_t *pages, const usage_call_t *call,
    const char *what, int64_t expected, int64_t found, usage_error_t *error);

/* The number of pages that so many rows of the list fill. */
int64_t usage_pages_of(const usage_pages_t *pages, int64_t rows);

/* The pages that are not asked for yet, at least: the first, or as many as it
 * told. */
int64_t usage_pages_ahead(const usage_pages_t *pages);


#endif /* USAGE_PAGES_H */
