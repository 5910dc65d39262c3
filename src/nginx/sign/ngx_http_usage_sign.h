/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signed calls, and the access keys for them.
 */

#ifndef NGX_HTTP_USAGE_SIGN_H
#define NGX_HTTP_USAGE_SIGN_H

#include "base/ngx_http_usage.h"

#include "sign/usage_signature.h"


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

/* The names of the headers that r's signature, not verified, is over, or "". */
usage_str_t ngx_http_usage_signed_names(ngx_http_request_t *r);

/* Before content is made: has subrequests signed that need it. */
ngx_int_t ngx_http_usage_sign_phase_handler(ngx_http_request_t *r);



/* ngx_http_usage_replay.c: signatures that came before */

char *ngx_http_usage_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Remembers a signature that verified until its date is too old.  NGX_ERROR:
 * another request had it, or there is no room, as ctx->error says.
 */
ngx_int_t ngx_http_usage_replay_check(ngx_http_usage_ctx_t *ctx,
    usage_signature_t *signature);


#endif /* NGX_HTTP_USAGE_SIGN_H */
