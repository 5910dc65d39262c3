/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The context of a client's request.  In: a request.  Out: its context, made at
 * the first call, and found again later.
 */

#include "base/ngx_http_usage.h"


static void ngx_http_usage_kept_ctx(void *data);


ngx_http_usage_ctx_t *
ngx_http_usage_get_ctx(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t        *ctx;
    ngx_http_usage_main_conf_t  *umcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);
    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ctx->request = r;
        ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);
        ctx->pool.alloc = ngx_http_usage_alloc;
        ctx->pool.data = r->pool;
        ctx->pool.budget = &ctx->budget;
        ctx->pool.seed[0] = umcf->seed[0];
        ctx->pool.seed[1] = umcf->seed[1];
        ctx->budget.max = ctx->conf->memory;

        ngx_http_set_ctx(r, ctx, ngx_http_usage_module);

        ngx_http_usage_set_mode(ctx);
    }

    return ctx;
}


ngx_http_usage_ctx_t *
ngx_http_usage_find_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx || r != r->main || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_http_usage_kept_ctx) {
            continue;
        }

        ctx = cln->data;

        /* the contexts of subrequests, as of a mirror, are in this pool, too */

        if (ctx->request == r) {
            ngx_http_set_ctx(r, ctx, ngx_http_usage_module);
            return ctx;
        }
    }

    return NULL;
}


/*
 * An internal redirect clears the contexts of modules.  The cleanup handlers of
 * the request's pool stay, so this one leads to the context.
 */

ngx_int_t
ngx_http_usage_keep_ctx(ngx_http_usage_ctx_t *ctx)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_usage_kept_ctx;
    cln->data = ctx;

    return NGX_OK;
}


static void
ngx_http_usage_kept_ctx(void *data)
{
    /* the context needs no cleanup */
}


void *
ngx_http_usage_alloc(void *pool, size_t size)
{
    return ngx_palloc(pool, size);
}
