/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One fetch for all gateways: of those that need the same days, the one that has
 * a lock in Redis fetches them, and the others look again until the days are
 * there, or the lock is free.  That saves calls, no more: nobody depends on it.
 *
 * A lock ends by itself, so that nobody waits for a gateway that was killed.  As
 * long as its owner fetches, it is renewed, and made anew if Redis has forgotten
 * it.  Only its owner ends it earlier.  Who has waited takes it when it was free
 * for longer than a renewal takes: otherwise a Redis that forgets would have both
 * of them fetch.
 */

#include "planner/ngx_http_usage_shared.h"

#include "share/usage_share_command.h"


/* milliseconds that a lock lives, after which its owner renews it, and that it is
 * free before one who waited takes it */
#define NGX_HTTP_USAGE_LOCK_LIFE   8000
#define NGX_HTTP_USAGE_LOCK_RENEW  2000
#define NGX_HTTP_USAGE_LOCK_FREED  3000

/* milliseconds until one who waits looks again, at least; it varies up to twice
 * as long, so that not all look at once */
#define NGX_HTTP_USAGE_LOCK_LOOK   200


static ngx_int_t ngx_http_usage_shared_ask(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_kind_t kind);
static usage_result_t ngx_http_usage_shared_take_lock(
    ngx_http_usage_ctx_t *ctx, usage_str_t token, usage_str_t *command);
