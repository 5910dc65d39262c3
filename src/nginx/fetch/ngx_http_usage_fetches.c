/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * All upstream calls of a request: the slots that they take, and their end.
 */

#include "fetch/ngx_http_usage_fetch.h"


ngx_int_t
ngx_http_usage_fetches_open(ngx_http_usage_ctx_t *ctx,
    ngx_event_handler_pt wake)
{
    ngx_str_t                  id;
    ngx_http_request_t        *r;
    ngx_http_usage_fetches_t  *fetches;

    r = ctx->request;

    fetches = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_fetches_t));

    if (fetches == NULL || ngx_http_usage_own_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    fetches->slots = ngx_pcalloc(r->pool,
                                 ctx->conf->concurrency * sizeof(void *));
    if (fetches->slots == NULL) {
        return NGX_ERROR;
    }

    fetches->wake.handler = wake;
    fetches->wake.data = ctx;
    fetches->wake.log = r->connection->log;

    ctx->fetches = fetches;

    if (ngx_http_usage_memory_init(ctx) != NGX_OK) {
        ctx->fetches = NULL;
        return NGX_ERROR;
    }

    r->write_event_handler = ngx_http_usage_wake_handler;

    return NGX_OK;
}


ngx_http_usage_fetch_t *
ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx, ngx_uint_t *i)
{
    ngx_http_usage_fetch_t  *fetch;

    while (*i < (ngx_uint_t) ctx->conf->concurrency) {
        fetch = ctx->fetches->slots[(*i)++];

        if (fetch) {
            return fetch;
        }
    }

    return NULL;
}


ngx_http_usage_fetch_t *
ngx_http_usage_free_fetch(ngx_http_usage_ctx_t *ctx, ngx_uint_t n)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    for (i = 0; i < n; i++) {
        fetch = ctx->fetches->slots[i];

        if (fetch == NULL) {
            fetch = ngx_pcalloc(ctx->request->pool,
                                sizeof(ngx_http_usage_fetch_t));
            if (fetch == NULL) {
                (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "out of memory");
                return NULL;
            }

            fetch->ctx = ctx;
            ctx->fetches->slots[i] = fetch;

            return fetch;
        }

        if (fetch->request == NULL && !fetch->waits && !fetch->due) {
            return fetch;
        }
    }

    return NULL;
}


void
ngx_http_usage_fetches_close(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    ctx->fetches->ended = 1;

    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {
        ngx_http_usage_count_call(fetch);
    }

    if (ctx->fetches->wake.posted) {
        ngx_delete_posted_event(&ctx->fetches->wake);
    }
}


void
ngx_http_usage_fetches_abandon(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {

        if (fetch->request && !fetch->done) {
            ngx_http_usage_fetch_abandon(fetch);
        }
    }

    ngx_http_usage_calm(ctx->request);
    ngx_http_usage_memory_restore(ctx);
}
