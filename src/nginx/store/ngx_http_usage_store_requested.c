/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktops that a legacy call asks for by their ids, in the day store.
 */

#include "store/ngx_http_usage_store.h"


static ngx_int_t ngx_http_usage_find_shown(ngx_http_usage_search_t *search,
    uint32_t place);
static u_char ngx_http_usage_find_known(ngx_http_usage_search_t *search,
    uint32_t place);


void
ngx_http_usage_find_places(ngx_http_usage_search_t *search)
{
    size_t            i;
    usage_request_t  *request;

    request = &search->ctx->inbound.request;

    for (i = 0; i < request->desktops; i++) {
        search->places[i] = ngx_http_usage_store_id(search->partition,
                                                    request->desktop_ids[i]);

        /* what has no place, and gets none, isn't there after a fetch */

        if (search->places[i] == NGX_HTTP_USAGE_NO_PLACE
            && search->partition->unknown == NGX_HTTP_USAGE_UNKNOWN_IDS)
        {
            search->ctx->lookup->unplaced = 1;
        }
    }
}


ngx_int_t
ngx_http_usage_find_requested(ngx_http_usage_search_t *search)
{
    size_t                 n;
    uint32_t               place;
    ngx_int_t              rc;
    ngx_uint_t             shown;
    usage_request_t       *request;
    ngx_http_usage_ctx_t  *ctx;

    ctx = search->ctx;
    request = &ctx->inbound.request;
    ctx->answer.total = 0;
    ctx->lookup->unlisted_count = 0;

    if (ctx->lookup->unlisted == NULL) {
        ctx->lookup->unlisted = ngx_palloc(ctx->request->pool,
                                   request->desktops * sizeof(usage_str_t));
        ctx->lookup->known = ngx_palloc(ctx->request->pool, request->desktops);
        ctx->lookup->requested = ngx_palloc(ctx->request->pool,
                                USAGE_LIMIT_MAX * sizeof(uint32_t));

        if (ctx->lookup->unlisted == NULL || ctx->lookup->known == NULL || ctx->lookup->requested == NULL) {
            return NGX_ERROR;
        }

        ngx_memset(ctx->lookup->known, NGX_HTTP_USAGE_UNASKED, request->desktops);
    }

    for (n = 0; n < request->desktops; n++) {
        place = search->places[n];
        rc = ngx_http_usage_find_shown(search, place);
        shown = rc == 1;

        if (!shown && ctx->lookup->known[n] == NGX_HTTP_USAGE_UNASKED) {
            ctx->lookup->known[n] = ngx_http_usage_find_known(search, place);
        }

        if (!shown && ctx->lookup->known[n] == NGX_HTTP_USAGE_UNASKED) {
            ctx->lookup->unlisted[ctx->lookup->unlisted_count++] = request->desktop_ids[n];
        }

        if (rc == NGX_DECLINED && ctx->lookup->known[n] == NGX_HTTP_USAGE_UNKNOWN) {

            /* the statistics may have it all the same */

            ctx->lookup->missing_first = 0;
            ctx->lookup->missing_last = ctx->lookup->past - 1;

            return NGX_DECLINED;
        }

        if (!shown && ctx->lookup->known[n] != NGX_HTTP_USAGE_KNOWN) {
            continue;
        }

        if (ctx->answer.total >= request->offset && search->count < request->limit) {
            ctx->lookup->requested[search->count] = n;
            search->listed[search->count++] = place;
        }

        ctx->answer.total++;
    }

    return ctx->lookup->unlisted_count ? NGX_AGAIN : NGX_OK;
}


/*
 * Whether one of the windows shows a desktop, or one over all days does.
 * NGX_DECLINED: that isn't known.
 */

static ngx_int_t
ngx_http_usage_find_shown(ngx_http_usage_search_t *search, uint32_t place)
{
    size_t                    i;
    ngx_uint_t                unused;
    ngx_http_usage_window_t  *window;

    unused = 0;

    for (i = 0; i < search->days; i++) {
        window = search->windows[i];

        if (place >= window->count) {
            continue;
        }

        if (ngx_http_usage_bit(ngx_http_usage_window_shown(window), place)) {
            return 1;
        }

        unused |= ngx_http_usage_window_cell(window, place)
                  == NGX_HTTP_USAGE_UNUSED;
    }

    window = ngx_http_usage_store_window(search->partition, search->first,
                                 search->first + search->ctx->lookup->past - 1);

    if (window && place < window->count
        && ngx_http_usage_find_valid(search, window)
        && ngx_http_usage_bit(ngx_http_usage_window_shown(window), place))
    {
        return 1;
    }

    return unused ? NGX_DECLINED : 0;
}


/*
 * What the directory said of a desktop a moment ago.  It said so to the same
 * caller, where callers aren't put together.
 */

static u_char
ngx_http_usage_find_known(ngx_http_usage_search_t *search, uint32_t place)
{
    ngx_http_usage_window_t  *window;

    window = ngx_http_usage_store_window(search->partition,
                                         NGX_HTTP_USAGE_DIRECTORY,
                                         NGX_HTTP_USAGE_DIRECTORY);

    if (window == NULL || search->ctx->conf->store_key || place >= window->count
        || !ngx_http_usage_find_valid(search, window)
        || !ngx_http_usage_bit(ngx_http_usage_window_known(window), place))
    {
        return NGX_HTTP_USAGE_UNASKED;
    }

    return ngx_http_usage_bit(ngx_http_usage_window_shown(window), place)
           ? NGX_HTTP_USAGE_KNOWN : NGX_HTTP_USAGE_UNKNOWN;
}


ngx_uint_t
ngx_http_usage_find_valid(ngx_http_usage_search_t *search,
    ngx_http_usage_window_t *window)
{
    time_t  until;

    if (window->owner == search->ctx->lookup->owner) {
        return 1;
    }

    until = ngx_http_usage_store_until(search->ctx, window->last,
                                       window->fetched);

    return until == 0 || until > search->now;
}
