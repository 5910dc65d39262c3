/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_rate: when upstream calls to successors may start.
 */

#ifndef NGX_HTTP_USAGE_PACE_H
#define NGX_HTTP_USAGE_PACE_H

#include "fetch/ngx_http_usage_fetch.h"


/* the windows of a rate, in microseconds */
#define NGX_HTTP_USAGE_RATE_MINUTE   60000000
#define NGX_HTTP_USAGE_RATE_SECOND   1000000

/* microseconds ahead that Redis gives a call its slot, at most */
#define NGX_HTTP_USAGE_RATE_HORIZON  3000000

/* milliseconds after which a gateway that is alone asks Redis again; with
 * NGX_HTTP_USAGE_SHARE_PAUSE, and a time-out, that is less than the horizon */
#define NGX_HTTP_USAGE_RATE_AGAIN    500

/* milliseconds that an upstream's 429 holds back a bucket at most */
#define NGX_HTTP_USAGE_RATE_PUSH     (60 * 1000)

/* bytes of the token that Redis has as long as it forgets nothing, and of the
 * random ones among them */
#define NGX_HTTP_USAGE_RATE_FRESH    16
#define NGX_HTTP_USAGE_RATE_BORN     33


typedef struct ngx_http_usage_bucket_s   ngx_http_usage_bucket_t;
typedef struct ngx_http_usage_buckets_s  ngx_http_usage_buckets_t;
typedef struct ngx_http_usage_turn_s     ngx_http_usage_turn_t;


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
    ngx_uint_t                       shared;   /* unsigned  shared:1; */
    ngx_uint_t                       crowded;  /* unsigned  crowded:1; */
};


/*
 * How far apart calls are; in microseconds.
 */
typedef struct {
    uint64_t                         interval; /* between two calls */
    uint64_t                         ahead;  /* of its turn that one may start:
                                              * the burst */
    uint64_t                         from;   /* time before which none starts */
} ngx_http_usage_tempo_t;


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
    uint64_t                         keys[USAGE_CALL_APIS][2]; /* of the
                                              * credential's buckets */
    ngx_http_usage_turn_t           *turn;   /* NULL: no gateways share it */
    ngx_http_usage_fetch_t          *held;   /* waits to be started */
    ngx_msec_t                       held_since;
    ngx_uint_t                       reserved; /* unsigned  reserved:1; */
    ngx_http_usage_slot_t            slot;   /* that is reserved */
    ngx_event_t                      timer;  /* until the slot's time */
    ngx_uint_t                       calls[USAGE_CALL_APIS]; /* started */
    ngx_uint_t                       waiting; /* calls, at this moment */
    ngx_msec_t                       since;  /* when the first began to wait */
    ngx_msec_t                       waited; /* milliseconds before that */
};


/* ngx_http_usage_rate_conf.c: the directive usage_rate */

/* Sets the rate of a location: the directive usage_rate. */
char *ngx_http_usage_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Checks a translating location whose rate is shared.  NGX_ERROR: it has no
 * usage_share, or more gateways than calls.
 */
ngx_int_t ngx_http_usage_rate_check(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);


/* ngx_http_usage_tempo.c: how far apart calls are */

/* Computes the interval and the margin of a rate, and its burst if none is
 * configured. */
void ngx_http_usage_rate_compute(ngx_http_usage_rate_t *rate);

/* Sets the tempo of a rate: of one gateway, or of all that share it. */
void ngx_http_usage_tempo(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo);

/*
 * Sets the tempo of one of so many gateways, which is without Redis since the
 * time lost.
 */
void ngx_http_usage_tempo_alone(ngx_http_usage_rate_t *rate,
    ngx_uint_t gateways, uint64_t lost, ngx_http_usage_tempo_t *tempo);

/*
 * Returns the microseconds in which no call starts, if a gateway goes on
 * without Redis, or with it again, or with one that has forgotten.
 */
