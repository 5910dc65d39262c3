/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One request at the pace of usage_rate.  In: the upstream calls that it wants
 * to start.  Out: if they may start now, are held, or come too late.
 *
 * A request reserves one time ahead at most.  The call that has it is held, and
 * the plan isn't asked for more until it starts.  So requests of one credential
 * take turns, and none waits for more than one call of each other's.
 */

#include "base/ngx_http_usage_metrics.h"
#include "pace/ngx_http_usage_pace.h"
#include "share/ngx_http_usage_share.h"


/* milliseconds for the reply to the last call, as Retry-After counts them */
#define NGX_HTTP_USAGE_PACE_REPLY  1000


/*
 * The upstream calls of one API that a request still needs.
 */
typedef struct {
    ngx_http_usage_tempo_t           tempo;
    ngx_uint_t                       calls;
    ngx_uint_t                       all;  /* with those that were made */
    uint64_t                         wait; /* microseconds until the last */
    uint64_t                         idle; /* until the bucket is empty */
} ngx_http_usage_need_t;


static void ngx_http_usage_pace_tempo(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_tempo_t *tempo);
static void ngx_http_usage_pace_need(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, ngx_uint_t calls, ngx_http_usage_need_t *need);
static uint64_t ngx_http_usage_pace_left(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_pace_needs(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_need_t *need, ngx_str_t *retry_after);
static uint64_t ngx_http_usage_pace_own(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, uint64_t now);
static void ngx_http_usage_pace_give_back(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api);
static void ngx_http_usage_pace_release(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_pace_wake(ngx_event_t *ev);


ngx_int_t
ngx_http_usage_pace_init(ngx_http_usage_ctx_t *ctx)
{
    u_char                  key[NGX_HTTP_USAGE_KEY_LEN];
    ngx_int_t               rc;
    ngx_uint_t              api;
    ngx_http_usage_pace_t  *pace;

    pace = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_pace_t));
    if (pace == NULL) {
        return NGX_ERROR;
    }

    ctx->pace = pace;

    if (ctx->conf->rate == NULL) {
        return NGX_OK;
    }

    /* the salt makes one zone's keys useless in another */

    rc = ngx_http_usage_key(ctx, NGX_HTTP_USAGE_SCOPE_QUOTA, NULL,
                            ngx_http_usage_rate_salt(ctx->conf->rate), key);

    if (rc == NGX_DECLINED) {
        return NGX_OK; /* there is no credential, so there is no quota */
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    pace->rate = ctx->conf->rate;

    for (api = 0; api < USAGE_CALL_APIS; api++) {
        ngx_memcpy(pace->keys[api], key, sizeof(pace->keys[api]));
        pace->keys[api][0] ^= api;
    }

    pace->timer.handler = ngx_http_usage_pace_wake;
    pace->timer.data = ctx;
    pace->timer.log = ctx->request->connection->log;

    return ngx_http_usage_turn_open(ctx);
}


/*
 * The tempo of this gateway's own buckets.
 */

static void
ngx_http_usage_pace_tempo(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_tempo_t *tempo)
{
    uint64_t                lost;
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;
    lost = pace->turn ? ngx_http_usage_rate_lost(pace->rate) : 0;

    if (lost) {
        ngx_http_usage_tempo_alone(pace->rate, ctx->conf->share->gateways,
                                   lost, tempo);

    } else {
        ngx_http_usage_tempo(pace->rate, tempo);
    }
}


static void
ngx_http_usage_pace_need(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_uint_t calls, ngx_http_usage_need_t *need)
{
    uint64_t                now, *key;
    ngx_log_t              *log;
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;
    log = ctx->request->connection->log;
    now = ngx_http_usage_rate_now();

    key = pace->keys[api];
    ngx_http_usage_pace_tempo(ctx, &need->tempo);

    need->calls = calls;
    need->all = pace->calls[api] + calls;
    need->wait = ngx_http_usage_rate_ahead(pace->rate, &need->tempo, key, now,
                                           calls, log)
                 - now;
    need->idle = ngx_http_usage_rate_ahead(pace->rate, &need->tempo, key, now,
                                           0, log)
                 - now;
}


/*
 * Returns the microseconds until the end of usage_timeout.
 */

static uint64_t
ngx_http_usage_pace_left(ngx_http_usage_ctx_t *ctx)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (ctx->inbound.deadline - ngx_current_msec);

    return left > 0 ? (uint64_t) left * 1000 : 0;
}


