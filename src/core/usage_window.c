#include "usage_window.h"


static void
usage_window_restart(usage_window_t *window)
{
    window->count = -1;
    window->next = 0;
    window->waiting = 0;
    window->unused = false;
}


void
usage_window_start(usage_window_t *window, usage_day_t first, usage_day_t last)
{
    window->first = first;
    window->last = last;
    window->attempt = 0;
    window->whole = false;

    usage_window_restart(window);
}


bool
usage_window_ended(const usage_window_t *window)
{
    return window->next > 0 && window->count >= 0
           && window->next >= window->count;
}


void
usage_window_call(usage_window_t *window, size_t column, usage_call_t *call)
{
    call->api = USAGE_CALL_STATISTICS;
    call->window = column;
    call->attempt = window->attempt;
    call->first = window->first;
    call->last = window->last;
    call->offset = window->next;

    window->next += USAGE_PAGE_ROWS;
    window->waiting++;
}


int64_t
usage_window_pages(int64_t rows)
{
    return (rows + USAGE_PAGE_ROWS - 1) / USAGE_PAGE_ROWS;
}


/*
 * Starts a window anew; it is fetched to its end, as a row without use ends
 * nothing where rows move.
 */
static usage_result_t
usage_window_refetch(usage_window_t *window, const usage_call_t *call,
    usage_table_t *table, const char *what, int64_t expected, int64_t found,
    usage_error_t *error)
{
    char first[USAGE_DATE_LEN], last[USAGE_DATE_LEN];

    if (window->attempt == USAGE_REFETCH_MAX) {
        usage_day_write(window->first, first);
        usage_day_write(window->last, last);

        return usage_error(error, 502,
            "the pages of the upstream's statistics for %.*s to %.*s do not "
            "agree, fetched %d times: at offset %lld, %s expected %lld, found "
            "%lld",
            (int) USAGE_DATE_LEN, first, (int) USAGE_DATE_LEN, last,
            USAGE_REFETCH_MAX + 1, (long long) call->offset, what,
            (long long) expected, (long long) found);
    }

    usage_window_restart(window);
    usage_table_clear(table, call->window);
    window->attempt++;
    window->whole = true;

    return USAGE_OK;
}


static int64_t
usage_window_expected(const usage_window_t *window, int64_t offset)
{
    int64_t rows;

    rows = window->count - offset;

    if (rows < 0) {
        return 0;
    }

    return rows < USAGE_PAGE_ROWS ? rows : USAGE_PAGE_ROWS;
}


usage_result_t
usage_window_page(usage_window_t *window, const usage_call_t *call,
    const usage_page_t *page, usage_table_t *table, usage_error_t *error)
{
    double *cell;
    size_t  n;
    int64_t expected;

    if (call->attempt != window->attempt) {
        return USAGE_OK; /* the window was started anew meanwhile */
    }

    window->waiting--;

    if (window->count >= 0 && page->count != window->count) {
        return usage_window_refetch(
            window, call, table, "count", window->count, page->count, error);
    }

    window->count = page->count;
    expected = usage_window_expected(window, call->offset);

    if ((int64_t) page->rows_count != expected) {
        return usage_window_refetch(window, call, table, "rows", expected,
            (int64_t) page->rows_count, error);
    }

    for (n = 0; n < page->rows_count; n++) {
        cell = &page->rows[n].desktop->cells[call->window];

        if (*cell >= 0) {
            return usage_window_refetch(
                window, call, table, "rows of one desktop", 1, 2, error);
        }

        *cell = page->rows[n].seconds;

        if (*cell == 0) {
            window->unused = true;
        }
    }

    return USAGE_OK;
}
