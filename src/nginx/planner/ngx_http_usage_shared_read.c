/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days that another gateway has written, or this one before it was restarted.
 * In: what the day store lacks.  Out: what Redis has of it, in the day store.
 *
 * A value counts only if it opens with the secret, for this caller and day, if
 * all of it makes sense, and if the day was final when it was fetched.
 */

#include "planner/ngx_http_usage_shared.h"

#include "share/usage_share_command.h"
#include "share/usage_shared_day.h"


/* operations at once: a worker takes each reply in a moment of its own */
#define NGX_HTTP_USAGE_SHARED_READS  4

/* seconds that gateways' clocks may differ */
#define NGX_HTTP_USAGE_SHARED_SKEW   300

#define NGX_HTTP_USAGE_SHARED_POOL   4096


static ngx_int_t ngx_http_usage_shared_more(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_shared_get(ngx_http_usage_ctx_t *ctx,
    size_t i);
static void ngx_http_usage_shared_got(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static ngx_int_t ngx_http_usage_sharing_take(ngx_http_usage_ctx_t *ctx,
    usage_day_t day, usage_str_t value, ngx_pool_t *pool);
static ngx_int_t ngx_http_usage_shared_enter(ngx_http_usage_ctx_t *ctx,
    usage_shared_day_t *reader, ngx_pool_t *pool);


ngx_int_t
ngx_http_usage_shared_read(ngx_http_usage_ctx_t *ctx)
{
    uint64_t                  missing;
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    if (shared->looked) {
        return NGX_DECLINED;
    }

    shared->looked = 1;
    missing = ngx_http_usage_shared_missing(ctx);

    /* who waits for another gateway's days looks for the first of them */

    shared->firsts = shared->lock != NGX_HTTP_USAGE_LOCK_FREE && !shared->hit;
    shared->hit = 0;

    if (shared->firsts) {
        missing &= -missing;
    }

    if (missing == 0) {
        return NGX_DECLINED;
    }

    shared->unread = missing;

    return ngx_http_usage_shared_more(ctx) == NGX_OK ? NGX_AGAIN : NGX_ERROR;
}


uint64_t
ngx_http_usage_shared_missing(ngx_http_usage_ctx_t *ctx)
{
    size_t          i;
    int32_t         day;
    uint64_t        missing;
    usage_cover_t  *cover;

    missing = 0;
    cover = &ctx->lookup->cover;

    for (i = cover->missing_first; i < ctx->lookup->past; i++) {
        day = (int32_t) ctx->inbound.request.first + i;

        if ((cover->windows[i] == NULL || i <= cover->missing_last)
            && ngx_http_usage_store_until(ctx, day, ngx_time()) == 0)
        {
            missing |= (uint64_t) 1 << i;
        }
    }

    return missing;
}


/*
 * Reads as many of the days as may be read at once.
 */

static ngx_int_t
ngx_http_usage_shared_more(ngx_http_usage_ctx_t *ctx)
{
    size_t                    i;
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    for (i = 0; i < ctx->lookup->past; i++) {

        if (shared->reads == NGX_HTTP_USAGE_SHARED_READS) {
            break;
        }

        if (!(shared->unread & (uint64_t) 1 << i)) {
            continue;
        }

        if (ngx_http_usage_shared_get(ctx, i) != NGX_OK) {
            return NGX_ERROR;
        }

        shared->unread &= ~((uint64_t) 1 << i);
        shared->reads++;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_shared_get(ngx_http_usage_ctx_t *ctx, size_t i)
{
    char         name[USAGE_SEAL_NAME];
    usage_day_t  day;
    usage_str_t  command;

    day = ctx->inbound.request.first + (usage_day_t) i;

    if (ngx_http_usage_shared_name(ctx, day, name) != NGX_OK
        || usage_share_get(name, &ctx->pool, &command) != USAGE_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_share_start(ctx, NGX_HTTP_USAGE_SHARE_GET, command,
                                      ngx_http_usage_shared_got,
                                      (void *) (uintptr_t) i)
           ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_usage_shared_got(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    ngx_int_t                 rc;
    ngx_pool_t               *pool;
    usage_day_t               day;
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;
    shared->reads--;

    if (op->outcome != NGX_HTTP_USAGE_SHARE_DONE) {
        shared->unread = 0;

    } else if (op->resp.kind == USAGE_RESP_BULK) {
        day = ctx->inbound.request.first
              + (usage_day_t) (uintptr_t) op->data;

        pool = ngx_create_pool(NGX_HTTP_USAGE_SHARED_POOL,
                               ctx->request->connection->log);

        rc = pool ? ngx_http_usage_sharing_take(ctx, day, op->resp.text, pool)
                  : NGX_ERROR;

        if (pool) {
            ngx_destroy_pool(pool);
        }

        if (rc == NGX_DECLINED) {
            ngx_http_usage_share_rejected(ctx, "a day");

        } else if (rc == NGX_OK) {
            shared->taken++;
        }

        /* if the first of another gateway's days is there, all may be */

        if (rc == NGX_OK && shared->firsts) {
            shared->hit = 1;
            shared->looked = 0;
        }
    }

    if (ngx_http_usage_shared_more(ctx) != NGX_OK) {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return;
    }

    if (shared->reads == 0) {
        shared->go(ctx);
    }
}


/*
 * NGX_DECLINED: the value isn't one that a gateway wrote for this day, or isn't
 * good any more.  NGX_BUSY: it is, but is of no use here.
 */

static ngx_int_t
ngx_http_usage_sharing_take(ngx_http_usage_ctx_t *ctx, usage_day_t day,
    usage_str_t value, ngx_pool_t *pool)
{
    char                 name[USAGE_SEAL_NAME], *text;
    time_t               fetched;
    size_t               len;
    usage_str_t          bytes;
    usage_shared_day_t   reader;

    text = ngx_palloc(pool, value.len);
    if (text == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_usage_shared_name(ctx, day, name) != NGX_OK
        || usage_seal_open(&ctx->conf->share->seal, name, value, text, &len)
           != USAGE_OK)
    {
        return NGX_DECLINED;
    }

    bytes.data = text;
    bytes.len = len;

    if (usage_shared_day_open(&reader, bytes, day) != USAGE_OK) {
        return NGX_DECLINED;
    }

    fetched = (time_t) reader.fetched;

    if (fetched > ngx_time() + NGX_HTTP_USAGE_SHARED_SKEW
        || fetched + ctx->planner->shared->life < ngx_time())
    {
        return NGX_DECLINED;
    }

    /* another gateway may call a day final earlier than this one does */

    if (ngx_http_usage_store_until(ctx, (int32_t) day, fetched) != 0) {
        return NGX_BUSY;
    }

    return ngx_http_usage_shared_enter(ctx, &reader, pool);
}


static ngx_int_t
ngx_http_usage_shared_enter(ngx_http_usage_ctx_t *ctx,
    usage_shared_day_t *reader, ngx_pool_t *pool)
{
    char         *texts;
    double       *seconds;
    size_t        i, count;
    usage_str_t  *ids;

    count = reader->count;

    ids = ngx_palloc(pool, (count + 1) * sizeof(usage_str_t));
    seconds = ngx_palloc(pool, (count + 1) * sizeof(double));
    texts = ngx_palloc(pool, (count + 1) * USAGE_SHARED_DAY_UUID);

    if (ids == NULL || seconds == NULL || texts == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < count; i++) {
        if (!usage_shared_day_next(reader, &ids[i],
                                   texts + i * USAGE_SHARED_DAY_UUID,
                                   &seconds[i]))
        {
            return NGX_DECLINED;
        }
    }

    return ngx_http_usage_store_enter(ctx, (int32_t) reader->day,
                                      (time_t) reader->fetched, ids, seconds,
                                      count);
}
