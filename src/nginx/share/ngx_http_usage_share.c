/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Operations on what gateways share.  In: a command for Redis.  Out: its reply,
 * given to a handler once the request is woken.
 *
 * An operation is a subrequest in the background, to the operator's location
 * with usage_redis_pass.  A timer bounds it, whatever nginx does with it.
 */

#include "share/ngx_http_usage_share.h"


static ngx_int_t ngx_http_usage_share_init(ngx_http_usage_ctx_t *ctx);
static ngx_http_usage_op_t *ngx_http_usage_share_create(
    ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_share_send(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static void *ngx_http_usage_share_alloc(void *data, size_t size);
static void ngx_http_usage_share_timed_out(ngx_event_t *ev);
static void ngx_http_usage_share_stop(ngx_http_usage_op_t *op);
static void ngx_http_usage_share_judge(ngx_http_usage_op_t *op);
static void ngx_http_usage_share_over(ngx_http_usage_op_t *op,
    ngx_http_usage_share_outcome_t outcome);
static void ngx_http_usage_share_recycle(ngx_http_usage_op_t *op);
static void ngx_http_usage_share_cleanup(void *data);


ngx_http_usage_op_t *
ngx_http_usage_share_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_kind_t kind, usage_str_t command,
    void (*handler)(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op),
    void *data)
{
    ngx_uint_t            probe;
    ngx_http_usage_op_t  *op;

    if (ctx->fetches->ended || ngx_http_usage_share_init(ctx) != NGX_OK) {
        return NULL;
    }

    op = ngx_http_usage_share_create(ctx);
    if (op == NULL) {
        return NULL;
    }

    op->kind = kind;
    op->command = command;
    op->handler = handler;
    op->data = data;
    op->started = ngx_current_msec;

    if (!ngx_http_usage_share_open(ctx->conf->share->peer, &probe)) {
        ngx_http_usage_share_over(op, NGX_HTTP_USAGE_SHARE_SKIPPED);
        ngx_http_usage_wake(ctx);
        return op;
    }

    op->probe = probe;

    if (ngx_http_usage_share_send(ctx, op) != NGX_OK) {
        ngx_http_usage_share_leave(op);
        ngx_http_usage_share_recycle(op);
        return NULL;
    }

    return op;
}


static ngx_int_t
ngx_http_usage_share_init(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_cleanup_t       *cln;
    ngx_http_usage_shares_t  *shares;

    if (ctx->shares) {
        return NGX_OK;
    }

    shares = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_shares_t));
    cln = ngx_http_cleanup_add(ctx->request, 0);

    if (shares == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&shares->ops);
    ngx_queue_init(&shares->free);

    cln->handler = ngx_http_usage_share_cleanup;
    cln->data = ctx;

    ctx->shares = shares;

    return NGX_OK;
}


static ngx_http_usage_op_t *
ngx_http_usage_share_create(ngx_http_usage_ctx_t *ctx)
{
    ngx_queue_t          *q;
    ngx_http_usage_op_t  *op;

    if (ngx_queue_empty(&ctx->shares->free)) {
        op = ngx_palloc(ctx->request->pool, sizeof(ngx_http_usage_op_t));
        if (op == NULL) {
            return NULL;
        }

    } else {
        q = ngx_queue_head(&ctx->shares->free);
        ngx_queue_remove(q);
        op = ngx_queue_data(q, ngx_http_usage_op_t, queue);
    }

    ngx_memzero(op, sizeof(ngx_http_usage_op_t));

    op->fetch.ctx = ctx;
    op->fetch.kind = NGX_HTTP_USAGE_FETCH_SHARE;

    op->timer.handler = ngx_http_usage_share_timed_out;
    op->timer.data = op;
    op->timer.log = ctx->request->connection->log;

    ngx_queue_insert_tail(&ctx->shares->ops, &op->queue);

    return op;
}


static ngx_int_t
ngx_http_usage_share_send(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    ngx_int_t               rc;
    ngx_str_t               args;
    ngx_http_usage_fetch_t  *fetch;
    ngx_http_usage_share_t  *share;

    fetch = &op->fetch;
    share = ctx->conf->share;
    ngx_str_null(&args);

    if (ngx_http_usage_fetch_prepare(ctx, fetch) != NGX_OK) {
        return NGX_ERROR;
    }

    op->pool = ctx->pool;
    op->pool.alloc = ngx_http_usage_share_alloc;
    op->pool.data = op;
    op->pool.budget = NULL;

    rc = ngx_http_usage_fetch_subrequest(ctx, fetch, &share->uri, &args,
                                         &share->uri);
    if (fetch->request == NULL) {
        fetch->memory->done = 1;
        return NGX_ERROR;
    }

    op->sent = 1;
    ctx->shares->under_way++;

    if (rc != NGX_OK) {
        ngx_http_usage_share_stop(op);
        return NGX_ERROR;
    }

    /* nothing of the client's request is for Redis */

    fetch->request->headers_in = ctx->fetches->headers_in;
    fetch->request->request_body = NULL;

    ngx_add_timer(&op->timer, share->timeout);

    return NGX_OK;
}


/*
 * The reply's memory is the subrequest's, which may be freed before the
 * client's request ends.  Its budget is the request's until then.
 */

static void *
ngx_http_usage_share_alloc(void *data, size_t size)
{
    ngx_http_usage_op_t *op = data;

    if (!usage_take(&op->fetch.ctx->pool, size)) {
        op->starved = 1;
        return NULL;
    }

    op->taken += size;

    return ngx_palloc(op->fetch.memory->pool, size);
}


/*
 * The client may have its reply already: what is last here frees the request
 * then.
 */

