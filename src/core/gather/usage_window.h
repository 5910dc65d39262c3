/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A window of the statistics that shows all desktops: a column of the table, a
 * day or the whole range.
 */

#ifndef USAGE_WINDOW_H
#define USAGE_WINDOW_H

#include "page/usage_page.h"
#include "gather/usage_pages.h"


typedef struct {
    size_t        column;
    usage_day_t   first;
    usage_day_t   last;
    usage_pages_t pages;
    bool          unused; /* a row without use was seen */
    bool          whole;  /* to be completed: all its pages, at once */
} usage_window_t;


/* A window over the days first to last, with nothing asked for. */
void usage_window_start(
    usage_window_t *window, size_t column, usage_day_t first, usage_day_t last);

/* The call for its next page. */
void usage_window_call(usage_window_t *window, usage_call_t *call);

/*
 * Takes a page, the reply to call: its rows go to the table.  Where it doesn't
 * agree with the pages before it, the window starts anew.  USAGE_ERROR: 502,
 * that was done too often.
 */
usage_result_t
usage_window_page(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error);


#endif /* USAGE_WINDOW_H */
