/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The way to the legacy endpoint and back.  In: the client's request, which is
 * redirected to the location of the endpoint.  Out: the endpoint's reply.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"
#include "reply/ngx_http_usage_reply.h"
#include "reply/ngx_http_usage_reply_headers.h"


static void ngx_http_usage_hide_header(ngx_http_request_t *r,
    ngx_str_t *names);


ngx_int_t
ngx_http_usage_pass(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t            uri, args;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_usage_endpoint(ctx) == NULL
        || ngx_http_usage_keep_ctx(ctx) != NGX_OK
        || ngx_http_usage_endpoint_uri(ctx, r->pool, &uri) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error.status = 0;
    ctx->answerer.passed = 1;
    ctx->endpoint->uri_changes = r->uri_changes - 1;

    args = r->args;

    return ngx_http_internal_redirect(r, &uri, &args);
}


ngx_int_t
ngx_http_usage_pass_header(ngx_http_usage_ctx_t *ctx, ngx_http_request_t *r)
{
    static ngx_str_t  deprecation[] = {
        ngx_string("deprecation"),
        ngx_null_string
    };

    static ngx_str_t  sunset[] = {
        ngx_string("sunset"),
        ngx_null_string
    };

    /* logs tell what the client requested */

    r->uri.data = (u_char *) ctx->inbound.path.data;
    r->uri.len = ctx->inbound.path.len;

    ngx_http_usage_parse_passed(ctx);

    /* nginx itself made the reply, and no error_page redirected it */

    if (r->err_status >= NGX_HTTP_BAD_REQUEST
        && r->uri_changes == ctx->endpoint->uri_changes)
    {
        return ngx_http_usage_reply_replace(r);
    }

    if (ctx->endpoint->capture) {
        ngx_http_usage_capture_header(ctx);
    }

    /* usage_deprecation replaces what the endpoint says itself */

    if (ctx->conf->deprecation.len) {
        ngx_http_usage_hide_header(r, deprecation);
    }

    if (ctx->conf->sunset.len) {
        ngx_http_usage_hide_header(r, sunset);
    }

    return ngx_http_usage_add_headers(ctx);
}


static void
ngx_http_usage_hide_header(ngx_http_request_t *r, ngx_str_t *names)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_out.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {
        header->hash = 0;
    }
}
