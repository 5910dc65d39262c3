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
 * Enters a page's rows in the window's column.  A desktop that has a cell there
 * came twice.
 */
static usage_result_t
usage_window_enter(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    size_t             n;
    const usage_row_t *row;

    for (n = 0; n < page->rows_count; n++) {
        row = &page->rows[n];

        if (usage_cell_shown(row->desktop, window->column)) {
            return usage_pages_restart(
                &window->pages, call, "rows of one desktop", 1, 2, error);
        }

        usage_cell_show(row->desktop, window->column, row->seconds);

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
        rc = usage_window_enter(window, call, page, error);
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&window->pages)) {

        /* It is read to its end now: as rows move, those behind one without use
         * may have some. */

        usage_table_clear(table, window->column);
        window->unused = false;
        window->complete = true;
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}
