/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The memory of the subrequests.
 *
 * nginx takes it from the pool of the client's request, and frees it with that:
 * with hundreds of subrequests, megabytes.  So each has a pool of its own here,
 * destroyed when the subrequest is done and nothing else can hold a piece of
 * it; if ever in doubt, it stays until the client's request ends.
 *
 * Other modules may keep in a request's pool what is the connection's, and look
 * for it among the pool's cleanup handlers: realip does so with the client's
 * address.  So the handlers of the client's request are seen in each of these
 * pools, too.  If a subrequest sets another address all the same, the client's
 * is put back as soon as memory goes in which that address may lie.
 */

#include "fetch/ngx_http_usage_fetch.h"


/* all that a subrequest takes by proxy_pass, its larger buffers aside */
#define NGX_HTTP_USAGE_POOL_SIZE  (8 * 1024)


static void ngx_http_usage_memory_cleanup(void *data);
static void ngx_http_usage_memory_destroy(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_memory_t *memory);
static ngx_uint_t ngx_http_usage_memory_needed(ngx_http_request_t *r,
    ngx_http_usage_memory_t *memory);
static void ngx_http_usage_memory_unlink(ngx_http_request_t *r,
    ngx_pool_t *pool);
static ngx_uint_t ngx_http_usage_memory_has(ngx_pool_t *pool, void *p);


ngx_int_t
ngx_http_usage_memory_init(ngx_http_usage_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_usage_memory_cleanup;
    cln->data = ctx;

    c = ctx->request->connection;

    ctx->fetches->address.sockaddr = c->sockaddr;
    ctx->fetches->address.socklen = c->socklen;
    ctx->fetches->address.text = c->addr_text;

    return NGX_OK;
}


static void
ngx_http_usage_memory_cleanup(void *data)
{
    ngx_http_usage_ctx_t  *ctx = data;

    ngx_http_usage_memory_t  *memory;

    while (ctx->fetches->memories) {
        memory = ctx->fetches->memories;
        ctx->fetches->memories = memory->next;
        ngx_http_usage_memory_destroy(ctx, memory);
    }
}


static void
ngx_http_usage_memory_destroy(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_memory_t *memory)
{
    ngx_pool_cleanup_t  **cln;

    /* the handlers of the client's request run when that ends */

    for (cln = &memory->pool->cleanup; *cln; cln = &(*cln)->next) {
        if (*cln == memory->shared) {
            *cln = NULL;
            break;
        }
    }

    ngx_destroy_pool(memory->pool);

    ngx_http_usage_memory_restore(ctx);
}


void
ngx_http_usage_memory_restore(ngx_http_usage_ctx_t *ctx)
{
    ngx_connection_t  *c;

    c = ctx->request->connection;

    c->sockaddr = ctx->fetches->address.sockaddr;
    c->socklen = ctx->fetches->address.socklen;
    c->addr_text = ctx->fetches->address.text;
}


ngx_http_usage_memory_t *
ngx_http_usage_memory_create(ngx_http_usage_ctx_t *ctx)
{
    ngx_pool_t               *pool;
    ngx_http_usage_memory_t  *memory;

    pool = ngx_create_pool(NGX_HTTP_USAGE_POOL_SIZE,
                           ctx->request->connection->log);
    if (pool == NULL) {
        return NULL;
    }

    memory = ngx_pcalloc(pool, sizeof(ngx_http_usage_memory_t));
    if (memory == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    memory->pool = pool;
    memory->shared = ctx->request->pool->cleanup;
    pool->cleanup = memory->shared;
    memory->next = ctx->fetches->memories;
    ctx->fetches->memories = memory;

    return memory;
}


void
ngx_http_usage_memory_sweep(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t        *r;
    ngx_http_usage_memory_t  **next, *memory;

    r = ctx->request;

    /*
     * A subrequest may have subrequests itself, as of a mirror or a cache that
     * is updated in the background, which outlive it in its pool.  There are
     * none if the client's request and the fetches are all that is counted.
     */

    if (r->main->count != 1 + ctx->fetches->under_way) {
        return;
    }

    ngx_http_set_log_request(r->connection->log, r);

    next = &ctx->fetches->memories;

    while (*next) {
        memory = *next;

        if (!memory->done || ngx_http_usage_memory_needed(r, memory)) {
            next = &memory->next;
            continue;
        }

        *next = memory->next;

        ngx_http_usage_memory_unlink(r, memory->pool);
        ngx_http_usage_memory_destroy(ctx, memory);
    }
}


/*
 * Whether nginx is to run the subrequest once more, or a handler for its end.
 */

static ngx_uint_t
ngx_http_usage_memory_needed(ngx_http_request_t *r,
    ngx_http_usage_memory_t *memory)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_posted_request_t  *posted;

    for (posted = r->main->posted_requests; posted; posted = posted->next) {
        if (posted->request == memory->request
            || ngx_http_usage_memory_has(memory->pool, posted))
        {
            return 1;
        }
    }

    for (cln = r->main->cleanup; cln; cln = cln->next) {
        if (cln->handler && ngx_http_usage_memory_has(memory->pool, cln)) {
            return 1;
        }
    }

    return 0;
}


/*
 * nginx lists the handlers for the end of subrequests with the main request's,
 * also after they have run.
 */

static void
ngx_http_usage_memory_unlink(ngx_http_request_t *r, ngx_pool_t *pool)
{
    ngx_http_cleanup_t  **cln;

    cln = &r->main->cleanup;

    while (*cln) {
        if (ngx_http_usage_memory_has(pool, *cln)) {
            *cln = (*cln)->next;

        } else {
            cln = &(*cln)->next;
        }
    }
}


static ngx_uint_t
ngx_http_usage_memory_has(ngx_pool_t *pool, void *p)
{
    ngx_pool_t        *block;
    ngx_pool_large_t  *large;

    block = pool;

    do {
        if ((u_char *) p >= (u_char *) block && (u_char *) p < block->d.end) {
            return 1;
        }

        block = block->d.next;

    } while (block);

    for (large = pool->large; large; large = large->next) {
        if (large->alloc == p) {
            return 1;
        }
    }

    return 0;
}
