/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a request puts into the day store.  In: a plan.  Out: what of its
 * statistics is whole, as windows, and if it is done, what it learned from the
 * directory.
 */

#include "store/ngx_http_usage_store_fill.h"


static ngx_int_t ngx_http_usage_fill_locked(ngx_http_usage_fill_t *fill);
static ngx_int_t ngx_http_usage_fill_window(ngx_http_usage_fill_t *fill,
    size_t column);
static void ngx_http_usage_fill_requested(ngx_http_usage_fill_t *fill,
    size_t column, usage_cover_window_t *window);
static ngx_int_t ngx_http_usage_fill_directory(ngx_http_usage_fill_t *fill);


uint64_t
ngx_http_usage_store_fill(ngx_http_usage_ctx_t *ctx, usage_plan_t *plan,
    uint64_t stored, ngx_uint_t ends)
{
    ngx_http_usage_fill_t  fill;

    ngx_memzero(&fill, sizeof(ngx_http_usage_fill_t));

    fill.ctx = ctx;
    fill.store = ctx->lookup->store;
    fill.plan = plan;
    fill.now = plan->now;
    fill.stored = stored;
    fill.ends = ends;

    fill.places = ngx_palloc(ctx->request->pool,
                             (plan->table.count + 1) * sizeof(uint32_t));
    if (fill.places == NULL) {
        return stored;
    }

    ngx_http_usage_store_lock(fill.store);
    ngx_http_usage_store_change(fill.store);

    fill.partition = ngx_http_usage_store_create(fill.store, ctx->lookup->key,
                                                 ctx->lookup->owner);

    if (fill.partition) {
        fill.partition->busy = 1;
        ngx_http_usage_fill_needed(&fill);

        if (ngx_http_usage_fill_locked(&fill) != NGX_OK) {
            ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                          "usage: usage_store's zone has no room for a call");
        }

        fill.partition->busy = 0;
        ngx_http_usage_store_release(fill.store, fill.partition);
    }

    ngx_http_usage_store_unlock(fill.store);

    return fill.stored;
}


void
ngx_http_usage_fill_needed(ngx_http_usage_fill_t *fill)
{
    int32_t                      first, last;
    uint32_t                     i;
    ngx_http_usage_window_t     *window;
    ngx_http_usage_partition_t  *partition;

    partition = fill->partition;
    first = (int32_t) fill->ctx->inbound.request.first;
    last = first + (int32_t) fill->ctx->lookup->past - 1;

    for (i = 0; i < partition->windows_count; i++) {
        window = partition->windows[i];

        if (window->owner == fill->ctx->lookup->owner
            || (window->first >= first && window->last <= last))
        {
            ngx_http_usage_store_used(fill->store, window);
        }
    }
}


static ngx_int_t
ngx_http_usage_fill_locked(ngx_http_usage_fill_t *fill)
{
    size_t         i;
    usage_plan_t  *plan;

    plan = fill->plan;

    if (ngx_http_usage_store_add_ids(fill->store, fill->partition, plan,
                                     fill->places, fill->ctx->lookup->owner)
        != NGX_OK
        || (usage_plan_done(plan)
            && ngx_http_usage_fill_directory(fill) != NGX_OK))
    {
        return NGX_ERROR;
    }

    ngx_http_usage_begun_drop(fill);

    for (i = 0; i <= plan->days; i++) {

        if (i == plan->days && i <= 1) {
            break; /* the range of one day is that day */
        }

        if (fill->stored & ngx_http_usage_column(i)) {
            continue;
        }

        if (usage_plan_covers(plan, i)
            || (plan->request->desktops && usage_plan_has_days(plan)))
        {
            if (ngx_http_usage_fill_window(fill, i) != NGX_OK) {
                return NGX_ERROR;
            }

            fill->stored |= ngx_http_usage_column(i);
        }
    }

    return fill->ends && !usage_plan_done(plan)
           ? ngx_http_usage_begun_fill(fill) : NGX_OK;
}


/*
 * The statistics in a column of the table: of a day, or of the range.
 */

static ngx_int_t
ngx_http_usage_fill_window(ngx_http_usage_fill_t *fill, size_t column)
{
    int32_t                   first, last;
    ngx_uint_t                complete;
    usage_plan_t             *plan;
    ngx_http_usage_window_t  *window;

    plan = fill->plan;
    complete = usage_plan_covers(plan, column);

    first = (int32_t) plan->request->first;

    if (column < plan->days) {
        first += column;
        last = first;

    } else {
        last = first + plan->days - 1;
    }

    window = ngx_http_usage_store_window(fill->partition, first, last);

    if (window && window->cover.complete && !complete
        && ngx_http_usage_store_until(fill->ctx, last, window->fetched) == 0)
    {
        return NGX_OK; /* stored meanwhile, by a request for all desktops */
    }

    window = ngx_http_usage_fill_add(fill, first, last, complete,
                                     ngx_http_usage_fill_wide(fill, column));
    if (window == NULL) {
        return NGX_ERROR;
    }

    if (complete) {
        ngx_http_usage_fill_shown(fill, column, &window->cover);

    } else {
        ngx_http_usage_fill_requested(fill, column, &window->cover);
    }

    return NGX_OK;
}


/*
 * Of a window that isn't complete, the requested desktops are known.  Those are
 * the table's first.
 */

static void
ngx_http_usage_fill_requested(ngx_http_usage_fill_t *fill, size_t column,
    usage_cover_window_t *window)
{
    size_t              i;
    double              seconds;
    usage_cover_cell_t  cell;

    for (i = 0; i < fill->plan->request->desktops; i++) {

        if (fill->places[i] == USAGE_COVER_NO_PLACE) {
            continue;
        }

        switch (usage_plan_cell(fill->plan, i, column)) {

        case USAGE_CELL_SHOWN:
            cell = USAGE_COVER_SHOWN;
            break;

        case USAGE_CELL_UNUSED:
            cell = USAGE_COVER_UNUSED;
            break;

        default: /* USAGE_CELL_ABSENT */
            cell = USAGE_COVER_ABSENT;
            break;
        }

        seconds = usage_cell_seconds(fill->plan->table.desktops[i], column);

        usage_cover_enter(window, fill->places[i], cell, seconds);
    }
}


/*
 * Which of the desktops that were looked up the directory knows.
 */

static ngx_int_t
ngx_http_usage_fill_directory(ngx_http_usage_fill_t *fill)
{
    size_t                    i, desktops;
    ngx_http_usage_window_t  *window;

    desktops = fill->plan->request->desktops;

    for (i = 0; i < desktops; i++) {
        if (usage_plan_looked_for(fill->plan, i)) {
            break;
        }
    }

    if (i == desktops) {
        return NGX_OK;
    }

    window = ngx_http_usage_fill_add(fill, NGX_HTTP_USAGE_DIRECTORY,
                                     NGX_HTTP_USAGE_DIRECTORY, 0, 0);
    if (window == NULL) {
        return NGX_ERROR;
    }

    for ( /* void */ ; i < desktops; i++) {

        if (fill->places[i] != USAGE_COVER_NO_PLACE
            && usage_plan_looked_for(fill->plan, i))
        {
            usage_cover_enter(&window->cover, fill->places[i],
                              usage_plan_knows(fill->plan, i)
                              ? USAGE_COVER_SHOWN : USAGE_COVER_ABSENT, 0);
        }
    }

    return NGX_OK;
}
