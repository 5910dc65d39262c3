/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days that are only begun.  A day of all desktops is read until a row without
 * use, and is whole only when the range has shown that the order was kept.  If
 * its request ends before that, the pages that are here are stored, and the
 * next request takes the day up behind them.  It reads the range as ever, so
 * nobody is answered from a day that is only begun.
 */

#include "store/ngx_http_usage_store_fill.h"


/* seconds until the pages of a day are too old to go with those to come */
#define NGX_HTTP_USAGE_BEGUN_VALID  600


static ngx_int_t ngx_http_usage_begun_window(ngx_http_usage_fill_t *fill,
    size_t day, int64_t count);
static ngx_int_t ngx_http_usage_resume_locked(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition, usage_plan_t *plan);
static ngx_int_t ngx_http_usage_resume_day(
    ngx_http_usage_partition_t *partition, ngx_http_usage_window_t *window,
    usage_plan_t *plan, size_t day);


void
ngx_http_usage_begun_drop(ngx_http_usage_fill_t *fill)
{
    size_t                    i;
    int32_t                   first;
    ngx_http_usage_window_t  *window;

    first = (int32_t) fill->plan->request->first;

    for (i = 0; i < fill->plan->days; i++) {
        window = ngx_http_usage_store_window(fill->partition,
                                   first + i,
                                   ngx_http_usage_begun_last(first + i));
        if (window
            && ((fill->ends && usage_plan_of_all(fill->plan))
                || usage_plan_covers(fill->plan, i)))
        {
            ngx_http_usage_store_remove(fill->store, window);
        }
    }
}


/*
 * Days that may still change are fetched from their start.
 */

ngx_int_t
ngx_http_usage_begun_fill(ngx_http_usage_fill_t *fill)
{
    size_t         i;
    int32_t        day;
    int64_t        count, rows;
    usage_plan_t  *plan;

    plan = fill->plan;

    for (i = 0; i < plan->days; i++) {
        day = (int32_t) plan->request->first + i;

        if (usage_plan_begun(plan, i, &count, &rows)
            && ngx_http_usage_store_until(fill->ctx, day, plan->now) == 0
            && ngx_http_usage_begun_window(fill, i, count) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_begun_window(ngx_http_usage_fill_t *fill, size_t day,
    int64_t count)
{
    int32_t                   first;
    ngx_http_usage_window_t  *window;

    first = (int32_t) fill->plan->request->first + day;

    window = ngx_http_usage_fill_add(fill, first,
                                     ngx_http_usage_begun_last(first), 0,
                                     ngx_http_usage_fill_wide(fill, day));
    if (window == NULL) {
        return NGX_ERROR;
    }

    window->owner = 0; /* whole days are worth more, also to this request */
    window->rows = (uint32_t) count;

    ngx_http_usage_fill_shown(fill, day, &window->cover);

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_store_resume(ngx_http_usage_ctx_t *ctx, usage_plan_t *plan)
{
    ngx_int_t                    rc;
    ngx_http_usage_store_t      *store;
    ngx_http_usage_partition_t  *partition;

    if (!usage_plan_of_all(plan)) {
        return NGX_OK;
    }

    store = ctx->lookup->store;

    ngx_http_usage_store_lock(store);

    partition = ngx_http_usage_store_partition(store, ctx->lookup->key);

    rc = partition ? ngx_http_usage_resume_locked(ctx, partition, plan)
                   : NGX_OK;

    ngx_http_usage_store_unlock(store);

    return rc;
}


static ngx_int_t
ngx_http_usage_resume_locked(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition, usage_plan_t *plan)
{
    size_t                    i;
    int32_t                   first;
    ngx_http_usage_window_t  *window;

    first = (int32_t) plan->request->first;

    for (i = 0; i < plan->days; i++) {
        window = ngx_http_usage_store_window(partition, first + i,
                                      ngx_http_usage_begun_last(first + i));

        if (window == NULL
            || window->fetched + NGX_HTTP_USAGE_BEGUN_VALID < plan->now
            || ngx_http_usage_store_until(ctx, first + i, window->fetched) != 0)
        {
            continue;
        }

        if (ngx_http_usage_resume_day(partition, window, plan, i) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_resume_day(ngx_http_usage_partition_t *partition,
    ngx_http_usage_window_t *window, usage_plan_t *plan, size_t day)
{
    int64_t           rows;
    uint32_t          i;
    usage_str_t       id;
    ngx_uint_t        unused;
    usage_desktop_t  *desktop;

    rows = 0;
    unused = 0;

    for (i = 0; i < window->cover.count; i++) {

        if (usage_cover_cell(&window->cover, i) != USAGE_COVER_SHOWN) {
            continue;
        }

        id.data = (char *) partition->ids[i]->data;
        id.len = partition->ids[i]->len;

        desktop = usage_table_add(&plan->table, id, NULL);
        if (desktop == NULL) {
            return NGX_ERROR;
        }

        usage_cell_show(desktop, day, usage_cover_seconds(&window->cover, i));
        unused |= usage_cell_seconds(desktop, day) == 0;
        rows++;
    }

    usage_plan_resume(plan, day, (int64_t) window->rows, rows, unused);

    return NGX_OK;
}
