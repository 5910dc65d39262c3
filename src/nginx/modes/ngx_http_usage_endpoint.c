/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The upstream call to the legacy endpoint.  In: a request.  Out: the verdict
 * on the reply, which is held until it is complete.  What follows from that,
 * the owner of the call decides.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"
#include "sign/ngx_http_usage_sign.h"

#include "sign/usage_signature.h"


/* the endpoint has 1/3 of usage_timeout, the translation the rest */
#define NGX_HTTP_USAGE_ENDPOINT_SHARE  3


static ngx_int_t ngx_http_usage_endpoint_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_endpoint_request(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static ngx_int_t ngx_http_usage_endpoint_id(ngx_http_request_t *r,
    ngx_list_t *headers);
static ngx_uint_t ngx_http_usage_endpoint_needs(ngx_table_elt_t *header);
static void ngx_http_usage_endpoint_woken(ngx_event_t *ev);
static void ngx_http_usage_endpoint_timed_out(ngx_event_t *ev);
static void ngx_http_usage_endpoint_done(ngx_http_usage_ctx_t *ctx);
static usage_legacy_t ngx_http_usage_endpoint_verdict(
    ngx_http_usage_fetch_t *fetch, usage_legacy_reply_t *reply);
static void ngx_http_usage_endpoint_end(ngx_http_usage_ctx_t *ctx);


static const char  ngx_http_usage_endpoint_late[] =
    "the legacy endpoint did not answer in a third of usage_timeout";


ngx_http_usage_endpoint_t *
ngx_http_usage_endpoint(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->endpoint == NULL) {
        ctx->endpoint = ngx_pcalloc(ctx->request->pool,
                                    sizeof(ngx_http_usage_endpoint_t));

        if (ctx->endpoint) {
            ctx->endpoint->time = ctx->conf->timeout
                                  / NGX_HTTP_USAGE_ENDPOINT_SHARE;
        }
    }

    return ctx->endpoint;
}


ngx_int_t
ngx_http_usage_endpoint_ask(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_endpoint_t  *endpoint;

    endpoint = ctx->endpoint;

    fetch = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_fetch_t));

    if (fetch == NULL
        || ngx_http_usage_call_open(ctx, ngx_http_usage_endpoint_woken)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    fetch->ctx = ctx;
    fetch->kind = NGX_HTTP_USAGE_FETCH_LEGACY;

    if (ngx_http_usage_endpoint_start(ctx, fetch) != NGX_OK) {
        return NGX_ERROR;
    }

    endpoint->fetch = fetch;
    endpoint->since = ngx_current_msec;
    ctx->hooks.end = ngx_http_usage_endpoint_end;

    fetch->timer.handler = ngx_http_usage_endpoint_timed_out;
    fetch->timer.data = ctx;
    fetch->timer.log = ctx->request->connection->log;
    ngx_add_timer(&fetch->timer, endpoint->time);

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_endpoint_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_str_t            uri;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_usage_fetch_prepare(ctx, fetch) != NGX_OK
        || ngx_http_usage_endpoint_uri(ctx, fetch->memory->pool, &uri)
           != NGX_OK
        || ngx_http_usage_fetch_subrequest(ctx, fetch, &uri, &r->args,
                                           &r->unparsed_uri)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_endpoint_request(r, fetch->request);
}


