/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The client's signature.  In: a request.  Out: the access key with which it is
 * signed, or what is wrong with the signature.
 */

#include "base/ngx_http_usage_metrics.h"
#include "sign/ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_verify_check(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request);
static ngx_int_t ngx_http_usage_verify_tokens(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_verify_authorization(ngx_http_request_t *r,
    usage_header_t *header, usage_signed_t *request);
static ngx_int_t ngx_http_usage_verify_received(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request);
static void ngx_http_usage_verify_uri(ngx_http_request_t *r,
    usage_signed_t *request);


ngx_int_t
ngx_http_usage_verify(ngx_http_usage_ctx_t *ctx)
{
    usage_signed_t  request;

    /* with both, the service goes by the token, too */

    if (ctx->caller.credential || ngx_http_usage_token(ctx->request)) {
        return NGX_OK;
    }

    if (ngx_http_usage_verify_received(ctx, &request) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "out of memory");
        return NGX_ERROR;
    }

    if (!usage_signature_is(&request)
        || ngx_http_usage_verify_check(ctx, &request) == NGX_OK)
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
ngx_http_usage_verify_check(ngx_http_usage_ctx_t *ctx, usage_signed_t *request)
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
        || credential == NULL) /* nothing verifies then */
    {
        return NGX_ERROR;
    }

    ctx->caller.credential = credential;
    ctx->caller.signed_names = signature.names;

    if (ngx_http_usage_verify_tokens(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a comparison is a second request for one signature, and allowed */

    return ctx->conf->replay && !ctx->answerer.compared
           ? ngx_http_usage_replay_check(ctx, &signature) : NGX_OK;
}


/*
 * Checks that the signature covers X-Security-Token, if the request has one: it
 * may be anybody's otherwise, and isn't sent on.  If the file of access keys
 * has a token for this key, that one is sent.
 */

static ngx_int_t
ngx_http_usage_verify_tokens(ngx_http_usage_ctx_t *ctx)
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

    while ((header = ngx_http_usage_find_header(&part, &i, token)) != NULL) {

        if (!ngx_http_usage_vouches(ctx, header)) {
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


ngx_uint_t
ngx_http_usage_signs_anew(ngx_http_usage_ctx_t *ctx)
{
    usage_header_t  header;
    usage_signed_t  request;

    if (ctx->conf->credentials == NULL || ngx_http_usage_token(ctx->request)) {
        return 0;
    }

    ngx_http_usage_verify_authorization(ctx->request, &header, &request);

    return usage_credentials_find(ctx->conf->credentials,
                                  usage_signature_access_key(&request))
           != NULL;
}


ngx_int_t
ngx_http_usage_access_key(ngx_http_request_t *r, usage_str_t *access_key)
{
    usage_header_t  header;
    usage_signed_t  request;

    ngx_http_usage_verify_authorization(r, &header, &request);

    *access_key = usage_signature_access_key(&request);
    access_key->len = usage_shown(*access_key);

    return access_key->len ? NGX_OK : NGX_DECLINED;
}


usage_str_t
ngx_http_usage_signed_names(ngx_http_request_t *r)
{
    usage_header_t  header;
    usage_signed_t  request;

    ngx_http_usage_verify_authorization(r, &header, &request);

    return usage_signature_names(&request);
}


/*
 * Makes a request of which only the header Authorization is known, if it has
 * one.
 */

static void
ngx_http_usage_verify_authorization(ngx_http_request_t *r,
    usage_header_t *header, usage_signed_t *request)
{
    static ngx_str_t  name = ngx_string("authorization");

    request->headers = header;
    request->count = 0;

    if (r->headers_in.authorization) {
        ngx_http_usage_signed_header(header, &name,
                                     &r->headers_in.authorization->value);
        request->count = 1;
    }
}


/*
 * Makes the request as the client sent it.  NGX_ERROR: memory is out.
 */

static ngx_int_t
ngx_http_usage_verify_received(ngx_http_usage_ctx_t *ctx,
    usage_signed_t *request)
{
    static ngx_str_t  host_name = ngx_string("host");

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
        ngx_http_usage_signed_header(&headers[request->count++], &header->key,
                                     &header->value);
    }

    if (r->headers_in.host == NULL && r->host_start) {

        /* it is in the request line, or ":authority" of HTTP/2 */

        host.data = r->host_start;
        host.len = r->host_end - r->host_start;

        ngx_http_usage_signed_header(&headers[request->count++],
                                     &host_name, &host);
    }

    ngx_http_usage_verify_uri(r, request);
    request->body = ctx->inbound.body;

    return NGX_OK;
}


/*
 * Sets the request's method, its path and its query.
 */

static void
ngx_http_usage_verify_uri(ngx_http_request_t *r, usage_signed_t *request)
{
    u_char  *p;

    request->method.data = (char *) r->method_name.data;
    request->method.len = r->method_name.len;
    request->path.data = (char *) r->unparsed_uri.data;
    request->path.len = r->unparsed_uri.len;
    request->query.data = "";
    request->query.len = 0;

    p = ngx_strlchr(r->unparsed_uri.data,
                    r->unparsed_uri.data + r->unparsed_uri.len, '?');

    if (p) {
        request->path.len = p - r->unparsed_uri.data;
        request->query.data = (char *) p + 1;
        request->query.len = r->unparsed_uri.len - request->path.len - 1;
    }
}


void
ngx_http_usage_signed_header(usage_header_t *header, ngx_str_t *name,
    ngx_str_t *value)
{
    header->name.data = (char *) name->data;
    header->name.len = name->len;
    header->value.data = (char *) value->data;
    header->value.len = value->len;
}
