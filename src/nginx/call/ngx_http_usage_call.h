/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request that is translated: it is read, its upstream calls are made, and
 * what they bring becomes the reply.
 */

#ifndef NGX_HTTP_USAGE_CALL_H
#define NGX_HTTP_USAGE_CALL_H

#include "fetch/ngx_http_usage_fetch.h"


/* ngx_http_usage_parse.c: what the client asks for */

/*
 * Sets the path of the request, and tells whether it is the legacy call's; the
 * project_id is set then.
 */
ngx_uint_t ngx_http_usage_route(ngx_http_usage_ctx_t *ctx, usage_str_t path);

/*
 * Reads the body of the request.  NGX_ERROR: ctx->error says what is wrong with
 * it.
 */
ngx_int_t ngx_http_usage_parse(ngx_http_usage_ctx_t *ctx);

/*
 * Reads the body of a request that went to the legacy endpoint unread, if all
 * of it is here.
 */
void ngx_http_usage_parse_passed(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_translate.c: from a request to its first upstream calls */

/* Translates the request, or says what is wrong with it. */
void ngx_http_usage_translate_call(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_advance.c: what upstream calls brought, and which are next */

/*
 * Takes what a call brought.  NGX_ERROR: it ended the request, whose reply is
 * sent.
 */
ngx_int_t ngx_http_usage_collect(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/*
 * Starts what the plan wants next, as far as usage_concurrency and usage_rate
 * allow, or sends the reply.
 */
void ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_retry.c: another try of what the upstream refused */

/*
 * NGX_OK: the call, which is done, waits to be tried again; NGX_DECLINED: it
 * doesn't.
 */
ngx_int_t ngx_http_usage_retry(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Returns a call that is to be tried again now, or NULL. */
ngx_http_usage_fetch_t *ngx_http_usage_retry_next(ngx_http_usage_ctx_t *ctx);

/* Ends the waiting, as nothing is to be tried again. */
void ngx_http_usage_retry_end(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_known.c: which credentials are good, and which are not */

/* Makes room for what is known of credentials, once in a configuration. */
ngx_int_t ngx_http_usage_known_zone(ngx_conf_t *cf);

/*
 * Finds out whether the caller's credential is known to be good.  NGX_ERROR:
 * ctx->error says why not.
 */
ngx_int_t ngx_http_usage_known_open(ngx_http_usage_ctx_t *ctx);

/* Remembers for minutes that the caller's credential is good. */
void ngx_http_usage_known_set(ngx_http_usage_ctx_t *ctx);

/*
 * Remembers for as long what was found out with it: ctx->caller.domain.
 */
void ngx_http_usage_known_learn(ngx_http_usage_ctx_t *ctx);

/*
 * Forgets that it is good, if a call's reply refuses it; remembers a 401 of the
 * service for seconds, with its body if that is passed to the client.
 */
void ngx_http_usage_known_refuse(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_uint_t passed);

/*
 * Tells whether an API answered 401 to the credential seconds ago, and with
 * what; *body is empty if that isn't known.
 */
ngx_uint_t ngx_http_usage_known_refused(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_str_t *body);


/* ngx_http_usage_call.c: from the first upstream call to the last */

/*
 * Prepares the request for upstream calls: its time begins, and what has to
 * happen when the client goes away is seen to.  wake is the handler for what
 * comes of the calls, with ctx as its data.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_call_open(ngx_http_usage_ctx_t *ctx,
    ngx_event_handler_pt wake);

/* The reply is decided: what is still under way is of no use any more. */
void ngx_http_usage_call_end(ngx_http_usage_ctx_t *ctx);

/*
 * Ends the request with ctx->error, and that Retry-After; NULL: what the error
 * has by itself.
 */
void ngx_http_usage_call_fail(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);


#endif /* NGX_HTTP_USAGE_CALL_H */
