/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the client gets: the legacy reply, an error in the legacy form, or the
 * upstream's own error.
 */

#ifndef NGX_HTTP_USAGE_REPLY_H
#define NGX_HTTP_USAGE_REPLY_H

#include "fetch/ngx_http_usage_fetch.h"


/*
 * Each sends a reply and finalizes the request: the legacy reply that ctx->answer
 * has; the error in ctx->error, with that Retry-After; an error reply of the
 * upstream as it came.
 */
void ngx_http_usage_reply_ok(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_reply_error(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);
void ngx_http_usage_reply_upstream(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Sends a reply whose header is set but for its length, and finalizes. */
void ngx_http_usage_send(ngx_http_usage_ctx_t *ctx, u_char *data, size_t len);

/*
 * Adds the headers of usage_deprecation to the reply.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_add_deprecation(ngx_http_usage_ctx_t *ctx);

/*
 * Gives an error page of nginx itself the legacy form: its header becomes that
 * of the replacement, which ctx->answer holds.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_reply_replace(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_REPLY_H */
