/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_rate and usage_retries: when calls of the successors start.
 */

#ifndef NGX_HTTP_USAGE_PACE_H
#define NGX_HTTP_USAGE_PACE_H

#include "fetch/ngx_http_usage_fetch.h"


/*
 * What a call has reserved of a bucket: the time at which it may start, what
 * the bucket was before, and what it became.
 */
typedef struct {
    uint64_t                  time;
    uint64_t                  before;
    uint64_t                  after;
} ngx_http_usage_slot_t;


/*
 * The pace of a request's upstream calls, and the time that it has waited.
 */
struct ngx_http_usage_pace_s {
    ngx_http_usage_rate_t           *rate; /* NULL: nothing to keep to */
    uint64_t                         key[2]; /* of the credential's buckets */
    ngx_http_usage_fetch_t          *held; /* has a slot, and isn't started */
    ngx_msec_t                       held_since;
    ngx_http_usage_slot_t            slot;
    ngx_event_t                      timer; /* until the slot's time */
    ngx_uint_t                       calls[USAGE_CALL_APIS]; /* started */
    ngx_uint_t                       waiting; /* calls, at this moment */
    ngx_msec_t                       since;   /* the first of them waits */
    ngx_msec_t                       waited;  /* milliseconds until that */
};


/* ngx_http_usage_rate_conf.c: the directive usage_rate */

char *ngx_http_usage_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_gcra.c: what all workers know of the pace */

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
 * Checks that so many further calls of an API can start before usage_timeout.
 * NGX_DECLINED: they can't; ctx->error and *retry_after are set, empty if
 * waiting does not help.
 */
ngx_int_t ngx_http_usage_pace_check(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_uint_t calls, ngx_str_t *retry_after);

/*
 * NGX_OK: a call may start now.  NGX_AGAIN: it is held, and the request is woken
 * when its time has come.  NGX_DECLINED: that is behind usage_timeout.
 */
ngx_int_t ngx_http_usage_pace_hold(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Says that so many calls can't start in time, as ngx_http_usage_pace_check(). */
ngx_int_t ngx_http_usage_pace_refuse(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_uint_t calls, ngx_str_t *retry_after);

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


#endif /* NGX_HTTP_USAGE_PACE_H */
