/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The signatures of upstream calls.  In: the subrequest of one, or the client's
 * request itself if it is passed on to the legacy endpoint; and the access key
 * of the client's request.  Out: the headers with which it is sent.
 */

#include "fetch/ngx_http_usage_fetch.h"
#include "sign/ngx_http_usage_sign.h"


/*
 * A client's request that is passed on with a signature of the gateway's.
 */
struct ngx_http_usage_signing_s {
    ngx_http_handler_pt              content_handler; /* of its location */
    ngx_int_t                      (*create_request)(ngx_http_request_t *r);
    ngx_list_t                       headers;         /* to send */
};


static ngx_int_t ngx_http_usage_sign_content_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_sign_create_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_sign_request(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch,
    ngx_list_t *headers);
static ngx_int_t ngx_http_usage_sign_headers(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_list_t *headers);
static ngx_int_t ngx_http_usage_sign_token(ngx_http_usage_ctx_t *ctx,
    ngx_list_t *headers);
static ngx_int_t ngx_http_usage_sign_signed(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_list_t *headers, usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_host(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *host);
static void ngx_http_usage_sign_successor(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r, usage_signed_t *request);
static void ngx_http_usage_sign_legacy(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r, usage_signed_t *request);


/*
 * Has a request signed for the host that it is sent to.  nginx knows that host
 * ($proxy_host) when the handler of the request's location has run, and copies
 * the headers when the handler's upstream starts.  So signing takes place in
 * between.
 */

ngx_int_t
ngx_http_usage_sign_phase_handler(ngx_http_request_t *r)
{
    ngx_http_handler_pt        *handler;
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    fetch = ngx_http_usage_fetch_of(r);
    ctx = fetch ? fetch->ctx : ngx_http_usage_find_ctx(r);

    if (fetch && fetch->kind == NGX_HTTP_USAGE_FETCH_SHARE) {
        return NGX_DECLINED;
    }

    if (ctx == NULL || ctx->caller.credential == NULL
        || r->content_handler == NULL
        || r->content_handler == ngx_http_usage_sign_content_handler)
    {
        return NGX_DECLINED;
    }

    if (fetch) {
        handler = &fetch->content_handler;

    } else {
        ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

        /* error_page may lead to a location that begins anew */

        if (!ctx->answerer.passed || ulcf->translate) {
            return NGX_DECLINED;
        }

        ctx->signing = ngx_palloc(r->pool, sizeof(ngx_http_usage_signing_t));
        if (ctx->signing == NULL) {
            return NGX_ERROR;
        }

        handler = &ctx->signing->content_handler;
    }

    *handler = r->content_handler;
    r->content_handler = ngx_http_usage_sign_content_handler;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_usage_sign_content_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_list_t                *headers;
    ngx_http_upstream_t       *upstream;
    ngx_http_usage_ctx_t      *ctx;
    ngx_http_usage_fetch_t    *fetch;
    ngx_http_usage_signing_t  *signing;

    fetch = ngx_http_usage_fetch_of(r);
    ctx = fetch ? fetch->ctx : ngx_http_usage_find_ctx(r);
    signing = ctx->signing;
    upstream = r->upstream;

    /* nginx starts no upstream while it reads a file for the request */

    r->aio = 1;
    rc = fetch ? fetch->content_handler(r) : signing->content_handler(r);
    r->aio = 0;

    if (rc == NGX_AGAIN) {
        return ngx_http_output_filter(r, NULL); /* it wasn't an upstream */
    }

    if (rc != NGX_DONE || r->upstream == upstream) {
        return rc;
    }

    headers = fetch ? &r->headers_in.headers : &signing->headers;

    if (ngx_http_usage_sign_request(r, ctx, fetch, headers) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return NGX_DONE;
    }

    if (fetch == NULL) {
        signing->create_request = r->upstream->create_request;
        r->upstream->create_request = ngx_http_usage_sign_create_request;
    }

    ngx_http_upstream_init(r);

    return NGX_DONE;
}


/*
 * Creates what is sent for a client's own request.  The request has other
 * headers only for that time: logs tell what the client sent, and error_page
 * may lead to a location that verifies it once more.
 */

static ngx_int_t
ngx_http_usage_sign_create_request(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_list_t                 headers;
    ngx_http_usage_signing_t  *signing;

    signing = ngx_http_usage_find_ctx(r)->signing;

    headers = r->headers_in.headers;
    r->headers_in.headers = signing->headers;

    rc = signing->create_request(r);

    r->headers_in.headers = headers;

    return rc;
}


/*
 * Makes the headers that a request is sent with: its own as far as they may go
 * along, and a signature.  fetch: NULL for a client's request.  NGX_ERROR:
 * memory is out, or there is no host.
 */

static ngx_int_t
ngx_http_usage_sign_request(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_list_t *headers)
{
    static ngx_str_t  name = ngx_string("authorization");

    ngx_str_t        authorization;
    usage_str_t      value;
    usage_pool_t     pool;
    usage_signed_t   request;

    pool = ctx->pool;
    pool.data = r->pool;
    pool.budget = NULL;

    if (fetch && fetch->kind != NGX_HTTP_USAGE_FETCH_LEGACY) {
        ngx_http_usage_sign_successor(ctx, r, &request);

    } else {
        ngx_http_usage_sign_legacy(ctx, r, &request);
    }

    if (ngx_http_usage_sign_headers(r, ctx, headers) != NGX_OK
        || ngx_http_usage_sign_signed(r, ctx, headers, &request) != NGX_OK
        || usage_sign(&request, ctx->caller.credential->access_key,
                      ctx->caller.credential->secret, &pool, &value)
           != USAGE_OK)
    {
        return NGX_ERROR;
    }

    authorization.data = (u_char *) value.data;
    authorization.len = value.len;

    return ngx_http_usage_push_header(headers, &name, &authorization);
}


/*
 * Lists the headers of a request that go along, and the date of its signature.
 * What belongs to the client's signature does not: the body's hash is made
 * anew.  NGX_ERROR: memory is out.
 */

static ngx_int_t
ngx_http_usage_sign_headers(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_list_t *headers)
{
    static ngx_str_t  replaced[] = {
        ngx_string("authorization"),
        ngx_string("x-sdk-content-sha256"),
        ngx_string("x-sdk-date"),
        ngx_null_string
    };

    static ngx_str_t  name = ngx_string("x-sdk-date");

    ngx_str_t         date;
    ngx_uint_t        i;
    ngx_list_t        sent;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *header;

    sent = r->headers_in.headers;

    date.len = USAGE_SIGN_DATE_LEN;
    date.data = ngx_pnalloc(r->pool, date.len);

    if (date.data == NULL
        || ngx_list_init(headers, r->pool, 20, sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = &sent.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_header_in(header, replaced)
            || !ngx_http_usage_travels(ctx, header))
        {
            continue;
        }

        h = ngx_list_push(headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *header;
    }

    usage_sign_date_write(ngx_time(), (char *) date.data);

    if (ngx_http_usage_push_header(headers, &name, &date) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_sign_token(ctx, headers);
}


/*
 * Adds the access key's own security token, if it has one and the client's
 * doesn't go along.  NGX_ERROR: memory is out.
 */

static ngx_int_t
ngx_http_usage_sign_token(ngx_http_usage_ctx_t *ctx, ngx_list_t *headers)
{
    static ngx_str_t  names[] = {
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t         token;
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    token.data = (u_char *) ctx->caller.credential->security_token.data;
    token.len = ctx->caller.credential->security_token.len;

    part = &headers->part;
    i = 0;

    if (token.len == 0
        || ngx_http_usage_find_header(&part, &i, names))
    {
        return NGX_OK;
    }

    return ngx_http_usage_push_header(headers, names, &token);
}


/*
 * Lists the headers that are signed: the host, and some of those that are sent.
 * NGX_ERROR: memory is out, or there is no host.
 */

static ngx_int_t
ngx_http_usage_sign_signed(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_list_t *headers, usage_signed_t *request)
{
    static ngx_str_t  host_name = ngx_string("host");

    static ngx_str_t  names[] = {
        ngx_string("x-project-id"),
        ngx_string("x-sdk-date"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t         host;
    ngx_uint_t        i;
    usage_header_t   *list;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    i = ngx_http_usage_count_headers(headers) + 1;

    list = ngx_palloc(r->pool, i * sizeof(usage_header_t));

    if (list == NULL || ngx_http_usage_sign_host(r, ctx, &host) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_usage_signed_header(&list[0], &host_name, &host);

    request->headers = list;
    request->count = 1;

    part = &headers->part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {
        ngx_http_usage_signed_header(&list[request->count++], &header->key,
                                     &header->value);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_sign_host(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_str_t *host)
{
    if (ngx_http_complex_value(r, ctx->conf->sign_host, host) != NGX_OK) {
        return NGX_ERROR;
    }

    if (host->len == 0) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "usage_sign_host \"%V\" is empty, so the upstream call "
                      "can't be signed", &ctx->conf->sign_host->value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Sets what is signed of a call of a successor: its method, its path without
 * the prefix of the location, its query.
 */

static void
ngx_http_usage_sign_successor(ngx_http_usage_ctx_t *ctx, ngx_http_request_t *r,
    usage_signed_t *request)
{
    u_char  *p, *query, *last;

    p = r->unparsed_uri.data + ctx->conf->prefix.len;
    last = r->unparsed_uri.data + r->unparsed_uri.len;
    query = ngx_strlchr(p, last, '?') + 1;

    request->method.data = "GET";
    request->method.len = sizeof("GET") - 1;
    request->path.data = (char *) p;
    request->path.len = query - 1 - p;
    request->query.data = (char *) query;
    request->query.len = last - query;
    request->body.data = "";
    request->body.len = 0;
}


/*
 * Sets what is signed of the legacy call: as the client sent it, with the path
 * as nginx normalizes it.
 */

static void
ngx_http_usage_sign_legacy(ngx_http_usage_ctx_t *ctx, ngx_http_request_t *r,
    usage_signed_t *request)
{
    request->method.data = (char *) r->method_name.data;
    request->method.len = r->method_name.len;
    request->path = ctx->inbound.path;
    request->query.data = (char *) r->args.data;
    request->query.len = r->args.len;
    request->body = ctx->inbound.body;
}