ngx_int_t
ngx_http_usage_endpoint_uri(ngx_http_usage_ctx_t *ctx, ngx_pool_t *pool,
    ngx_str_t *uri)
{
    u_char              *p;
    ngx_http_request_t  *r;

    r = ctx->request;

    uri->len = ctx->conf->prefix.len + r->uri.len;
    uri->data = ngx_pnalloc(pool, uri->len);

    if (uri->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(uri->data, ctx->conf->prefix.data, ctx->conf->prefix.len);
    ngx_memcpy(p, r->uri.data, r->uri.len);

    return NGX_OK;
}


/*
 * Gives the subrequest sr the method, the length and the headers of the
 * client's request.  NGX_ERROR: memory is out.
 */

static ngx_int_t
ngx_http_usage_endpoint_request(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    off_t         size;
    ngx_chain_t  *cl;

    sr->method = r->method;
    sr->method_name = r->method_name;

    /* a body in chunks, or in HTTP/2, may come without Content-Length */

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size) {
        sr->headers_in.content_length_n = size;
    }

    if (ngx_http_usage_endpoint_headers(r, &sr->headers_in.headers, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_endpoint_id(r, &sr->headers_in.headers);
}


/*
 * Adds X-Request-Id, unless the client sent one: that goes along as it is, as a
 * signature may cover it.
 */

static ngx_int_t
ngx_http_usage_endpoint_id(ngx_http_request_t *r, ngx_list_t *headers)
{
    ngx_str_t         id;
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    part = &headers->part;
    i = 0;

    if (ngx_http_usage_find_header(&part, &i, ngx_http_usage_request_id_names))
    {
        return NGX_OK;
    }

    if (ngx_http_usage_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_push_header(headers, ngx_http_usage_request_id_names,
                                      &id);
}


ngx_int_t
ngx_http_usage_endpoint_headers(ngx_http_request_t *r, ngx_list_t *headers,
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
                    : ngx_http_usage_endpoint_needs(header);

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
 * Tells if a header makes a difference to the endpoint's answer.  Others may
 * lead to something that is none: a redirect, a 304, a 405.
 */

static ngx_uint_t
ngx_http_usage_endpoint_needs(ngx_table_elt_t *header)
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
ngx_http_usage_endpoint_woken(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_fetch_t  *fetch;

    ctx = ev->data;
    c = ctx->request->connection;
    fetch = ctx->endpoint->fetch;

    ngx_http_set_log_request(c->log, ctx->request);

    if (fetch->done) {
        ngx_http_usage_endpoint_done(ctx);

    } else {
        ngx_http_usage_fetch_nudge(fetch);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_endpoint_timed_out(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_fetch_t  *fetch;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    fetch = ctx->endpoint->fetch;

    ngx_http_set_log_request(c->log, r);

    if (fetch->done) {
        ngx_http_usage_endpoint_done(ctx);

    } else {
        ctx->fetches->under_way--;
        fetch->timed_out = 1;

        ngx_http_usage_count_call(fetch);
        ngx_http_usage_fetch_abandon(fetch);
        ngx_http_usage_calm(r);

        ctx->endpoint->judged(ctx, USAGE_LEGACY_SILENT,
                              ngx_http_usage_endpoint_late);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_endpoint_done(ngx_http_usage_ctx_t *ctx)
{
    const char              *why;
    usage_legacy_t           verdict;
    usage_legacy_reply_t     reply;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ctx->endpoint->fetch;

    ctx->fetches->under_way--;

    ngx_http_usage_count_call(fetch);

    verdict = ngx_http_usage_endpoint_verdict(fetch, &reply);

    if (verdict == USAGE_LEGACY_ANSWER) {
        ctx->endpoint->judged(ctx, verdict, NULL);
        return;
    }

    why = reply.error.detail;

    /* what is too large for this gateway proves nothing */

    if (fetch->too_large
        || (fetch->own && fetch->status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE))
    {
        why = NULL;
    }

    fetch->request = NULL;
    fetch->memory->done = 1;

    ctx->endpoint->judged(ctx, verdict, why);
}


static usage_legacy_t
ngx_http_usage_endpoint_verdict(ngx_http_usage_fetch_t *fetch,
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

    } else if (!fetch->complete) {
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
 * Ends the upstream call: the client left, or has its reply.
 */

static void
ngx_http_usage_endpoint_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_fetch_t  *fetch;

    fetch = ctx->endpoint->fetch;

    if (fetch == NULL || !fetch->timer.timer_set) {
        return;
    }

    ngx_del_timer(&fetch->timer);

    if (!fetch->done) {
        ngx_http_usage_count_call(fetch);
        ctx->endpoint->left(ctx);
    }
}
