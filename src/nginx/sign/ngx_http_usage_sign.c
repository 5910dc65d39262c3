/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signed calls: the client's signature verified, and the calls of the
 * successors signed with the same access key.
 */

#include "base/ngx_http_usage_metrics.h"
#include "fetch/ngx_http_usage_fetch.h"
#include "sign/ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_sign_received(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_check(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_tokens(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_sign_authorization(ngx_http_request_t *r,
    usage_header_t *header, usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_content_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_sign_subrequest(ngx_http_request_t *r,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_sign_signed(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *date, usage_signed_t *request);
static void ngx_http_usage_sign_add(usage_header_t *header, ngx_str_t *name,
    ngx_str_t *value);
static ngx_int_t ngx_http_usage_sign_host(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *host);
static void ngx_http_usage_sign_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r, usage_signed_t *request);
static ngx_int_t ngx_http_usage_sign_headers(ngx_http_request_t *r,
    ngx_http_usage_ctx_t *ctx, ngx_str_t *date, ngx_str_t *authorization);


static ngx_str_t  ngx_http_usage_host = ngx_string("host");
static ngx_str_t  ngx_http_usage_x_sdk_date = ngx_string("x-sdk-date");


ngx_int_t
ngx_http_usage_verify(ngx_http_usage_ctx_t *ctx)
{
    usage_signed_t  request;

    if (ngx_http_usage_token(ctx->request)) {
        return NGX_OK; /* it wins, as upstream */
    }

    if (ngx_http_usage_sign_received(ctx, &request) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "out of memory");
        return NGX_ERROR;
    }

    if (!usage_signature_is(&request)
        || ngx_http_usage_sign_check(ctx, &request) == NGX_OK)
    {
        return NGX_OK;
    }

    ctx->caller.refused = 1;

    if (!ctx->answerer.compared && ctx->error.status == NGX_HTTP_UNAUTHORIZED) {
        ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_SIGNATURES_REFUSED,
                             1);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_usage_sign_check(ngx_http_usage_ctx_t *ctx, usage_signed_t *request)
{
    usage_signature_t          signature;
    const usage_credential_t  *credential;

    if (ctx->conf->credentials == NULL) {
        (void) usage_error(&ctx->error, NGX_HTTP_UNAUTHORIZED,
                           "the call is signed, but this gateway knows no "
                           "access keys: it takes \"usage_credentials file;\" "
                           "in its nginx configuration, with the key in the "
                           "file. A call with X-Auth-Token needs none");
        return NGX_ERROR;
    }

    if (usage_signature_read(&signature, request, ngx_time(),
                             ctx->conf->clock_skew, &ctx->error)
        != USAGE_OK)
    {
        return NGX_ERROR;
    }

    credential = usage_credentials_find(ctx->conf->credentials,
                                        signature.access_key);

    if (usage_signature_check(&signature, request,
                              credential ? &credential->secret : NULL,
                              &ctx->pool, &ctx->error)
        != USAGE_OK
        || credential == NULL) /* with which nothing verifies */
    {
        return NGX_ERROR;
    }

    ctx->caller.credential = credential;
    ctx->caller.signed_names = signature.names;

    if (ngx_http_usage_sign_tokens(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* (a comparison is nobody's reply) */

    return ctx->conf->replay && !ctx->answerer.compared
           ? ngx_http_usage_replay_check(ctx, &signature) : NGX_OK;
}


/*
 * A security token that isn't signed may be anybody's: it isn't sent on.
 */

static ngx_int_t
ngx_http_usage_sign_tokens(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  token[] = {
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    if (ctx->caller.credential->security_token.len) {
        return NGX_OK;
    }

    part = &ctx->request->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_header_in(header, token)
            && !ngx_http_usage_vouches(ctx, header))
        {
            (void) usage_error(&ctx->error, NGX_HTTP_UNAUTHORIZED,
                               "X-Security-Token is sent, but SignedHeaders "
                               "has not \"x-security-token\", and the file of "
                               "usage_credentials has no token for this key: "
                               "it has to be signed");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_access_key(ngx_http_request_t *r, usage_str_t *access_key)
{
    usage_header_t  header;
    usage_signed_t  request;

    ngx_http_usage_sign_authorization(r, &header, &request);

    *access_key = usage_signature_access_key(&request);
    access_key->len = usage_shown(*access_key);

    return access_key->len ? NGX_OK : NGX_DECLINED;
}


usage_str_t
ngx_http_usage_signed_names(ngx_http_request_t *r)
{
    usage_header_t  header;
    usage_signed_t  request;

    ngx_http_usage_sign_authorization(r, &header, &request);

    return usage_signature_names(&request);
}


/*
 * A request of which there is no more than its Authorization, if it has one.
 */

static void
ngx_http_usage_sign_authorization(ngx_http_request_t *r,
    usage_header_t *header, usage_signed_t *request)
{
    static ngx_str_t  name = ngx_string("authorization");

    request->headers = header;
    request->count = 0;

    if (r->headers_in.authorization) {
        ngx_http_usage_sign_add(header, &name,
                                &r->headers_in.authorization->value);
        request->count = 1;
    }
}


/*
 * The client's request, as it sent it.
 */

static ngx_int_t
ngx_http_usage_sign_received(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request)
{
    u_char              *p;
    ngx_str_t            host;
    ngx_uint_t           i;
    usage_header_t      *headers;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *header;
    ngx_http_request_t  *r;

    r = ctx->request;
    i = ngx_http_usage_count_headers(&r->headers_in.headers) + 1;

    headers = ngx_palloc(r->pool, i * sizeof(usage_header_t));
    if (headers == NULL) {
        return NGX_ERROR;
    }

    request->headers = headers;
    request->count = 0;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {
        ngx_http_usage_sign_add(&headers[request->count++], &header->key,
                                &header->value);
    }

    if (r->headers_in.host == NULL && r->host_start) {

        /* in the request line, or ":authority" */

        host.data = r->host_start;
        host.len = r->host_end - r->host_start;

        ngx_http_usage_sign_add(&headers[request->count++],
                                &ngx_http_usage_host, &host);
    }

    request->method.data = (char *) r->method_name.data;
    request->method.len = r->method_name.len;
    request->path.data = (char *) r->unparsed_uri.data;
    request->path.len = r->unparsed_uri.len;
    request->query.data = "";
    request->query.len = 0;
    request->body = ctx->inbound.body;

    p = ngx_strlchr(r->unparsed_uri.data,
                    r->unparsed_uri.data + r->unparsed_uri.len, '?');

    if (p) {
        request->path.len = p - r->unparsed_uri.data;
        request->query.data = (char *) p + 1;
        request->query.len = r->unparsed_uri.len - request->path.len - 1;
    }

    return NGX_OK;
}


/*
 * A subrequest is signed for the host that it is sent to, which nginx knows
 * when its location's handler has run ($proxy_host), and sent with the headers
 * that it has when the handler's upstream starts.  So it is done in between.
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

    /* an upstream doesn't start while a file is read */

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
 * The headers that are signed: the host, the date, and some of the client's.
 */

static ngx_int_t
ngx_http_usage_sign_signed(ngx_http_request_t *r, ngx_http_usage_ctx_t *ctx,
    ngx_str_t *date, usage_signed_t *request)
{
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

    ngx_http_usage_sign_add(&headers[0], &ngx_http_usage_host, &host);
    ngx_http_usage_sign_add(&headers[1], &ngx_http_usage_x_sdk_date, date);

    request->headers = headers;
    request->count = 2;

    part = &ctx->fetches->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_header_in(header, names)) {
            ngx_http_usage_sign_add(&headers[request->count++], &header->key,
                                    &header->value);
        }
    }

    return NGX_OK;
}


static void
ngx_http_usage_sign_add(usage_header_t *header, ngx_str_t *name,
    ngx_str_t *value)
{
    header->name.data = (char *) name->data;
    header->name.len = name->len;
    header->value.data = (char *) value->data;
    header->value.len = value->len;
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
                      "successor can't be signed", &ctx->conf->sign_host->value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * The call of the successor, without the location's prefix.
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
 * The headers that the subrequest is sent with: those that all of the legacy
 * call's have, and its signature.
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