ngx_int_t
ngx_http_usage_pace_check(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_uint_t calls, ngx_str_t *retry_after)
{
    ngx_http_usage_need_t  need;

    if (calls == 0) {
        return NGX_OK;
    }

    ngx_http_usage_pace_need(ctx, api, calls, &need);

    return need.wait > ngx_http_usage_pace_left(ctx)
           ? ngx_http_usage_pace_needs(ctx, &need, retry_after) : NGX_OK;
}


ngx_int_t
ngx_http_usage_pace_refuse(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_uint_t calls, ngx_str_t *retry_after)
{
    ngx_http_usage_need_t  need;

    ngx_http_usage_pace_need(ctx, api, calls, &need);

    return ngx_http_usage_pace_needs(ctx, &need, retry_after);
}


/*
 * Writes the error, and after how many seconds the client may try again.  Then
 * the request has all of usage_timeout, and has to make all of its calls.
 */

static ngx_int_t
ngx_http_usage_pace_needs(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_need_t *need, ngx_str_t *retry_after)
{
    u_char                 *p;
    uint64_t                alone, allowed, wait, burst;
    ngx_http_usage_rate_t  *rate;

    rate = ctx->pace->rate;

    ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_PACE_REFUSALS, 1);

    burst = ngx_min(need->all, need->tempo.ahead / need->tempo.interval + 1);
    alone = (need->all - burst) * need->tempo.interval;
    allowed = (uint64_t) ctx->conf->timeout * 1000;

    wait = need->idle + alone + NGX_HTTP_USAGE_PACE_REPLY * 1000;
    wait = wait > allowed ? wait - allowed : 0;
    wait = ngx_min(wait, need->idle);
    wait = ngx_max((wait + 999999) / 1000000, 1);

    (void) usage_error(&ctx->error, NGX_HTTP_TOO_MANY_REQUESTS,
                       "usage_rate: at %.*s the call takes at least %lu "
                       "upstream calls and %lu s, %lu of them and %lu s from "
                       "now on; usage_timeout is %lu ms%s",
                       (int) rate->text.len, rate->text.data,
                       (unsigned long) need->all,
                       (unsigned long) ((alone + 999999) / 1000000),
                       (unsigned long) need->calls,
                       (unsigned long) ((need->wait + 999999) / 1000000),
                       (unsigned long) ctx->conf->timeout,
                       alone <= allowed ? ", which suffices after Retry-After"
                                        : ": waiting does not help; fewer "
                                          "days or desktops, a longer "
                                          "usage_timeout, or usage_store do");

    p = ngx_pnalloc(ctx->request->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    retry_after->data = p;

    if (alone > allowed) {
        return NGX_DECLINED; /* empty: waiting doesn't help */
    }

    retry_after->len = ngx_sprintf(p, "%uL", wait) - p;

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_usage_pace_hold(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    uint64_t                now, time, again;
    ngx_int_t               rc;
    usage_call_api_t        api;
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;
    api = fetch->call.api;

    if (pace->rate == NULL) {
        return NGX_OK;
    }

    now = ngx_http_usage_rate_now();
    time = 0;
    again = 0;

    rc = pace->turn ? ngx_http_usage_turn(ctx, api, &time) : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        again = time;
        time = ngx_http_usage_pace_own(ctx, api, now);
        rc = time == 0 ? NGX_OK : NGX_AGAIN;

    } else {
        ngx_http_usage_pace_give_back(ctx, api);
    }

    if (rc == NGX_OK) {
        pace->reserved = 0;
        ngx_http_usage_pace_release(ctx);
        pace->calls[api]++;
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (pace->held == NULL) {
        pace->held = fetch;
        pace->held_since = ngx_current_msec;
        ngx_http_usage_wait_begin(ctx);
    }

    if (time > now && time - now > ngx_http_usage_pace_left(ctx)) {
        ngx_http_usage_pace_end(ctx);
        return NGX_DECLINED;
    }

    if (again && again < time) {
        time = again;
    }

    if (time) {
        time = ngx_max(time, now);
        ngx_add_timer(&pace->timer, (ngx_msec_t) ((time - now + 999) / 1000));
    }

    return NGX_AGAIN;
}


/*
 * Returns when a call may start at this gateway's own pace; 0: it is counted as
 * started, now.
 */

static uint64_t
ngx_http_usage_pace_own(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t now)
{
    uint64_t                 time, *key;
    ngx_log_t               *log;
    ngx_http_usage_pace_t   *pace;
    ngx_http_usage_tempo_t   tempo;

    pace = ctx->pace;
    log = ctx->request->connection->log;

    key = pace->keys[api];
    ngx_http_usage_pace_tempo(ctx, &tempo);

    time = pace->reserved ? pace->slot.time
                          : ngx_http_usage_rate_reserve(pace->rate, &tempo,
                                                        key, &pace->slot, log);
    pace->reserved = 1;

    if (time <= now) {
        time = ngx_http_usage_rate_start(pace->rate, &tempo, key, log);
    }

    pace->slot.time = time;

    return time;
}


/*
 * Gives back what is reserved of this gateway's own pace.
 */

static void
ngx_http_usage_pace_give_back(ngx_http_usage_ctx_t *ctx, usage_call_api_t api)
{
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;

    if (pace->reserved) {
        pace->reserved = 0;
        ngx_http_usage_rate_return(pace->rate, pace->keys[api], &pace->slot,
                                   ctx->request->connection->log);
    }
}


static void
ngx_http_usage_pace_release(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;

    if (pace->held == NULL) {
        return;
    }

    pace->held = NULL;

    ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_PACE_WAITS, 1);
    ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_PACE_WAIT_MS,
                         ngx_current_msec - pace->held_since);

    ngx_http_usage_wait_end(ctx);

    if (pace->timer.timer_set) {
        ngx_del_timer(&pace->timer);
    }
}


