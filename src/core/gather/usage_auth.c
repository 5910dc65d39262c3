/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_auth.h"


usage_result_t
usage_auth_init(usage_auth_t *auth, usage_day_t day,
    usage_str_t enterprise_project, const usage_pool_t *pool)
{
    auth->day = day;
    auth->enterprise_project = enterprise_project;

    return usage_table_init(&auth->table, pool, 0);
}


void
usage_auth_call(const usage_auth_t *auth, usage_call_t *call)
{
    memset(call, 0, sizeof(usage_call_t));

    call->api = USAGE_CALL_DESKTOPS;
    call->kind = USAGE_CALL_PROBE;
    call->limit = 1;
    call->first = auth->day;
    call->last = auth->day;
    call->enterprise_project = auth->enterprise_project;
}


void
usage_auth_read(
    usage_auth_t *auth, usage_page_reader_t *reader, usage_error_t *error)
{
    usage_page_start(reader, &usage_page_desktops,
        usage_page_bounds(&usage_page_desktops, 1, 1), NULL, &auth->table,
        error);
}


usage_result_t
usage_auth_page(const usage_page_t *page, usage_error_t *error)
{
    size_t expected;

    expected = page->count > 0;

    if (page->rows_count != expected) {
        return usage_error(error, 502,
            "a page of the upstream's statistics makes no sense: %zu rows, "
            "where %zu were expected",
            page->rows_count, expected);
    }

    return USAGE_OK;
}