uint64_t ngx_http_usage_tempo_pause(ngx_http_usage_rate_t *rate,
    ngx_uint_t gateways);


/* ngx_http_usage_rate_zone.c: what all buckets of a zone have in common */

/*
 * Prepares a zone, once all of its directives are read.  NGX_ERROR: memory is
 * out, or there are no random numbers.
 */
ngx_int_t ngx_http_usage_rate_init_zone(ngx_shm_zone_t *shm_zone, void *data);

/* Returns the salt of a zone's keys, NGX_HTTP_USAGE_KEY_LEN bytes. */
u_char *ngx_http_usage_rate_salt(ngx_http_usage_rate_t *rate);

/*
 * Notes that Redis doesn't answer, or that it answers again.  Returns the
 * microseconds without it that were not returned before.
 */
uint64_t ngx_http_usage_rate_lose(ngx_http_usage_rate_t *rate);
uint64_t ngx_http_usage_rate_regain(ngx_http_usage_rate_t *rate);

/* Returns the time since when Redis doesn't answer; 0: it does. */
uint64_t ngx_http_usage_rate_lost(ngx_http_usage_rate_t *rate);

/*
 * Copies the token of the Redis that the zone knows, or remembers another one;
 * born has NGX_HTTP_USAGE_RATE_BORN bytes, 0 in the first if none is known.
 */
void ngx_http_usage_rate_born(ngx_http_usage_rate_t *rate, u_char *born);
void ngx_http_usage_rate_set_born(ngx_http_usage_rate_t *rate, u_char *born);


/* ngx_http_usage_gcra.c: the pace that all workers keep together */

/* Returns the time, in microseconds. */
uint64_t ngx_http_usage_rate_now(void);

/*
 * Reserves a call of a key: fills the slot.  Returns the first time at which
 * ngx_http_usage_rate_start() may be tried.
 */
uint64_t ngx_http_usage_rate_reserve(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, ngx_http_usage_slot_t *slot,
    ngx_log_t *log);

/* Gives a slot back that isn't used. */
void ngx_http_usage_rate_return(ngx_http_usage_rate_t *rate, uint64_t *key,
    ngx_http_usage_slot_t *slot, ngx_log_t *log);

/*
 * Counts a call of a key as started, and returns 0; or returns the time before
 * which it must not start.
 */
uint64_t ngx_http_usage_rate_start(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, ngx_log_t *log);

/* Holds back all calls of a key for delay microseconds. */
void ngx_http_usage_rate_push(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, uint64_t delay,
    ngx_log_t *log);

/*
 * Returns the time at which the last of so many further calls of a key could
 * start, if no other request made calls.  With 0 calls: the time at which the
 * bucket has nothing ahead.
 */
uint64_t ngx_http_usage_rate_ahead(ngx_http_usage_rate_t *rate,
    ngx_http_usage_tempo_t *tempo, uint64_t *key, uint64_t now,
    ngx_uint_t calls, ngx_log_t *log);

/* Raises "next" of a key to what Redis has. */
void ngx_http_usage_rate_learn(ngx_http_usage_rate_t *rate, uint64_t *key,
    uint64_t next, ngx_log_t *log);


/* ngx_http_usage_turn.c: the pace that gateways keep together, in Redis */

/*
 * Creates ctx->pace->turn, if gateways share the rate.  NGX_ERROR: an internal
 * error.
 */
ngx_int_t ngx_http_usage_turn_open(ngx_http_usage_ctx_t *ctx);

/*
 * Asks if a call of an API may start.  NGX_OK: now.  NGX_AGAIN: not before
 * *time, in microseconds; 0: the request is woken once Redis has answered.
 * NGX_DECLINED: Redis doesn't answer, and *time is when it is to be asked again.
 * NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_turn(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t *time);

/* Holds back all calls of an API, at all gateways, for delay microseconds. */
void ngx_http_usage_turn_push(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t delay);


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
