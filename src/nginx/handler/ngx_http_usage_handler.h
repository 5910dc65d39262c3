/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests as they come in.
 */

#ifndef NGX_HTTP_USAGE_HANDLER_H
#define NGX_HTTP_USAGE_HANDLER_H

#include "base/ngx_http_usage.h"


/* Answers a request: the content handler of a location with usage_translate. */
ngx_int_t ngx_http_usage_handler(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_HANDLER_H */
