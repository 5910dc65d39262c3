/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Pages": the pages of one list, which have to agree.
 *
 * A list is what a window of statistics, the directory or the connection
 * records show.  If its pages don't agree it starts anew, USAGE_REFETCH_MAX
 * times at most.
 */

#ifndef USAGE_PAGES_H
#define USAGE_PAGES_H

#include "gather/usage_call.h"
#include "base/usage_error.h"


/* the bytes that are kept of each row of any list, at least */
#define USAGE_PAGES_ROW 64


typedef struct {
    int64_t  limit;   /* rows a page */
    int64_t  count;   /* rows of the list; -1: not known yet */
    int64_t  next;    /* the next page's offset */
    unsigned attempt; /* how often the list has started anew */
    unsigned waiting; /* pages asked for in this attempt, and not here yet */
} usage_pages_t;


/* Prepares a list of pages of so many rows. */
void usage_pages_start(usage_pages_t *pages, int64_t limit);

/* Tells whether no page is asked for yet, in this attempt. */
bool usage_pages_fresh(const usage_pages_t *pages);

/* Tell whether all pages are asked for, as far as is known, and whether all are
 * here. */
bool usage_pages_ended(const usage_pages_t *pages);
bool usage_pages_done(const usage_pages_t *pages);

/* Tells whether the next page may be asked for now.  The first one tells how
 * many there are; the others may then be under way together. */
bool usage_pages_ready(const usage_pages_t *pages);

/* Takes all pages as here that aren't asked for yet.  The first one has to be
 * here. */
void usage_pages_skip(usage_pages_t *pages);

/*
 * Say how far a list has come whose pages were asked for one by one, and take
 * one up there: so many of its rows are here, whole pages.  begun: false if all
 * pages are here, none is, or the list has started anew.
 */
bool usage_pages_begun(const usage_pages_t *pages, int64_t *rows);
void usage_pages_resume(usage_pages_t *pages, int64_t count, int64_t rows);

/* Enters the next page's attempt, offset and limit in call. */
void usage_pages_next(usage_pages_t *pages, usage_call_t *call);

/*
 * Takes the reply to call: a page of so many rows, of a list of count rows.
 *
 * USAGE_OK: its rows count.  USAGE_AGAIN: they don't; if the list is fresh now
 * it has started anew, and the rows of its earlier pages don't count either.
 * USAGE_ERROR: 502, it has started anew too often; or the rows take more than
 * what is left of the pool's budget.
 */
usage_result_t
usage_pages_take(usage_pages_t *pages, const usage_call_t *call, int64_t count,
    int64_t rows, const usage_pool_t *pool, usage_error_t *error);

/*
 * Starts the list anew, as something else in the reply to call doesn't agree.
 * what, expected and found are for the error's text.  USAGE_AGAIN, or
 * USAGE_ERROR as above.
 */
usage_result_t
usage_pages_restart(usage_pages_t *pages, const usage_call_t *call,
    const char *what, int64_t expected, int64_t found, usage_error_t *error);

/* Gives how many pages so many rows of the list take. */
int64_t usage_pages_of(const usage_pages_t *pages, int64_t rows);

/* Gives how many pages are not asked for yet, at least: one, until the first
 * page tells. */
int64_t usage_pages_ahead(const usage_pages_t *pages);


#endif /* USAGE_PAGES_H */
