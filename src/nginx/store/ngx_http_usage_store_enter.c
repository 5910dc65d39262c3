/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A day that came from elsewhere.  In: its desktops.  Out: a window in the day
 * store, as if this gateway had fetched it.
 */

#include "store/ngx_http_usage_store_fill.h"


static ngx_int_t ngx_http_usage_enter_locked(ngx_http_usage_fill_t *fill,
    int32_t day, usage_str_t *ids, double *seconds, size_t count);


ngx_int_t
ngx_http_usage_store_enter(ngx_http_usage_ctx_t *ctx, int32_t day,
    time_t fetched, usage_str_t *ids, double *seconds, size_t count)
{
    ngx_int_t              rc;
    ngx_http_usage_fill_t  fill;

    ngx_memzero(&fill, sizeof(ngx_http_usage_fill_t));

    fill.ctx = ctx;
    fill.store = ctx->lookup->store;
    fill.now = fetched;

    fill.places = ngx_alloc((count + 1) * sizeof(uint32_t),
                            ctx->request->connection->log);
    if (fill.places == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    ngx_http_usage_store_lock(fill.store);
    ngx_http_usage_store_change(fill.store);

    fill.partition = ngx_http_usage_store_create(fill.store, ctx->lookup->key,
                                                 ctx->lookup->owner);

    if (fill.partition) {
        fill.partition->busy = 1;
        rc = ngx_http_usage_enter_locked(&fill, day, ids, seconds, count);
        fill.partition->busy = 0;
        ngx_http_usage_store_release(fill.store, fill.partition);
    }

    ngx_http_usage_store_unlock(fill.store);

    ngx_free(fill.places);

    return rc;
}


static ngx_int_t
ngx_http_usage_enter_locked(ngx_http_usage_fill_t *fill, int32_t day,
    usage_str_t *ids, double *seconds, size_t count)
{
    size_t                    i;
    ngx_uint_t                wide;
    ngx_http_usage_window_t  *window;

    ngx_http_usage_fill_needed(fill);

    if (ngx_http_usage_store_add_shown(fill->store, fill->partition, ids, count,
                                       fill->places, fill->ctx->lookup->owner)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0, wide = 0; i < count; i++) {
        wide = wide || usage_cover_is_wide(seconds[i]);
    }

    window = ngx_http_usage_fill_add(fill, day, day, 1, wide);
    if (window == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < count; i++) {
        usage_cover_enter(&window->cover, fill->places[i], USAGE_COVER_SHOWN,
                          seconds[i]);
    }

    return NGX_OK;
}
