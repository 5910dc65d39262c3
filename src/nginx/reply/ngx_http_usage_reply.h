/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the client gets: a reply of the legacy call, an error in the legacy
 * form, or the upstream's own error.
 */

#ifndef NGX_HTTP_USAGE_REPLY_H
#define NGX_HTTP_USAGE_REPLY_H

#include "fetch/ngx_http_usage_fetch.h"


/*
 * Sends the reply that ctx->answer has, with status 200, and finalizes the
 * request.
 */
void ngx_http_usage_reply_ok(ngx_http_usage_ctx_t *ctx);

/*
 * Sends ctx->error, and finalizes the request.  retry_after: the value of that
 * header.  If it or its data is NULL, a 429 gets 60; if it is just empty, there
 * is no such header.
 */
void ngx_http_usage_reply_error(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);

/* Sends an upstream's error as it came, and finalizes the request. */
void ngx_http_usage_reply_upstream(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/*
 * Sends a reply whose headers are set except for its length, and finalizes the
 * request.
 */
void ngx_http_usage_send(ngx_http_usage_ctx_t *ctx, u_char *data, size_t len);

/*
 * Gives an error page of nginx itself the legacy form: sets its headers, and
 * ctx->answer.replacement as its body.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_reply_replace(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_REPLY_H */
