/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request's look-up in the day store: whose days they are, and what is found
 * out on the way.
 */

#include "store/ngx_http_usage_store.h"

#include "base/usage_hash.h"


static ngx_int_t ngx_http_usage_lookup_arrays(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_lookup_t *lookup);
static uint64_t ngx_http_usage_lookup_subject(ngx_http_usage_ctx_t *ctx);


ngx_int_t
ngx_http_usage_lookup_open(ngx_http_usage_ctx_t *ctx)
{
    static uint32_t  lookups;

    size_t                    past;
    ngx_int_t                 rc;
    usage_request_t          *request;
    ngx_http_usage_lookup_t  *lookup;

    request = &ctx->inbound.request;
    past = usage_request_past(request, usage_day_of(ngx_time()));

    if (ctx->conf->store == NULL || past == 0 || request->hours
        || request->user.len)
    {
        return NGX_DECLINED;
    }

    lookup = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_lookup_t));
    if (lookup == NULL) {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    lookup->store = ctx->conf->store->data;
    lookup->owner = (uint64_t) ngx_pid << 32 | ++lookups;
    lookup->subject = ngx_http_usage_lookup_subject(ctx);
    lookup->started = ngx_current_msec;
    lookup->past = past;

    rc = ngx_http_usage_key(ctx, NGX_HTTP_USAGE_SCOPE_DATA,
                            ctx->conf->store_key, lookup->store->sh->salt,
                            lookup->key);

    if (rc == NGX_ERROR) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the caller's key could not be made");
        return NGX_ERROR;
    }

    lookup->cover.request = request;

    if (ngx_http_usage_lookup_arrays(ctx, lookup) != NGX_OK) {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    ctx->lookup = lookup;

    return rc;
}


/*
 * Once, as the store may be looked into many times.
 */

static ngx_int_t
ngx_http_usage_lookup_arrays(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_lookup_t *lookup)
{
    size_t          desktops, listed;
    ngx_pool_t     *pool;
    usage_cover_t  *cover;

    pool = ctx->request->pool;
    cover = &lookup->cover;
    desktops = ctx->inbound.request.desktops + 1;
    listed = USAGE_LIMIT_MAX;

    lookup->places = ngx_palloc(pool, desktops * sizeof(uint32_t));
    cover->places = lookup->places;
    cover->entries = ngx_pcalloc(pool, desktops * sizeof(usage_cover_entry_t));
    cover->unlisted = ngx_palloc(pool, desktops * sizeof(usage_str_t));
    cover->listed = ngx_palloc(pool, listed * sizeof(uint32_t));
    cover->requested = ngx_palloc(pool, listed * sizeof(uint32_t));

    return lookup->places && cover->entries && cover->unlisted
           && cover->listed && cover->requested
           ? NGX_OK : NGX_ERROR;
}


/*
 * Which desktops a request fetches; 0: all.
 */

static uint64_t
ngx_http_usage_lookup_subject(ngx_http_usage_ctx_t *ctx)
{
    size_t            i;
    uint64_t          seed[2];
    usage_request_t  *request;

    request = &ctx->inbound.request;

    if (request->desktops == 0) {
        return 0;
    }

    seed[0] = ctx->pool.seed[0];
    seed[1] = ctx->pool.seed[1];

    for (i = 0; i < request->desktops; i++) {
        seed[0] = usage_hash(seed, request->desktop_ids[i]);
    }

    return seed[0] | 1;
}


void
ngx_http_usage_lookup_learn(ngx_http_usage_ctx_t *ctx, usage_plan_t *plan)
{
    size_t            i, n;
    usage_cover_t    *cover;
    usage_request_t  *request;

    i = 0;
    cover = &ctx->lookup->cover;
    request = &ctx->inbound.request;

    for (n = 0; n < request->desktops && i < cover->unlisted_count; n++) {

        if (request->desktop_ids[n].data == cover->unlisted[i].data) {
            cover->entries[n] = usage_plan_knows(plan, i)
                                ? USAGE_COVER_LISTED : USAGE_COVER_UNLISTED;
            i++;
        }
    }
}