static void
ngx_http_usage_pace_wake(ngx_event_t *ev)
{
    ngx_http_usage_wake(ev->data);
}


void
ngx_http_usage_pace_push(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_msec_t delay)
{
    uint64_t                 us;
    ngx_http_usage_tempo_t   tempo;

    if (ctx->pace->rate == NULL) {
        return;
    }

    us = (uint64_t) ngx_min(delay, NGX_HTTP_USAGE_RATE_PUSH) * 1000;

    ngx_http_usage_pace_tempo(ctx, &tempo);
    ngx_http_usage_rate_push(ctx->pace->rate, &tempo, ctx->pace->keys[api], us,
                             ctx->request->connection->log);

    if (ctx->pace->turn) {
        ngx_http_usage_turn_push(ctx, api, us);
    }
}


void
ngx_http_usage_pace_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_pace_t  *pace;

    pace = ctx->pace;

    if (pace && pace->held) {
        ngx_http_usage_pace_give_back(ctx, pace->held->call.api);
        ngx_http_usage_pace_release(ctx);
    }
}


void
ngx_http_usage_wait_begin(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->pace->waiting++ == 0) {
        ctx->pace->since = ngx_current_msec;
    }
}


void
ngx_http_usage_wait_end(ngx_http_usage_ctx_t *ctx)
{
    if (--ctx->pace->waiting == 0) {
        ctx->pace->waited += ngx_current_msec - ctx->pace->since;
    }
}


ngx_msec_t
ngx_http_usage_waited(ngx_http_usage_ctx_t *ctx)
{
    ngx_msec_t  waited;

    if (ctx->pace == NULL) {
        return 0;
    }

    waited = ctx->pace->waited;

    if (ctx->pace->waiting) {
        waited += ngx_current_msec - ctx->pace->since;
    }

    return waited;
}
