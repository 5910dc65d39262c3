/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request that is translated: who calls, what is planned, and from then on
 * one wake-up after the other until a reply is sent.
 */

#include "call/ngx_http_usage_call.h"
#include "pace/ngx_http_usage_pace.h"
#include "planner/ngx_http_usage_planner.h"
#include "share/ngx_http_usage_share.h"
#include "sign/ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_check_project(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_prepare_id(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_woken(ngx_event_t *ev);
static void ngx_http_usage_take(ngx_http_usage_ctx_t *ctx);


/*
 * The headers of the client that go along with upstream calls as they are: its
 * credentials, and what leads from the successors' logs back to the request.
 */

static ngx_str_t  ngx_http_usage_headers[] = {
    ngx_string("x-auth-token"),
    ngx_string("x-project-id"),
    ngx_string("x-security-token"),
    ngx_string("traceparent"),
    ngx_string("user-agent"),
    ngx_null_string
};


void
ngx_http_usage_translate_call(ngx_http_usage_ctx_t *ctx)
{
    ctx->answerer.translated = 1;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "usage translates a request of %uz bytes",
                   ctx->inbound.body.len);

    if ((ctx->inbound.body.data && ngx_http_usage_verify(ctx) != NGX_OK)
        || !ctx->inbound.parsed
        || ngx_http_usage_check_project(ctx) != NGX_OK
        || ngx_http_usage_known_open(ctx) != NGX_OK)
    {
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    if (ngx_http_usage_prepare(ctx) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the call could not be prepared");
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    if (ngx_http_usage_planner_start(ctx) == NGX_ERROR) {
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    ngx_http_usage_advance(ctx);
}


/*
 * The service may let the header win over the path, by which the day store and
 * whoever reads the access log tell whose data it is.
 */

static ngx_int_t
ngx_http_usage_check_project(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  names[] = {
        ngx_string("x-project-id"),
        ngx_null_string
    };

    usage_str_t       value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &ctx->request->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {

        /* one that a signed request didn't sign isn't sent on */

        if (!ngx_http_usage_vouches(ctx, header)) {
            continue;
        }

        value.data = (char *) header->value.data;
        value.len = header->value.len;

        if (value.len != ctx->inbound.project_id.len
            || ngx_memcmp(value.data, ctx->inbound.project_id.data, value.len)
               != 0)
        {
            (void) usage_error(&ctx->error, NGX_HTTP_BAD_REQUEST,
                               "X-Project-Id is \"%.*s\"; allowed: the "
                               "project_id of the path, \"%.*s\"",
                               usage_shown(value), value.data,
                               usage_shown(ctx->inbound.project_id),
                               ctx->inbound.project_id.data);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Prepares what all upstream calls need: their time, their headers, their pace.
 */

static ngx_int_t
ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_http_usage_call_open(ctx, ngx_http_usage_woken) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->fetches->read = ngx_http_usage_planner_read;
    ctx->fetches->request_body = ngx_pcalloc(ctx->request->pool,
                                             sizeof(ngx_http_request_body_t));

    if (ctx->fetches->request_body == NULL
        || ngx_http_usage_prepare_headers(ctx) != NGX_OK
        || ngx_http_usage_prepare_id(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_pace_init(ctx);
}


static ngx_int_t
ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t           i;
    ngx_list_t          *list;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h, *header;
    ngx_http_request_t  *r;

    r = ctx->request;
    list = &ctx->fetches->headers_in.headers;

    if (ngx_list_init(list, r->pool, 8, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->fetches->headers_in.content_length_n = -1;
    ctx->fetches->headers_in.keep_alive_n = -1;
    ctx->fetches->headers_in.host = r->headers_in.host;
    ctx->fetches->headers_in.server = r->headers_in.server;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i,
                                                ngx_http_usage_headers))
           != NULL)
    {
        if (!ngx_http_usage_travels(ctx, header)) {
            continue;
        }

        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header->hash;
        h->key = header->key;
        h->value = header->value;
        h->lowcase_key = header->lowcase_key;

        if (header == r->headers_in.user_agent) {
            ctx->fetches->headers_in.user_agent = h;
        }
    }

    return NGX_OK;
}


/*
 * Adds the id that the reply to the client has, too.
 */

static ngx_int_t
ngx_http_usage_prepare_id(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t  id;

    if (ngx_http_usage_request_id(ctx->request, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_push_header(&ctx->fetches->headers_in.headers,
                                      ngx_http_usage_request_id_names, &id);
}


static void
ngx_http_usage_woken(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ngx_http_usage_take(ctx);
    ngx_http_run_posted_requests(c);
}


/*
 * Takes what the subrequests brought, and goes on.
 */

static void
ngx_http_usage_take(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    if (ctx->error.status) {
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {

        if (fetch->request == NULL) {
            continue;
        }

        if (fetch->nonsense && !fetch->done) {
            ctx->error = fetch->error;
            ngx_http_usage_outcome_blame(ctx, fetch);
            ngx_http_usage_call_fail(ctx, NULL);
            return;
        }

        if (!fetch->done) {
            ngx_http_usage_fetch_nudge(fetch);
            continue;
        }

        ngx_http_usage_count_call(fetch);

        if (ngx_http_usage_collect(ctx, fetch) != NGX_OK) {
            return;
        }

        ngx_http_usage_fetch_release(fetch);
    }

    ngx_http_usage_share_take(ctx);

    if (ctx->error.status) {
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    ngx_http_usage_memory_sweep(ctx);
    ngx_http_usage_advance(ctx);
}
