/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The operator's location that leads to Redis: usage_redis_pass.  It sends the
 * operations of usage_share, and nothing else.
 */

#ifndef NGX_HTTP_USAGE_REDIS_H
#define NGX_HTTP_USAGE_REDIS_H

#include "base/ngx_http_usage.h"


/*
 * A location with usage_redis_pass.
 */
struct ngx_http_usage_redis_s {
    ngx_http_upstream_conf_t         upstream;
    ngx_str_t                        auth;   /* a command; empty: none */
};


/* ngx_http_usage_redis_conf.c: directives */

/* Reads the argument of the directive of its name. */
char *ngx_http_usage_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_redis_auth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Checks what stands beside the directives in a location.  NGX_ERROR: there is
 * something wrong, which is logged.
 */
ngx_int_t ngx_http_usage_redis_check(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);


/* ngx_http_usage_redis.c: an operation on its way */

/* Sends an operation: the content handler of a location. */
ngx_int_t ngx_http_usage_redis_handler(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_REDIS_H */
