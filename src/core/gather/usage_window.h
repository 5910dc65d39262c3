/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A window of the statistics that shows all desktops: a column of the table,
 * which is a day or the whole range.
 */

#ifndef USAGE_WINDOW_H
#define USAGE_WINDOW_H

#include "page/usage_page.h"
#include "gather/usage_pages.h"


struct usage_window_s {
    size_t        column;
    usage_day_t   first;
    usage_day_t   last;
    usage_pages_t pages;
    bool          unused;   /* a row without use was seen */
    bool          complete; /* all its pages are needed, and may come at once */
};


/* Prepares a window over the days first to last. */
void usage_window_start(
    usage_window_t *window, size_t column, usage_day_t first, usage_day_t last);

/* Gives the call for the window's next page. */
void usage_window_call(usage_window_t *window, usage_call_t *call);

/*
 * Takes a page, the reply to call, and enters its rows in the table.  If it
 * doesn't agree with the pages before it, the window starts anew.  USAGE_ERROR:
 * 502, it has started anew too often.
 */
usage_result_t
usage_window_page(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error);

/*
 * Tells whether the first pages of a window are here, and not its last ones.
 * *count: the rows of all its pages; *rows: those that are here.  false, too:
 * its pages come in any order, or one desktop has several rows.
 */
bool usage_window_begun(const usage_window_t *window,
    const usage_table_t *table, int64_t *count, int64_t *rows);

/*
 * Takes a window up where an earlier one of the same day ended, whose rows are
 * in the table.  unused: one of them is without use.
 */
void usage_window_resume(
    usage_window_t *window, int64_t count, int64_t rows, bool unused);


#endif /* USAGE_WINDOW_H */
