/*
 * Signed calls, and the access keys for them.
 */

#ifndef NGX_HTTP_USAGE_SIGN_H
#define NGX_HTTP_USAGE_SIGN_H

#include "ngx_http_usage.h"


/* ngx_http_usage_credentials.c: the directive usage_credentials */

char *ngx_http_usage_credentials(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The value of usage_sign_host where there is none. */
ngx_int_t ngx_http_usage_default_host(ngx_conf_t *cf,
    ngx_http_complex_value_t **host);


/* ngx_http_usage_sign.c: signed calls */

/*
 * Verifies the signature of the client's request, where it has one and no
 * token: ctx->credential is its access key then.  NGX_ERROR: ctx->error says
 * what is wrong with it.
 */
ngx_int_t ngx_http_usage_verify(ngx_http_usage_ctx_t *ctx);

/*
 * The access key that r names, its signature not verified.  NGX_DECLINED: none.
 */
ngx_int_t ngx_http_usage_access_key(ngx_http_request_t *r,
    usage_str_t *access_key);

/* Before content is made: has subrequests signed that need it. */
ngx_int_t ngx_http_usage_sign_phase_handler(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_SIGN_H */
