/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The signatures of upstream calls.  In: a subrequest, and the access key of
 * the client's request.  Out: the headers with which it is sent.
 */

#include "fetch/ngx_http_usage_fetch.h"
#include "sign/ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_sign_content_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_sign_subrequest(ngx_http_request_t *r,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_sign_signed(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *date, usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_host(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *host);
static void ngx_http_usage_sign_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r, usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_headers(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *date, ngx_str_t *authorization);


static ngx_str_t  ngx_http_usage_x_sdk_date = ngx_string("x-sdk-date");


/*
 * Signs a subrequest for the host that it is sent to.  nginx knows that host
 * ($proxy_host) when the handler of the subrequest's location has run, and
 * copies the headers when the handler's upstream starts.  So signing takes
 * place in between.
 */

ngx_int_t
ngx_http_usage_sign_phase_handler(ngx_http_request_t *r)
{
    ngx_http_usage_fetch_t  *fetch;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch == NULL || fetch->ctx->caller.credential == NULL
        || r->content_handler == NULL
        || r->content_handler == ngx_http_usage_sign_content_handler)
    {
        return NGX_DECLINED;
    }

    fetch->content_handler = r->content_handler;
    r->content_handler = ngx_http_usage_sign_content_handler;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_usage_sign_content_handler(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ngx_http_usage_fetch_of(r);

    /* nginx starts no upstream while it reads a file for the request */

    r->aio = 1;
    rc = fetch->content_handler(r);
    r->aio = 0;

    if (rc != NGX_DONE || r->upstream == NULL) {
        return rc;
    }

    if (ngx_http_usage_sign_subrequest(r, fetch) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return NGX_DONE;
    }

    ngx_http_upstream_init(r);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_usage_sign_subrequest(ngx_http_request_t *r,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_str_t              date, authorization;
    usage_str_t            value;
    usage_pool_t           pool;
    usage_signed_t         request;
    ngx_http_usage_ctx_t  *ctx;

    ctx = fetch->ctx;

    pool = ctx->pool;
    pool.data = r->pool;
    pool.budget = NULL;

    date.len = USAGE_SIGN_DATE_LEN;
    date.data = ngx_pnalloc(r->pool, date.len);

    if (date.data == NULL) {
        return NGX_ERROR;
    }

    usage_sign_date_write(ngx_time(), (char *) date.data);

    ngx_http_usage_sign_uri(ctx, r, &request);

    if (ngx_http_usage_sign_signed(r, ctx, &date, &request) != NGX_OK
        || usage_sign(&request, ctx->caller.credential->access_key,
                      ctx->caller.credential->secret, &pool, &value)
           != USAGE_OK)
    {
        return NGX_ERROR;
    }

    authorization.data = (u_char *) value.data;
    authorization.len = value.len;

    return ngx_http_usage_sign_headers(r, ctx, &date, &authorization);
}


/*
 * Lists the headers that are signed: the host, the date, and some of the
 * client's.  NGX_ERROR: memory is out, or there is no host.
 */

static ngx_int_t
ngx_http_usage_sign_signed(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_str_t *date, usage_signed_t *request)
{
    static ngx_str_t  host_name = ngx_string("host");

    static ngx_str_t  names[] = {
        ngx_string("x-project-id"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t         host;
    ngx_uint_t        i;
    usage_header_t   *headers;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    i = ngx_http_usage_count_headers(&ctx->fetches->headers_in.headers) + 2;

    headers = ngx_palloc(r->pool, i * sizeof(usage_header_t));

    if (headers == NULL || ngx_http_usage_sign_host(r, ctx, &host) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_usage_signed_header(&headers[0], &host_name, &host);
    ngx_http_usage_signed_header(&headers[1], &ngx_http_usage_x_sdk_date, date);

    request->headers = headers;
    request->count = 2;

    part = &ctx->fetches->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {
        ngx_http_usage_signed_header(&headers[request->count++], &header->key,
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
                      "usage_sign_host \"%V\" is empty, so the call of the "
                      "successor can't be signed",
                      &ctx->conf->sign_host->value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Sets the method, the path, the query and the body that are signed: those of
 * the upstream call, without the prefix of the location.
 */

static void
ngx_http_usage_sign_uri(ngx_http_usage_ctx_t *ctx, ngx_http_request_t *r,
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
 * Makes the headers that the subrequest is sent with: those of all upstream
 * calls of the request, and its own signature.  NGX_ERROR: memory is out.
 */

static ngx_int_t
ngx_http_usage_sign_headers(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_str_t *date, ngx_str_t *authorization)
{
    static ngx_str_t  name = ngx_string("authorization");

    ngx_uint_t        i;
    ngx_list_t       *list;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *header;

    list = &r->headers_in.headers;

    if (ngx_list_init(list, r->pool, 8, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    part = &ctx->fetches->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {
        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *header;
    }

    if (ngx_http_usage_push_header(list, &ngx_http_usage_x_sdk_date, date)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_push_header(list, &name, authorization);
}
