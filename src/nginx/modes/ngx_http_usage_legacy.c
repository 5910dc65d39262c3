/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode's fallback: the legacy endpoint is asked first, by a subrequest
 * whose reply is held until it is whole.  What is no answer is forgotten, and
 * the call translated.
 */

#include "base/ngx_http_usage_metrics.h"
#include "modes/ngx_http_usage_mode.h"
#include "sign/ngx_http_usage_sign.h"


/* of usage_timeout, for the legacy endpoint; the rest is for the translation */
#define NGX_HTTP_USAGE_LEGACY_SHARE  3

/* of that, after which a client that leaves had reason to */
#define NGX_HTTP_USAGE_LEGACY_WAIT   4


static ngx_uint_t ngx_http_usage_legacy_needs(ngx_table_elt_t *header);
static void ngx_http_usage_legacy_wake(ngx_http_request_t *r);
static void ngx_http_usage_legacy_timed_out(ngx_event_t *ev);
static void ngx_http_usage_legacy_done(ngx_http_usage_ctx_t *ctx);
static usage_legacy_t ngx_http_usage_legacy_verdict(
    ngx_http_usage_fetch_t *fetch, usage_legacy_reply_t *reply);
static void ngx_http_usage_legacy_pass(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_legacy_failed(ngx_http_usage_ctx_t *ctx,
    const char *why);
static const char *ngx_http_usage_legacy_copy(ngx_http_usage_ctx_t *ctx,
    const char *why);


static const char  ngx_http_usage_legacy_late[] =
    "the legacy endpoint did not answer in a third of usage_timeout";


ngx_int_t
ngx_http_usage_legacy_start(ngx_http_usage_ctx_t *ctx)
{
    ngx_msec_t  time;

    time = ctx->conf->timeout / NGX_HTTP_USAGE_LEGACY_SHARE;

    if (ngx_http_usage_breaker_ask(ctx, time) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_http_usage_legacy_ask(ctx) != NGX_OK) {
        ngx_http_usage_breaker_leave(ctx);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_legacy_ask(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t      *r;
    ngx_http_usage_fetch_t  *fetch;

    r = ctx->request;

    fetch = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_fetch_t));

    if (fetch == NULL || ngx_http_usage_call_open(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    fetch->ctx = ctx;
    fetch->legacy = 1;

    if (ngx_http_usage_fetch_start(ctx, fetch) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->endpoint = fetch;
    ctx->endpoint_since = ngx_current_msec;
    ctx->endpoint_time = ctx->conf->timeout / NGX_HTTP_USAGE_LEGACY_SHARE;
    ctx->fetching++;

    r->write_event_handler = ngx_http_usage_legacy_wake;

    fetch->timer.handler = ngx_http_usage_legacy_timed_out;
    fetch->timer.data = ctx;
    fetch->timer.log = r->connection->log;
    ngx_add_timer(&fetch->timer, ctx->endpoint_time);

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_legacy_request(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    off_t         size;
    ngx_chain_t  *cl;

    sr->method = r->method;
    sr->method_name = r->method_name;

    /* (of a body in chunks, or without a length, as in HTTP/2) */

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size) {
        sr->headers_in.content_length_n = size;
    }

    return ngx_http_usage_legacy_headers(r, &sr->headers_in.headers, 0);
}


ngx_int_t
ngx_http_usage_legacy_headers(ngx_http_request_t *r, ngx_list_t *headers,
    ngx_uint_t all)
{
    static ngx_str_t  encoding[] = {
        ngx_string("accept-encoding"),
        ngx_null_string
    };

    ngx_uint_t        i, keeps;
    usage_str_t       names, name;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *header;

    if (ngx_list_init(headers, r->pool, 20, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    names = ngx_http_usage_signed_names(r);
    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        name.data = (char *) header->key.data;
        name.len = header->key.len;

        keeps = all ? ngx_http_usage_header_in(header, encoding) == NULL
                    : ngx_http_usage_legacy_needs(header);

        if (!keeps && !usage_signature_signs(names, name)) {
            continue;
        }

        h = ngx_list_push(headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *header;
    }

    return NGX_OK;
}


/*
 * Others make no difference to the call, but some to the way that it goes: a
 * redirect, 304, 405.
 */

static ngx_uint_t
ngx_http_usage_legacy_needs(ngx_table_elt_t *header)
{
    static ngx_str_t  names[] = {
        ngx_string("authorization"),
        ngx_string("content-length"),
        ngx_string("content-type"),
        ngx_string("host"),
        ngx_string("traceparent"),
        ngx_string("user-agent"),
        ngx_string("x-auth-token"),
        ngx_string("x-project-id"),
        ngx_string("x-request-id"),
        ngx_string("x-sdk-content-sha256"),
        ngx_string("x-sdk-date"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    return ngx_http_usage_header_in(header, names) != NULL;
}


static void
ngx_http_usage_legacy_wake(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    ngx_http_usage_undelay(r);

    if (ctx->endpoint->done) {
        ngx_http_usage_legacy_done(ctx);
        return;
    }

    ngx_http_usage_fetch_nudge(ctx->endpoint);
}


static void
ngx_http_usage_legacy_timed_out(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_fetch_t  *fetch;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    fetch = ctx->endpoint;

    ngx_http_set_log_request(c->log, r);

    if (fetch->done) {
        ngx_http_usage_legacy_done(ctx);

    } else {
        ctx->fetching--;
        fetch->timed_out = 1;

        ngx_http_usage_count_call(fetch);
        ngx_http_usage_fetch_abandon(fetch);
        ngx_http_usage_calm(r);

        ngx_http_usage_legacy_failed(ctx, ngx_http_usage_legacy_late);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_legacy_done(ngx_http_usage_ctx_t *ctx)
{
    const char              *why;
    usage_legacy_t           verdict;
    usage_legacy_reply_t     reply;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ctx->endpoint;

    ctx->fetching--;

    ngx_http_usage_count_call(fetch);

    verdict = ngx_http_usage_legacy_verdict(fetch, &reply);

    if (verdict == USAGE_LEGACY_ANSWER && ctx->probe) {
        ngx_http_usage_probe_end(ctx, NULL);
        return;
    }

    if (verdict == USAGE_LEGACY_ANSWER) {
        ngx_http_usage_breaker_clear(ctx);
        ngx_http_usage_legacy_pass(ctx);
        return;
    }

    why = reply.error.detail;

    /* a call that is too large for this gateway says nothing of the others */

    if (fetch->too_large
        || (fetch->own && fetch->status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE))
    {
        why = NULL;
    }

    fetch->request = NULL;
    fetch->memory->done = 1;

    ngx_http_usage_legacy_failed(ctx, why);
}


static usage_legacy_t
ngx_http_usage_legacy_verdict(ngx_http_usage_fetch_t *fetch,
    usage_legacy_reply_t *reply)
{
    usage_str_t              body;
    ngx_http_headers_out_t  *headers_out;

    if (fetch->timed_out) {
        (void) usage_error(&reply->error, NGX_HTTP_GATEWAY_TIME_OUT,
                           "the legacy endpoint did not answer in time");

    } else if (fetch->own) {
        (void) usage_error(&reply->error, fetch->status,
                           "the legacy endpoint could not be asked (%u)",
                           (unsigned) fetch->status);

    } else if (!fetch->whole) {
        (void) usage_error(&reply->error, NGX_HTTP_BAD_GATEWAY,
                           "the legacy endpoint's reply ended early");

    } else if (fetch->too_large) {
        (void) usage_error(&reply->error, NGX_HTTP_BAD_GATEWAY,
                           "the legacy endpoint's reply is too large");

    } else {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        headers_out = &fetch->request->headers_out;

        return usage_legacy_judge(reply, fetch->status, body,
                                  headers_out->content_encoding != NULL);
    }

    return USAGE_LEGACY_SILENT;
}


/*
 * The endpoint's answer becomes the reply.  The subrequest's memory, in which
 * the headers lie, is there until the client's request ends.
 */

static void
ngx_http_usage_legacy_pass(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t               *body;
    ngx_http_request_t      *r;
    ngx_http_headers_out_t  *headers;

    r = ctx->request;
    body = &ctx->endpoint->body;
    headers = &ctx->endpoint->request->headers_out;

    ngx_http_usage_call_end(ctx);

    ctx->passed = 1;
    ctx->uri = r->uri;
    ctx->uri_changes = r->uri_changes;

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


/*
 * It gave no answer; why is NULL where that is this call's own fault.
 */

static void
ngx_http_usage_legacy_failed(ngx_http_usage_ctx_t *ctx, const char *why)
{
    ngx_http_usage_fetch_t  *fetch;

    if (ctx->probe) {
        ngx_http_usage_probe_end(ctx, why);
        return;
    }

    fetch = ctx->endpoint;

    if (why) {
        ctx->endpoint_silent = ngx_http_usage_legacy_copy(ctx, why);
        ngx_http_usage_probe_start(ctx, why);

    } else {
        ngx_http_usage_breaker_leave(ctx);
    }
    ctx->endpoint = NULL;

    if (fetch->timer.timer_set) {
        ngx_del_timer(&fetch->timer);
    }

    ngx_http_usage_fetch_drop_body(fetch);

    ngx_http_usage_translate_call(ctx);
}


static const char *
ngx_http_usage_legacy_copy(ngx_http_usage_ctx_t *ctx, const char *why)
{
    char    *copy;
    size_t   len;

    len = ngx_strlen(why) + 1;

    copy = ngx_pnalloc(ctx->request->pool, len);
    if (copy) {
        ngx_memcpy(copy, why, len);
    }

    return copy;
}


void
ngx_http_usage_legacy_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_msec_t               waited;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ctx->endpoint;

    if (fetch == NULL || !fetch->timer.timer_set) {
        return;
    }

    ngx_del_timer(&fetch->timer);

    if (fetch->done) {
        return;
    }

    ngx_http_usage_count_call(fetch);

    if (ctx->probe) {
        ngx_http_usage_fetch_abandon(fetch);
        ngx_http_usage_breaker_leave(ctx);
        return;
    }

    /* else clients with little patience would never see an endpoint that hangs
     * being given up */

    waited = ngx_current_msec - ctx->endpoint_since;

    if (fetch->status == 0
        && waited >= ctx->endpoint_time / NGX_HTTP_USAGE_LEGACY_WAIT)
    {
        ngx_http_usage_probe_start(ctx, "the legacy endpoint did not answer "
                                        "until the client left");
        return;
    }

    ngx_http_usage_breaker_leave(ctx);
}
