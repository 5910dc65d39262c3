/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_rate and usage_retries: when calls of the successors start.
 */

#ifndef NGX_HTTP_USAGE_PACE_H
#define NGX_HTTP_USAGE_PACE_H

#include "base/ngx_http_usage.h"


/* ngx_http_usage_rate_conf.c: the directive usage_rate */

char *ngx_http_usage_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_rate.c: what all workers know of the pace */

/* Prepares a zone, once all of its directives are read. */
ngx_int_t ngx_http_usage_rate_init_zone(ngx_shm_zone_t *shm_zone, void *data);

/* The time now, in microseconds; what a key is to be hashed with. */
uint64_t ngx_http_usage_rate_now(void);
u_char *ngx_http_usage_rate_salt(ngx_http_usage_rate_t *rate);

/*
 * Reserves a call of a key, and gives the time from which on it may be tried
 * to be started; gives a reservation back that isn't to be used.
 */
uint64_t ngx_http_usage_rate_reserve(ngx_http_usage_rate_t *rate,
    uint64_t *key, ngx_http_usage_slot_t *slot, ngx_log_t *log);
void ngx_http_usage_rate_return(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_http_usage_slot_t *slot, ngx_log_t *log);

/* Counts a call as started, 0; or it may not be before the time given. */
uint64_t ngx_http_usage_rate_start(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_log_t *log);

/* Holds back all calls of a key for so many milliseconds. */
void ngx_http_usage_rate_push(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_msec_t delay, ngx_log_t *log);

/*
 * When the last of so many further calls could start, were there no others;
 * with 0 calls, when nothing is ahead any more.
 */
uint64_t ngx_http_usage_rate_ahead(ngx_http_usage_rate_t *rate, uint64_t *key,
    uint64_t now, ngx_uint_t calls, ngx_log_t *log);


/* ngx_http_usage_pace.c: the legacy call's calls at the pace of usage_rate */

/* Finds out whose pace it is.  NGX_ERROR: an internal error. */
ngx_int_t ngx_http_usage_pace_init(ngx_http_usage_ctx_t *ctx);

/*
 * Whether the calls ahead can start before usage_timeout: NGX_OK, or
 * NGX_DECLINED with ctx->error and *retry_after set, empty where waiting does
 * not help.
 */
ngx_int_t ngx_http_usage_pace_check(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);

/*
 * NGX_OK: the fetch's call may start now.  NGX_AGAIN: it is held, and the
 * legacy call is woken when its time has come.  NGX_DECLINED: as above.
 */
ngx_int_t ngx_http_usage_pace_hold(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *retry_after);

/* The upstream refused a call: nobody is to ask for so many milliseconds. */
void ngx_http_usage_pace_push(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_msec_t delay);

/* The legacy call ends. */
void ngx_http_usage_pace_end(ngx_http_usage_ctx_t *ctx);

/* A call of the legacy call begins to wait, or ends to. */
void ngx_http_usage_wait_begin(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_wait_end(ngx_http_usage_ctx_t *ctx);

/* $usage_waited, in milliseconds. */
ngx_msec_t ngx_http_usage_waited(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_retry.c: another try of what the upstream refused */

/*
 * NGX_OK: the fetch, which is done, waits to be tried again; NGX_DECLINED: it
 * doesn't.
 */
ngx_int_t ngx_http_usage_retry(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Tells whether a value is one of Retry-After. */
ngx_uint_t ngx_http_usage_retry_after_is(ngx_str_t *value);

/* A fetch whose call is to be tried again now, or NULL. */
ngx_http_usage_fetch_t *ngx_http_usage_retry_next(ngx_http_usage_ctx_t *ctx);

/* The legacy call ends: none is tried again. */
void ngx_http_usage_retry_end(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_PACE_H */
