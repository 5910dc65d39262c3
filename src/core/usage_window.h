/*
 * translation.md, "Pages": the pages of a window, which have to agree.
 *
 * A window is a column of the table: a day, or the whole range.
 */

#ifndef USAGE_WINDOW_H
#define USAGE_WINDOW_H

#include "usage_call.h"
#include "usage_page.h"


typedef struct {
    usage_day_t first;
    usage_day_t last;
    int64_t     count; /* of rows; -1: not known yet */
    int64_t     next;  /* the next page's offset */
    unsigned    attempt;
    unsigned    waiting; /* pages asked for in this attempt and not here yet */
    bool        unused;  /* a row without use was seen */
    bool        whole;   /* to be completed: all its pages, at once */
} usage_window_t;


/* A window over the days first to last, with nothing asked for. */
void
usage_window_start(usage_window_t *window, usage_day_t first, usage_day_t last);

/* Whether all of its pages are asked for, as far as is known. */
bool usage_window_ended(const usage_window_t *window);

/* The call for its next page; it is the window of that column. */
void
usage_window_call(usage_window_t *window, size_t column, usage_call_t *call);

/*
 * Takes a page, the reply to call: its rows go to the table.  Where it doesn't
 * agree with the pages before it, the window starts anew.  USAGE_ERROR: 502,
 * that was done USAGE_REFETCH_MAX times already.
 */
usage_result_t
usage_window_page(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error);

/* The number of pages that so many rows fill. */
int64_t usage_window_pages(int64_t rows);


#endif /* USAGE_WINDOW_H */
