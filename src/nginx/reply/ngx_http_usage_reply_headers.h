/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The headers of a reply to the client.  In: the request, and its answer.  Out:
 * each function adds a header to the reply.  NGX_ERROR: memory is out.
 */

#ifndef NGX_HTTP_USAGE_REPLY_HEADERS_H
#define NGX_HTTP_USAGE_REPLY_HEADERS_H

#include "base/ngx_http_usage.h"


/*
 * Adds the headers of usage_deprecation, and X-Request-Id, if the reply has
 * none yet.
 */
ngx_int_t ngx_http_usage_add_headers(ngx_http_usage_ctx_t *ctx);

/*
 * Adds X-Usage-Unattributed, the hours of the entry without a desktop_id:
 * translation.md, "One user".  Without such an entry there is no header.
 */
ngx_int_t ngx_http_usage_add_unattributed(ngx_http_usage_ctx_t *ctx);

/*
 * Adds X-Usage-Provisional, which names the days of the range whose figures can
 * still change: translation.md, "Days".  Days in the future are not among them.
 * If there is no such day there is no header.
 */
ngx_int_t ngx_http_usage_add_provisional(ngx_http_usage_ctx_t *ctx);

/*
 * Adds Retry-After (translation.md, "Errors"): the upstream's own value, or
 * else 60 to a 429.  If the value is empty, waiting doesn't help, and there is
 * none.
 */
ngx_int_t ngx_http_usage_add_retry_after(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *value);


#endif /* NGX_HTTP_USAGE_REPLY_HEADERS_H */
