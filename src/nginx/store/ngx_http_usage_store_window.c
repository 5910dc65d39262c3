/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The windows of a partition: in order, so that one is found; and by their last
 * use, so that the one that was used least lately goes first.
 */

#include "store/ngx_http_usage_store.h"


uint32_t
ngx_http_usage_store_place(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last)
{
    uint32_t                  low, high, middle;
    ngx_http_usage_window_t  *window;

    low = 0;
    high = partition->windows_count;

    while (low < high) {
        middle = (low + high) / 2;
        window = partition->windows[middle];

        if (window->first < first
            || (window->first == first && window->last < last))
        {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


ngx_http_usage_window_t *
ngx_http_usage_store_window(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last)
{
    uint32_t                  place;
    ngx_http_usage_window_t  *window;

    place = ngx_http_usage_store_place(partition, first, last);

    if (place == partition->windows_count) {
        return NULL;
    }

    window = partition->windows[place];

    return window->first == first && window->last == last ? window : NULL;
}


void
ngx_http_usage_store_used(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window)
{
    window->used = ngx_time();

    ngx_queue_remove(&window->queue);
    ngx_queue_insert_head(&store->sh->windows, &window->queue);

    ngx_queue_remove(&window->own);
    ngx_queue_insert_head(&window->partition->used, &window->own);
}


/*
 * translation.md, "Days": a day is final so long after its start.
 */

time_t
ngx_http_usage_store_until(ngx_http_usage_ctx_t *ctx, int32_t last,
    time_t fetched)
{
    time_t  start;

    start = (time_t) last * USAGE_SECONDS_PER_DAY;

    if (last != NGX_HTTP_USAGE_DIRECTORY
        && fetched >= start + ctx->conf->final_after)
    {
        return 0;
    }

    return fetched + ctx->conf->fresh;
}