static void
ngx_http_usage_share_timed_out(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_usage_op_t   *op;
    ngx_http_usage_ctx_t  *ctx;

    op = ev->data;
    ctx = op->fetch.ctx;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    if (op->fetch.done) {
        return; /* the request is about to be woken */
    }

    ngx_http_usage_share_over(op, NGX_HTTP_USAGE_SHARE_TIMED_OUT);
    ngx_http_usage_wake(ctx);
    ngx_http_usage_share_stop(op);

    ngx_http_run_posted_requests(c);
}


/*
 * Ends the subrequest, if there is one.  If it was the last user of the
 * client's request, that is freed.
 */

static void
ngx_http_usage_share_stop(ngx_http_usage_op_t *op)
{
    ngx_http_request_t  *sr;

    if (!op->sent) {
        return;
    }

    sr = op->fetch.request;

    op->sent = 0;
    op->fetch.ctx->shares->under_way--;

    ngx_http_usage_fetch_release(&op->fetch);

    if (!op->fetch.done) {
        op->fetch.request = sr;
        ngx_http_usage_fetch_abandon(&op->fetch);
    }
}


void
ngx_http_usage_share_take(ngx_http_usage_ctx_t *ctx)
{
    ngx_queue_t              *q, *next;
    ngx_http_usage_op_t      *op;
    ngx_http_usage_shares_t  *shares;

    shares = ctx->shares;

    if (shares == NULL) {
        return;
    }

    for (q = ngx_queue_head(&shares->ops);
         q != ngx_queue_sentinel(&shares->ops);
         q = next)
    {
        next = ngx_queue_next(q);
        op = ngx_queue_data(q, ngx_http_usage_op_t, queue);

        ngx_http_usage_share_judge(op);

        if (!op->over) {
            continue;
        }

        op->handler(ctx, op);
        ngx_http_usage_share_recycle(op);
    }
}


/*
 * Finds out what became of an operation, if its subrequest is done.
 */

static void
ngx_http_usage_share_judge(ngx_http_usage_op_t *op)
{
    if (op->over || !op->fetch.done) {
        return;
    }

    if (op->fetch.status == NGX_HTTP_OK && op->resp.complete) {
        ngx_http_usage_share_over(op, op->resp.kind == USAGE_RESP_ERROR
                                      ? NGX_HTTP_USAGE_SHARE_REFUSED
                                      : NGX_HTTP_USAGE_SHARE_DONE);

    } else if (op->fetch.status == NGX_HTTP_GATEWAY_TIME_OUT) {
        ngx_http_usage_share_over(op, NGX_HTTP_USAGE_SHARE_TIMED_OUT);

    } else {
        ngx_http_usage_share_over(op, NGX_HTTP_USAGE_SHARE_FAILED);
    }
}


static void
ngx_http_usage_share_over(ngx_http_usage_op_t *op,
    ngx_http_usage_share_outcome_t outcome)
{
    op->over = 1;
    op->outcome = outcome;

    ngx_http_usage_share_settle(op);
    ngx_http_usage_share_log_op(op);
}


static void
ngx_http_usage_share_recycle(ngx_http_usage_op_t *op)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = op->fetch.ctx;

    if (op->timer.timer_set) {
        ngx_del_timer(&op->timer);
    }

    ngx_http_usage_share_stop(op);

    ctx->budget.used -= op->taken;

    ngx_queue_remove(&op->queue);
    ngx_queue_insert_head(&ctx->shares->free, &op->queue);
}


void
ngx_http_usage_share_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_queue_t              *q;
    ngx_http_usage_op_t      *op;
    ngx_http_usage_shares_t  *shares;

    shares = ctx->shares;

    if (shares == NULL || shares->ended) {
        return;
    }

    shares->ended = 1;

    for (q = ngx_queue_head(&shares->ops);
         q != ngx_queue_sentinel(&shares->ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_usage_op_t, queue);

        ngx_http_usage_share_judge(op);

        if (op->over
            || op->kind == NGX_HTTP_USAGE_SHARE_PUT
            || op->kind == NGX_HTTP_USAGE_SHARE_HOLD
            || op->kind == NGX_HTTP_USAGE_SHARE_UNLOCK)
        {
            continue;
        }

        if (op->timer.timer_set) {
            ngx_del_timer(&op->timer);
        }

        op->over = 1;

        ngx_http_usage_share_leave(op);
        ngx_http_usage_share_stop(op);
    }
}


/*
 * The request is freed, and nothing of an operation may outlive it.  nginx has
 * ended the subrequests by now.
 */

static void
ngx_http_usage_share_cleanup(void *data)
{
    ngx_http_usage_ctx_t *ctx = data;

    ngx_queue_t          *q;
    ngx_http_usage_op_t  *op;

    ctx->shares->ended = 1;

    for (q = ngx_queue_head(&ctx->shares->ops);
         q != ngx_queue_sentinel(&ctx->shares->ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_usage_op_t, queue);

        if (op->timer.timer_set) {
            ngx_del_timer(&op->timer);
        }

        ngx_http_usage_share_judge(op);

        if (!op->over) {
            ngx_http_usage_share_leave(op);
        }
    }
}


ngx_uint_t
ngx_http_usage_share_under_way(ngx_http_usage_ctx_t *ctx)
{
    return ctx->shares ? ctx->shares->under_way : 0;
}


ngx_http_usage_op_t *
ngx_http_usage_share_op_of(ngx_http_request_t *r)
{
    ngx_http_usage_fetch_t  *fetch;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch && fetch->kind == NGX_HTTP_USAGE_FETCH_SHARE
        && fetch->request == r)
    {
        return (ngx_http_usage_op_t *) fetch;
    }

    return NULL;
}