static void ngx_http_usage_sharing_told(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static ngx_uint_t ngx_http_usage_shared_held(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static void ngx_http_usage_shared_done(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static void ngx_http_usage_sharing_timer(ngx_http_usage_ctx_t *ctx,
    ngx_event_handler_pt handler, ngx_msec_t delay);
static void ngx_http_usage_shared_look(ngx_event_t *ev);
static void ngx_http_usage_shared_renew(ngx_event_t *ev);


ngx_int_t
ngx_http_usage_shared_lead(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    /*
     * some desktops are fetched by narrow windows, which nobody else gets, nor
     * days that aren't final
     */

    if (ctx->inbound.request.desktops > 0
        || ngx_http_usage_shared_missing(ctx) == 0
        || shared->lock == NGX_HTTP_USAGE_LOCK_OWN
        || shared->lock == NGX_HTTP_USAGE_LOCK_NONE)
    {
        return NGX_OK;
    }

    if (shared->lock != NGX_HTTP_USAGE_LOCK_ASKED && !shared->timer.timer_set) {
        if (ngx_http_usage_shared_ask(ctx, NGX_HTTP_USAGE_SHARE_LOCK)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        shared->lock = NGX_HTTP_USAGE_LOCK_ASKED;
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_usage_shared_ask(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_kind_t kind)
{
    usage_str_t               token, command;
    usage_result_t            rc;
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    token.data = (char *) shared->token;
    token.len = NGX_HTTP_USAGE_LOCK_TOKEN;

    switch (kind) {

    case NGX_HTTP_USAGE_SHARE_LOCK:
        rc = ngx_http_usage_shared_take_lock(ctx, token, &command);
        break;

    case NGX_HTTP_USAGE_SHARE_RENEW:
        rc = usage_lock_renew(shared->name, token, NGX_HTTP_USAGE_LOCK_LIFE,
                              &ctx->pool, &command);
        break;

    default: /* NGX_HTTP_USAGE_SHARE_UNLOCK */
        rc = usage_lock_drop(shared->name, token, &ctx->pool, &command);
        break;
    }

    if (rc != USAGE_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_share_start(ctx, kind, command,
                                      kind == NGX_HTTP_USAGE_SHARE_LOCK
                                      ? ngx_http_usage_sharing_told
                                      : ngx_http_usage_shared_done, NULL)
           ? NGX_OK : NGX_ERROR;
}


/*
 * Who has waited only looks at the lock, until it was free for long enough.
 */

static usage_result_t
ngx_http_usage_shared_take_lock(ngx_http_usage_ctx_t *ctx,
    usage_str_t token, usage_str_t *command)
{
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    shared->looks = shared->waited
                    && (!shared->freed
                        || ngx_current_msec - shared->free_since
                           < NGX_HTTP_USAGE_LOCK_FREED);

    return shared->looks
           ? usage_share_get(shared->name, &ctx->pool, command)
           : usage_lock_take(shared->name, token, NGX_HTTP_USAGE_LOCK_LIFE, &ctx->pool,
                             command);
}


/*
 * If the lock is this gateway's, the days are looked for once more: who had it
 * before may have written them.
 */

static void
ngx_http_usage_sharing_told(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    if (op->outcome != NGX_HTTP_USAGE_SHARE_DONE) {
        shared->lock = NGX_HTTP_USAGE_LOCK_NONE;

    } else if (ngx_http_usage_shared_held(ctx, op)) {
        shared->lock = NGX_HTTP_USAGE_LOCK_OTHERS;
        shared->waited = 1;
        ngx_http_usage_sharing_timer(ctx, ngx_http_usage_shared_look,
                                    NGX_HTTP_USAGE_LOCK_LOOK
                                    + ngx_random() % NGX_HTTP_USAGE_LOCK_LOOK);

    } else {
        shared->lock = NGX_HTTP_USAGE_LOCK_OWN;
        shared->looked = 0;
        ngx_http_usage_sharing_timer(ctx, ngx_http_usage_shared_renew,
                                    NGX_HTTP_USAGE_LOCK_RENEW);
    }

    shared->go(ctx);
}


/*
 * Whether this gateway doesn't have the lock by now.
 */

static ngx_uint_t
ngx_http_usage_shared_held(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    if (!shared->looks) {
        return op->resp.kind == USAGE_RESP_NIL;
    }

    if (op->resp.kind == USAGE_RESP_BULK) {
        shared->freed = 0;

        /* nginx may have asked a second server, after the first had done it */

        return op->resp.text.len != NGX_HTTP_USAGE_LOCK_TOKEN
               || ngx_memcmp(op->resp.text.data, shared->token,
                             NGX_HTTP_USAGE_LOCK_TOKEN)
                  != 0;
    }

    if (!shared->freed) {
        shared->freed = 1;
        shared->free_since = ngx_current_msec;
    }

    return 1;
}


static void
ngx_http_usage_shared_done(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    /* void */
}


static void
ngx_http_usage_sharing_timer(ngx_http_usage_ctx_t *ctx,
    ngx_event_handler_pt handler, ngx_msec_t delay)
{
    ngx_event_t  *timer;

    timer = &ctx->planner->shared->timer;

    timer->handler = handler;
    timer->data = ctx;
    timer->log = ctx->request->connection->log;

    ngx_add_timer(timer, delay);
}


static void
ngx_http_usage_shared_look(ngx_event_t *ev)
{
    ngx_connection_t         *c;
    ngx_http_usage_ctx_t     *ctx;
    ngx_http_usage_sharing_t  *shared;

    ctx = ev->data;
    c = ctx->request->connection;
    shared = ctx->planner->shared;

    ngx_http_set_log_request(c->log, ctx->request);

    shared->looked = 0;

    shared->go(ctx);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_shared_renew(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    /* if it fails, the lock ends, and another gateway may fetch the same */

    (void) ngx_http_usage_shared_ask(ctx, NGX_HTTP_USAGE_SHARE_RENEW);

    ngx_add_timer(ev, NGX_HTTP_USAGE_LOCK_RENEW);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_usage_shared_release(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_sharing_t  *shared;

    shared = ctx->planner->shared;

    if (shared->timer.timer_set) {
        ngx_del_timer(&shared->timer);
    }

    /* one that was asked for may be taken, though no reply said so in time */

    if (shared->lock == NGX_HTTP_USAGE_LOCK_OWN
        || shared->lock == NGX_HTTP_USAGE_LOCK_NONE
        || (shared->lock == NGX_HTTP_USAGE_LOCK_ASKED && !shared->looks))
    {
        shared->lock = NGX_HTTP_USAGE_LOCK_FREE;
        (void) ngx_http_usage_shared_ask(ctx, NGX_HTTP_USAGE_SHARE_UNLOCK);
    }
}
