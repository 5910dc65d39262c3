/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode's fallback.  In: a request, for which the legacy endpoint is asked
 * first.  Out: its reply; or if that is no answer, a translation.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"
#include "reply/ngx_http_usage_reply.h"


/* a client has waited that leaves after 1/4 of the endpoint's time */
#define NGX_HTTP_USAGE_FALLBACK_WAIT  4


static void ngx_http_usage_fallback_judged(ngx_http_usage_ctx_t *ctx,
    usage_legacy_t verdict, const char *why);
static void ngx_http_usage_fallback_pass(ngx_http_usage_ctx_t *ctx);
static const char *ngx_http_usage_fallback_copy(ngx_http_usage_ctx_t *ctx,
    const char *why);
static void ngx_http_usage_fallback_answered(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_fallback_left(ngx_http_usage_ctx_t *ctx);


ngx_int_t
ngx_http_usage_fallback_start(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_endpoint_t  *endpoint;

    endpoint = ngx_http_usage_endpoint(ctx);

    if (endpoint == NULL
        || ngx_http_usage_breaker_ask(ctx, endpoint->time) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    endpoint->judged = ngx_http_usage_fallback_judged;
    endpoint->left = ngx_http_usage_fallback_left;

    if (ngx_http_usage_endpoint_ask(ctx) != NGX_OK) {
        ngx_http_usage_breaker_leave(ctx);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_http_usage_fallback_judged(ngx_http_usage_ctx_t *ctx,
    usage_legacy_t verdict, const char *why)
{
    ngx_http_usage_fetch_t  *fetch;

    if (verdict == USAGE_LEGACY_ANSWER) {
        ngx_http_usage_breaker_close(ctx);
        ngx_http_usage_fallback_pass(ctx);
        return;
    }

    fetch = ctx->endpoint->fetch;
    ctx->endpoint->fetch = NULL;

    if (why) {
        ctx->endpoint->silent = ngx_http_usage_fallback_copy(ctx, why);
        ctx->hooks.answered = ngx_http_usage_fallback_answered;
        ngx_http_usage_probe_start(ctx, why);

    } else {
        ngx_http_usage_breaker_leave(ctx);
    }

    if (fetch->timer.timer_set) {
        ngx_del_timer(&fetch->timer);
    }

    ngx_http_usage_fetch_drop_body(fetch);

    ngx_http_usage_translate_call(ctx);
}


/*
 * Sends the endpoint's answer as the reply.  Its headers lie in the
 * subrequest's memory, which stays until the client's request ends.
 */

static void
ngx_http_usage_fallback_pass(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t               *body;
    ngx_http_request_t      *r;
    ngx_http_headers_out_t  *headers;

    r = ctx->request;
    body = &ctx->endpoint->fetch->body;
    headers = &ctx->endpoint->fetch->request->headers_out;

    ngx_http_usage_call_end(ctx);

    ctx->answerer.passed = 1;
    ctx->endpoint->uri_changes = r->uri_changes;

    r->headers_out = *headers;

    if (headers->headers.last == &headers->headers.part) {
        r->headers_out.headers.last = &r->headers_out.headers.part;
    }

    if (headers->trailers.last == &headers->trailers.part) {
        r->headers_out.trailers.last = &r->headers_out.trailers.part;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);

    ngx_http_usage_send(ctx, body->data, body->len);
}


static const char *
ngx_http_usage_fallback_copy(ngx_http_usage_ctx_t *ctx, const char *why)
{
    char   *copy;
    size_t  len;

    len = ngx_strlen(why) + 1;

    copy = ngx_pnalloc(ctx->request->pool, len);
    if (copy) {
        ngx_memcpy(copy, why, len);
    }

    return copy;
}


/*
 * Opens the breaker when the translation is answered 200: the request was
 * right, and its caller had the right to make it, so it was the endpoint's
 * fault.
 */

static void
ngx_http_usage_fallback_answered(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->endpoint->silent) {
        ngx_http_usage_breaker_open(ctx, ctx->endpoint->silent);
    }
}


/*
 * Starts a probe when the client left after a while: otherwise, if all clients
 * were impatient, an endpoint that hangs would be asked for ever.
 */

static void
ngx_http_usage_fallback_left(ngx_http_usage_ctx_t *ctx)
{
    ngx_msec_t                  waited;
    ngx_http_usage_endpoint_t  *endpoint;

    endpoint = ctx->endpoint;
    waited = ngx_current_msec - endpoint->since;

    if (endpoint->fetch->status == 0
        && waited >= endpoint->time / NGX_HTTP_USAGE_FALLBACK_WAIT)
    {
        ngx_http_usage_probe_start(ctx, "the legacy endpoint did not answer "
                                        "until the client left");
        return;
    }

    ngx_http_usage_breaker_leave(ctx);
}
