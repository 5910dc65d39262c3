/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The time of a request with upstream calls: it begins, ends early, runs out.
 */

#include "call/ngx_http_usage_call.h"
#include "pace/ngx_http_usage_pace.h"
#include "planner/ngx_http_usage_planner.h"
#include "reply/ngx_http_usage_reply.h"
#include "share/ngx_http_usage_share.h"


static ngx_int_t ngx_http_usage_watch_client(ngx_http_request_t *r);
static void ngx_http_usage_timed_out(ngx_event_t *ev);
static void ngx_http_usage_cleanup(void *data);


ngx_int_t
ngx_http_usage_call_open(ngx_http_usage_ctx_t *ctx, ngx_event_handler_pt wake)
{
    ngx_event_t         *timer;
    ngx_http_request_t  *r;
    ngx_http_cleanup_t  *cln;

    r = ctx->request;

    if (ctx->fetches) {
        ctx->fetches->wake.handler = wake;
        return NGX_OK;
    }

    cln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL || ngx_http_usage_fetches_open(ctx, wake) != NGX_OK) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_usage_cleanup;
    cln->data = ctx;

    if (r == r->main && ngx_http_usage_watch_client(r) != NGX_OK) {
        return NGX_ERROR;
    }

    timer = &ctx->inbound.timer;

    timer->handler = ngx_http_usage_timed_out;
    timer->data = ctx;
    timer->log = r->connection->log;
    ngx_add_timer(timer, ctx->conf->timeout);

    ctx->inbound.deadline = ngx_current_msec + ctx->conf->timeout;

    return NGX_OK;
}


/*
 * Has nginx end the request if the client goes away.
 */

static ngx_int_t
ngx_http_usage_watch_client(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    r->read_event_handler = ngx_http_test_reading;

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
        return NGX_OK;
    }

    return ngx_handle_read_event(c->read, 0);
}


static void
ngx_http_usage_timed_out(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    (void) usage_error(&ctx->error, NGX_HTTP_GATEWAY_TIME_OUT,
                       "no reply within usage_timeout, %lu ms; %lu upstream "
                       "calls made, %lu of them not answered yet",
                       (unsigned long) ctx->conf->timeout,
                       (unsigned long) ctx->fetches->started,
                       (unsigned long) (ctx->fetches->under_way
                           - ngx_http_usage_share_under_way(ctx)));

    ngx_http_usage_call_fail(ctx, NULL);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_usage_call_fail(ngx_http_usage_ctx_t *ctx, ngx_str_t *retry_after)
{
    ngx_http_usage_call_end(ctx);
    ngx_http_usage_reply_error(ctx, retry_after);
}


void
ngx_http_usage_call_end(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->fetches == NULL) {
        ngx_http_usage_planner_end(ctx);
        return;
    }

    ngx_http_usage_planner_leave(ctx);
    ngx_http_usage_cleanup(ctx);
    ngx_http_usage_fetches_abandon(ctx);
}


static void
ngx_http_usage_cleanup(void *data)
{
    ngx_http_usage_ctx_t *ctx = data;

    ngx_http_usage_fetches_close(ctx);

    if (ctx->hooks.end) {
        ctx->hooks.end(ctx);
    }

    ngx_http_usage_share_end(ctx);
    ngx_http_usage_pace_end(ctx);
    ngx_http_usage_retry_end(ctx);

    if (ctx->inbound.timer.timer_set) {
        ngx_del_timer(&ctx->inbound.timer);
    }

    ngx_http_usage_planner_end(ctx);
}
