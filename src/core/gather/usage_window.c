/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_window.h"


void
usage_window_start(
    usage_window_t *window, size_t column, usage_day_t first, usage_day_t last)
{
    window->column = column;
    window->first = first;
    window->last = last;
    window->unused = false;
    window->complete = false;

    usage_pages_start(&window->pages, USAGE_PAGE_ROWS);
}


void
usage_window_call(usage_window_t *window, usage_call_t *call)
{
    call->api = USAGE_CALL_DESKTOPS;
    call->kind = USAGE_CALL_WINDOW;
    call->window = window;
    call->first = window->first;
    call->last = window->last;

    usage_pages_next(&window->pages, call);
}


/*
 * Enters a row in the window's column.  USAGE_AGAIN: the window starts anew, as
 * the row came twice, or the desktop's rows are longer than the window.
 */
static usage_result_t
usage_window_enter_row(usage_window_t *window, const usage_call_t *call,
    const usage_row_t *row, usage_table_t *table, usage_error_t *error)
{
    double sum, possible;

    switch (usage_table_add_row(
        table, row->desktop, window->column, row->project, row->seconds))
    {
    case USAGE_OK:
        break;

    case USAGE_AGAIN:
        return usage_pages_restart(
            &window->pages, call, "rows of one desktop", 1, 2, error);

    default:
        return usage_no_memory(table->pool, error);
    }

    sum = usage_cell_seconds(row->desktop, window->column);
    possible = usage_desktop_seconds(window->last - window->first + 1);

    return sum <= possible ? USAGE_OK
                           : usage_pages_restart(&window->pages, call,
                               "seconds of one desktop", (int64_t) possible,
                               (int64_t) sum, error);
}


/*
 * Enters a page's rows in the window's column.
 */
static usage_result_t
usage_window_enter(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error)
{
    size_t             n;
    usage_result_t     rc;
    const usage_row_t *row;

    for (n = 0; n < page->rows_count; n++) {
        row = &page->rows[n];

        rc = usage_window_enter_row(window, call, row, table, error);
        if (rc != USAGE_OK) {
            return rc;
        }

        if (row->seconds == 0) {
            window->unused = true;
        }
    }

    return USAGE_OK;
}


usage_result_t
usage_window_page(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error)
{
    usage_result_t rc;

    rc = usage_pages_take(&window->pages, call, page->count,
        (int64_t) page->rows_count, table->pool, error);

    if (rc == USAGE_OK) {
        rc = usage_window_enter(window, call, page, table, error);
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&window->pages)) {

        /* It is read to its end now: as rows move, those behind one without use
         * may have some. */

        usage_table_clear(table, window->column);
        window->unused = false;
        window->complete = true;
    }

    if (rc == USAGE_ERROR) {

        /* it isn't whole, whatever the number of its pages says */

        usage_pages_start(&window->pages, USAGE_PAGE_ROWS);
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


bool
usage_window_begun(const usage_window_t *window, const usage_table_t *table,
    int64_t *count, int64_t *rows)
{
    *count = window->pages.count;

    return usage_pages_begun(&window->pages, rows) && !window->complete
           && !table->split;
}


void
usage_window_resume(
    usage_window_t *window, int64_t count, int64_t rows, bool unused)
{
    usage_pages_resume(&window->pages, count, rows);
    window->unused = unused;
}
