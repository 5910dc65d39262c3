/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_rate: when upstream calls to successors may start.
 */

#ifndef NGX_HTTP_USAGE_PACE_H
#define NGX_HTTP_USAGE_PACE_H

#include "fetch/ngx_http_usage_fetch.h"


/* the windows of a rate, in microseconds */
#define NGX_HTTP_USAGE_RATE_MINUTE  60000000
#define NGX_HTTP_USAGE_RATE_SECOND  1000000


typedef struct ngx_http_usage_bucket_s   ngx_http_usage_bucket_t;
typedef struct ngx_http_usage_buckets_s  ngx_http_usage_buckets_t;


/*
 * A zone of usage_rate.
 */
struct ngx_http_usage_rate_s {
    ngx_http_usage_buckets_t        *sh;
    ngx_slab_pool_t                 *shpool;
    ngx_str_t                        name;     /* of the zone */
    ngx_str_t                        text;     /* the rate, as it is written */
    ngx_uint_t                       calls;    /* in a window, at most */
    ngx_uint_t                       burst;    /* calls at once */
    uint64_t                         window;   /* microseconds */
    uint64_t                         margin;   /* microseconds */
    uint64_t                         interval; /* microseconds between calls */
    ngx_uint_t                       reloads;  /* that the zone has seen */
    ngx_uint_t                       crowded;  /* unsigned  crowded:1; */
};


/*
 * What an upstream call has reserved of a bucket; times in microseconds.
 */
typedef struct {
    uint64_t                         time;   /* at which it may start */
    uint64_t                         before; /* "next" of the bucket, before */
    uint64_t                         after;  /* and afterwards */
} ngx_http_usage_slot_t;


/*
 * The pace of a request's upstream calls, and the time that it has waited.
 */
struct ngx_http_usage_pace_s {
    ngx_http_usage_rate_t           *rate;   /* NULL: none to keep to */
    uint64_t                         key[2]; /* of the credential's buckets */
    ngx_http_usage_fetch_t          *held;   /* has a slot, and isn't started */
    ngx_msec_t                       held_since;
    ngx_http_usage_slot_t            slot;   /* of the held call */
    ngx_event_t                      timer;  /* until the slot's time */
    ngx_uint_t                       calls[USAGE_CALL_APIS]; /* started */
    ngx_uint_t                       waiting; /* calls, at this moment */
    ngx_msec_t                       since;  /* when the first began to wait */
    ngx_msec_t                       waited; /* milliseconds before that */
};


/* ngx_http_usage_rate_conf.c: the directive usage_rate */

/* Sets the rate of a location: the directive usage_rate. */
char *ngx_http_usage_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_gcra.c: the pace that all workers keep together */

/*
 * Prepares a zone, once all of its directives are read.  NGX_ERROR: memory is
 * out, or there are no random numbers.
 */
ngx_int_t ngx_http_usage_rate_init_zone(ngx_shm_zone_t *shm_zone, void *data);

/* Returns the time, in microseconds. */
uint64_t ngx_http_usage_rate_now(void);

/* Returns the salt of a zone's keys, NGX_HTTP_USAGE_KEY_LEN bytes. */
u_char *ngx_http_usage_rate_salt(ngx_http_usage_rate_t *rate);

/*
 * Reserves a call of a key: fills the slot.  Returns the first time at which
 * ngx_http_usage_rate_start() may be tried.
 */
uint64_t ngx_http_usage_rate_reserve(ngx_http_usage_rate_t *rate,
    uint64_t *key, ngx_http_usage_slot_t *slot, ngx_log_t *log);

/* Gives a slot back that isn't used. */
void ngx_http_usage_rate_return(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_http_usage_slot_t *slot, ngx_log_t *log);

/*
 * Counts a call of a key as started, and returns 0; or returns the time before
 * which it must not start.
 */
uint64_t ngx_http_usage_rate_start(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_log_t *log);

/* Holds back all calls of a key for delay milliseconds. */
void ngx_http_usage_rate_push(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_msec_t delay, ngx_log_t *log);

/*
 * Returns the time at which the last of so many further calls of a key could
 * start, if no other request made calls.  With 0 calls: the time at which the
 * bucket has nothing ahead.
 */
uint64_t ngx_http_usage_rate_ahead(ngx_http_usage_rate_t *rate, uint64_t *key,
    uint64_t now, ngx_uint_t calls, ngx_log_t *log);


/* ngx_http_usage_pace.c: the upstream calls of one request */

/* Creates ctx->pace.  NGX_ERROR: an internal error. */
ngx_int_t ngx_http_usage_pace_init(ngx_http_usage_ctx_t *ctx);

/*
 * Checks that so many further calls of an API can start before usage_timeout.
 * NGX_DECLINED: they can't.  ctx->error and *retry_after are set then; the
 * latter is empty if waiting doesn't help.
 */
ngx_int_t ngx_http_usage_pace_check(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_uint_t calls, ngx_str_t *retry_after);

/*
 * Asks if an upstream call may start.  NGX_OK: now.  NGX_AGAIN: it is held, and
 * the request is woken when its time has come.  NGX_DECLINED: that is behind
 * usage_timeout.
 */
ngx_int_t ngx_http_usage_pace_hold(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/*
 * Refuses the request, as ngx_http_usage_pace_check() does: so many calls can't
 * start in time.  Returns NGX_DECLINED.
 */
ngx_int_t ngx_http_usage_pace_refuse(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_uint_t calls, ngx_str_t *retry_after);

/*
 * Holds back all requests of this credential for delay milliseconds: the
 * upstream refused a call.
 */
void ngx_http_usage_pace_push(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_msec_t delay);

/* Gives up the held call: the request ends. */
void ngx_http_usage_pace_end(ngx_http_usage_ctx_t *ctx);

/* Notes that an upstream call begins to wait, or doesn't wait any more. */
void ngx_http_usage_wait_begin(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_wait_end(ngx_http_usage_ctx_t *ctx);

/* Returns how long the request has waited: $usage_waited, in milliseconds. */
ngx_msec_t ngx_http_usage_waited(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_PACE_H */
