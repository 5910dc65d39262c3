/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a request finds in the day store.  In: its look-up.  Out: the entries of
 * its reply, or what is missing for them.  The core decides that; here are the
 * lock, and the windows that are valid for the request.
 */

#include "store/ngx_http_usage_store.h"


static ngx_int_t ngx_http_usage_find_locked(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition);
static void ngx_http_usage_find_places(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition);
static void ngx_http_usage_find_windows(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition);
static usage_cover_window_t *ngx_http_usage_find_window(
    ngx_http_usage_ctx_t *ctx, ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last);
static void ngx_http_usage_find_touch(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_find_items(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition);


#if (NGX_DEBUG)

/* of the days or desktops that follow, what is true */
static const char  *ngx_http_usage_found[] = {
    "all found",
    "desktops to be looked up",
    "days are missing",
    "out of memory"
};

#endif


ngx_int_t
ngx_http_usage_store_find(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                    rc;
    ngx_http_usage_lookup_t     *lookup;
    ngx_http_usage_partition_t  *partition;

    lookup = ctx->lookup;

    ngx_http_usage_store_lock(lookup->store);

    partition = ngx_http_usage_store_partition(lookup->store, lookup->key);

    if (partition) {
        rc = ngx_http_usage_find_locked(ctx, partition);

    } else {
        rc = NGX_DECLINED;
        lookup->cover.missing_first = 0;
        lookup->cover.missing_last = lookup->past - 1;
    }

    ngx_http_usage_store_unlock(lookup->store);

    return rc;
}


static ngx_int_t
ngx_http_usage_find_locked(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition)
{
    usage_cover_result_t  rc;

    ngx_http_usage_find_places(ctx, partition);
    ngx_http_usage_find_windows(ctx, partition);

    rc = usage_cover_search(&ctx->lookup->cover, &ctx->pool);

    /* also if others are missing, as these are needed once they are there */

    ngx_http_usage_find_touch(ctx);

    ngx_log_debug5(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "usage store, %uz days: %s; days %uz to %uz, %uz desktops",
                   ctx->lookup->past, ngx_http_usage_found[rc],
                   ctx->lookup->cover.missing_first,
                   ctx->lookup->cover.missing_last,
                   ctx->lookup->cover.unlisted_count);

    switch (rc) {

    case USAGE_COVER_FOUND:
        return ngx_http_usage_find_items(ctx, partition);

    case USAGE_COVER_LOOK_UP:
        return NGX_AGAIN;

    case USAGE_COVER_MISSING:
        return NGX_DECLINED;

    default: /* USAGE_COVER_NO_MEMORY */
        return NGX_ERROR;
    }
}


static void
ngx_http_usage_find_places(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition)
{
    size_t                    i;
    usage_request_t          *request;
    ngx_http_usage_lookup_t  *lookup;

    lookup = ctx->lookup;
    request = &ctx->inbound.request;

    lookup->cover.order = partition->order;
    lookup->cover.places_count = partition->ids_count;

    for (i = 0; i < request->desktops; i++) {
        lookup->places[i] = ngx_http_usage_store_id(partition,
                                                    request->desktop_ids[i]);

        /* what has no place, and gets none, isn't there after a fetch */

        if (lookup->places[i] == USAGE_COVER_NO_PLACE
            && partition->unknown == NGX_HTTP_USAGE_UNKNOWN_IDS)
        {
            lookup->unplaced = 1;
        }
    }
}


/*
 * The windows of the days, of the range, and what the directory said.
 */

static void
ngx_http_usage_find_windows(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition)
{
    size_t          i, past;
    int32_t         first;
    usage_cover_t  *cover;

    past = ctx->lookup->past;
    cover = &ctx->lookup->cover;
    first = (int32_t) ctx->inbound.request.first;

    for (i = 0; i < past; i++) {
        cover->windows[i] = ngx_http_usage_find_window(ctx, partition,
                                                       first + i, first + i);
    }

    cover->range = ngx_http_usage_find_window(ctx, partition, first,
                                              first + past - 1);
    cover->days = past;

    /*
     * What the directory said, it said to the same caller, unless callers are
     * put together.
     */

    cover->directory = ctx->conf->store_key
                       ? NULL
                       : ngx_http_usage_find_window(ctx, partition,
                                                    NGX_HTTP_USAGE_DIRECTORY,
                                                    NGX_HTTP_USAGE_DIRECTORY);
}


/*
 * A window, if it may be taken: one that can still change only for a while, but
 * by the request that stored it.
 */

static usage_cover_window_t *
ngx_http_usage_find_window(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition, int32_t first, int32_t last)
{
    time_t                    until;
    ngx_http_usage_window_t  *window;

    window = ngx_http_usage_store_window(partition, first, last);

    if (window == NULL) {
        return NULL;
    }

    until = ngx_http_usage_store_until(ctx, window->last, window->fetched);

    return until == 0 || until > ngx_time()
           || window->owner == ctx->lookup->owner
           ? &window->cover : NULL;
}


/*
 * The windows were used, which is written down at most once a second.
 */

static void
ngx_http_usage_find_touch(ngx_http_usage_ctx_t *ctx)
{
    size_t                    i;
    usage_cover_t            *cover;
    ngx_http_usage_window_t  *window;

    cover = &ctx->lookup->cover;

    for (i = 0; i < cover->days; i++) {

        if (cover->windows[i] == NULL) {
            continue;
        }

        window = ngx_queue_data(cover->windows[i], ngx_http_usage_window_t,
                                cover);

        if (window->used != ngx_time()) {
            ngx_http_usage_store_change(ctx->lookup->store);
            ngx_http_usage_store_used(ctx->lookup->store, window);
        }
    }
}


/*
 * The entries to send: copies, as the store may change once it is unlocked.
 */

static ngx_int_t
ngx_http_usage_find_items(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition)
{
    u_char               *data;
    double               *seconds;
    size_t                i;
    usage_item_t         *items;
    usage_cover_t        *cover;
    ngx_http_usage_id_t  *id;

    cover = &ctx->lookup->cover;

    items = ngx_palloc(ctx->request->pool,
                       (cover->count + 1) * sizeof(usage_item_t));
    seconds = ngx_palloc(ctx->request->pool,
                         (cover->count * cover->days + 1) * sizeof(double));

    if (items == NULL || seconds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < cover->count; i++) {
        items[i].seconds = &seconds[i * cover->days];

        if (ctx->inbound.request.desktops) {
            items[i].id = ctx->inbound.request.desktop_ids[cover->requested[i]];
            continue;
        }

        id = partition->ids[cover->listed[i]];

        data = ngx_pnalloc(ctx->request->pool, id->len);
        if (data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(data, id->data, id->len);
        items[i].id.data = (char *) data;
        items[i].id.len = id->len;
    }

    for (i = 0; i < cover->days; i++) {
        usage_cover_day(cover, i, &seconds[i]);
    }

    ctx->answer.items = items;
    ctx->answer.count = cover->count;
    ctx->answer.total = cover->total;

    return NGX_OK;
}
