/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signed requests: the signatures of clients, those of upstream calls, and the
 * access keys for both.
 */

#ifndef NGX_HTTP_USAGE_SIGN_H
#define NGX_HTTP_USAGE_SIGN_H

#include "base/ngx_http_usage.h"

#include "sign/usage_signature.h"


/* ngx_http_usage_credentials.c: access keys */

/* Reads a file of access keys: the directive usage_credentials. */
char *ngx_http_usage_credentials(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Makes the value of usage_sign_host for locations that have none.  NGX_ERROR:
 * memory is out.
 */
ngx_int_t ngx_http_usage_default_host(ngx_conf_t *cf,
    ngx_http_complex_value_t **host);


/* ngx_http_usage_verify.c: signatures of clients */

/*
 * Verifies the signature of a request whose body is read, once, if it has one
 * and no token.  If it is right, ctx->caller has the access key.  NGX_ERROR: it
 * is wrong, as ctx->error says, or memory is out.
 */
ngx_int_t ngx_http_usage_verify(ngx_http_usage_ctx_t *ctx);

/*
 * Tells if the legacy endpoint gets a request signed anew: it has no token, and
 * the access key that it names is in the file of usage_credentials.
 */
ngx_uint_t ngx_http_usage_signs_anew(ngx_http_usage_ctx_t *ctx);

/*
 * Returns the access key that a request names, verified or not, cut to what may
 * be shown.  NGX_DECLINED: it names none.
 */
ngx_int_t ngx_http_usage_access_key(ngx_http_request_t *r,
    usage_str_t *access_key);

/*
 * Returns the names of the headers that the signature of a request covers,
 * verified or not, or "".
 */
usage_str_t ngx_http_usage_signed_names(ngx_http_request_t *r);

/* Sets a header of a request that is verified or signed. */
void ngx_http_usage_signed_header(usage_header_t *header, ngx_str_t *name,
    ngx_str_t *value);


/* ngx_http_usage_sign.c: signatures of upstream calls */

/*
 * Has upstream calls signed that need it, and requests that are passed on to
 * the legacy endpoint: a handler of the precontent phase.
 */
ngx_int_t ngx_http_usage_sign_phase_handler(ngx_http_request_t *r);


/* ngx_http_usage_replay.c: signatures that came before */

/* Sets the zone of a location: the directive usage_replay. */
char *ngx_http_usage_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Remembers a signature that verified, until its date is too old.  NGX_ERROR:
 * another request had it, or there is no room, as ctx->error says.
 */
ngx_int_t ngx_http_usage_replay_check(ngx_http_usage_ctx_t *ctx,
    usage_signature_t *signature);


#endif /* NGX_HTTP_USAGE_SIGN_H */
