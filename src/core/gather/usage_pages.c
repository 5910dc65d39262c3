/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_pages.h"


static void
usage_pages_reset(usage_pages_t *pages)
{
    pages->count = -1;
    pages->next = 0;
    pages->waiting = 0;
}


void
usage_pages_start(usage_pages_t *pages, int64_t limit)
{
    pages->limit = limit;
    pages->attempt = 0;

    usage_pages_reset(pages);
}


bool
usage_pages_fresh(const usage_pages_t *pages)
{
    return pages->next == 0;
}


bool
usage_pages_ended(const usage_pages_t *pages)
{
    return pages->next > 0 && pages->count >= 0 && pages->next >= pages->count;
}


bool
usage_pages_done(const usage_pages_t *pages)
{
    return usage_pages_ended(pages) && pages->waiting == 0;
}


bool
usage_pages_ready(const usage_pages_t *pages)
{
    return usage_pages_fresh(pages)
           || (pages->count >= 0 && !usage_pages_ended(pages));
}


bool
usage_pages_begun(const usage_pages_t *pages, int64_t *rows)
{
    *rows = pages->next - pages->waiting * pages->limit;

    return pages->attempt == 0 && *rows > 0 && *rows < pages->count;
}


void
usage_pages_resume(usage_pages_t *pages, int64_t count, int64_t rows)
{
    pages->count = count;
    pages->next = rows;
}


void
usage_pages_next(usage_pages_t *pages, usage_call_t *call)
{
    call->attempt = pages->attempt;
    call->offset = pages->next;
    call->limit = pages->limit;

    pages->next += pages->limit;
    pages->waiting++;
}


void
usage_pages_skip(usage_pages_t *pages)
{
    if (pages->next < pages->count) {
        pages->next = pages->count;
    }
}


int64_t
usage_pages_of(const usage_pages_t *pages, int64_t rows)
{
    return (rows + pages->limit - 1) / pages->limit;
}


int64_t
usage_pages_ahead(const usage_pages_t *pages)
{
    if (usage_pages_fresh(pages)) {
        return 1;
    }

    if (pages->count <= pages->next) {
        return 0;
    }

    return usage_pages_of(pages, pages->count - pages->next);
}


usage_result_t
usage_pages_restart(usage_pages_t *pages, const usage_call_t *call,
    const char *what, int64_t expected, int64_t found, usage_error_t *error)
{
    char name[USAGE_CALL_NAME_MAX];

    if (pages->attempt == USAGE_REFETCH_MAX) {
        return usage_error(error, 502,
            "the pages of the upstream's %s do not agree, fetched %d times: at "
            "offset %lld, %s expected %lld, found %lld",
            usage_call_name(call, name), USAGE_REFETCH_MAX + 1,
            (long long) call->offset, what, (long long) expected,
            (long long) found);
    }

    usage_pages_reset(pages);
    pages->attempt++;

    return USAGE_AGAIN;
}


/*
 * Gives how many rows the page at an offset has to have.
 */
static int64_t
usage_pages_expected(const usage_pages_t *pages, int64_t offset)
{
    int64_t rows;

    rows = pages->count - offset;

    if (rows < 0) {
        return 0;
    }

    return rows < pages->limit ? rows : pages->limit;
}


usage_result_t
usage_pages_take(usage_pages_t *pages, const usage_call_t *call, int64_t count,
    int64_t rows, const usage_pool_t *pool, usage_error_t *error)
{
    int64_t expected;

    if (call->attempt != pages->attempt) {
        return USAGE_AGAIN; /* the list was started anew meanwhile */
    }

    pages->waiting--;

    if (!usage_fits(pool, (uint64_t) count, USAGE_PAGES_ROW)) {
        return usage_no_memory(pool, error);
    }

    if (pages->count >= 0 && count != pages->count) {
        return usage_pages_restart(
            pages, call, "count", pages->count, count, error);
    }

    pages->count = count;
    expected = usage_pages_expected(pages, call->offset);

    if (rows != expected) {
        return usage_pages_restart(pages, call, "rows", expected, rows, error);
    }

    return USAGE_OK;
}
