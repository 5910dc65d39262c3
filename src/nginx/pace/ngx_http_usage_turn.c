/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The pace that gateways keep together.  In: a call that wants to start.  Out: if
 * its turn has come, or when to try again.
 *
 * Each call asks Redis for a slot: one script there has the whole algorithm, and
 * its clock is the only one that counts.  A gateway hears how long it is until
 * the slot, and starts the call no earlier than that after the reply came, nor
 * much later: otherwise the slot is lost, and Redis is asked for another one.
 *
 * The gateway tells Redis what it last knew, so that a Redis that comes back
 * empty goes on from there.  If Redis doesn't answer, the gateway is alone, at
 * its part of the rate (ngx_http_usage_tempo.c), and asks again now and then.
 */

#include "pace/ngx_http_usage_pace.h"
#include "share/ngx_http_usage_share.h"

#include "share/usage_pace_script.h"

#include <openssl/rand.h>


struct ngx_http_usage_turn_s {
    u_char                           key[NGX_HTTP_USAGE_KEY_LEN]; /* caller's */
    char                             buckets[USAGE_CALL_APIS][USAGE_SEAL_NAME];
    ngx_uint_t                       named;    /* bits: APIs with a bucket */
    ngx_http_usage_op_t             *op;       /* that asks; NULL: none */
    usage_call_api_t                 api;      /* that was asked for last */
    uint64_t                         asked;    /* times, in microseconds */
    uint64_t                         slot;
    uint64_t                         last;     /* at which it may be used */
    uint64_t                         again;    /* at which to ask again */
    unsigned                         granted:1;
    unsigned                         alone:1;
    unsigned                         penalized:1;
};


static ngx_int_t ngx_http_usage_turn_name(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api);
static ngx_int_t ngx_http_usage_turn_ask(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api);
static ngx_int_t ngx_http_usage_turn_command(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api, uint64_t hold, usage_str_t *command);
static void ngx_http_usage_turn_answered(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);
static ngx_int_t ngx_http_usage_turn_read(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op, usage_pace_grant_t *grant);
static void ngx_http_usage_turn_pushed(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);


ngx_int_t
ngx_http_usage_turn_open(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_turn_t  *turn;

    if (ctx->conf->share == NULL || !ctx->pace->rate->shared) {
        return NGX_OK;
    }

    turn = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_turn_t));

    if (turn == NULL
        || ngx_http_usage_key(ctx, NGX_HTTP_USAGE_SCOPE_QUOTA, NULL,
                              ctx->conf->share->seal.names, turn->key)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->pace->turn = turn;

    return NGX_OK;
}


/*
 * Makes the name of an API's bucket, once.
 */

static ngx_int_t
ngx_http_usage_turn_name(ngx_http_usage_ctx_t *ctx, usage_call_api_t api)
{
    char                    number;
    usage_str_t             parts[3];
    ngx_http_usage_turn_t  *turn;

    turn = ctx->pace->turn;

    if (turn->named & (1u << api)) {
        return NGX_OK;
    }

    number = (char) api;

    parts[0].data = (char *) turn->key;
    parts[0].len = NGX_HTTP_USAGE_KEY_LEN;
    parts[1].data = (char *) ctx->pace->rate->name.data;
    parts[1].len = ctx->pace->rate->name.len;
    parts[2].data = &number;
    parts[2].len = 1;

    if (usage_seal_name(&ctx->conf->share->seal, "pace", parts, 3,
                        turn->buckets[api])
        != USAGE_OK)
    {
        return NGX_ERROR;
    }

    turn->named |= 1u << api;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_turn(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t *time)
{
    uint64_t                now;
    ngx_http_usage_turn_t  *turn;

    turn = ctx->pace->turn;
    now = ngx_http_usage_rate_now();

    if (turn->alone
        && (ngx_http_usage_rate_lost(ctx->pace->rate) == 0
            || now > turn->again + NGX_HTTP_USAGE_RATE_HORIZON))
    {
        /*
         * Another request has found that Redis is back, or this one hasn't
         * asked for long.
         */

        turn->alone = 0;
        turn->again = 0;
    }

    if (turn->op == NULL && turn->granted && turn->api == api) {

        if (now < turn->slot) {
            *time = turn->slot;
            return NGX_AGAIN;
        }

        turn->granted = 0;

        if (now <= turn->last) {
            return NGX_OK;
        }
    }

    *time = turn->op ? 0 : turn->again;

    if (turn->op == NULL && now >= turn->again) {
        *time = 0;

        if (ngx_http_usage_turn_ask(ctx, api) != NGX_OK) {
            (void) usage_no_memory(&ctx->pool, &ctx->error);
            return NGX_ERROR;
        }
    }

    return turn->alone ? NGX_DECLINED : NGX_AGAIN;
}


static ngx_int_t
ngx_http_usage_turn_ask(ngx_http_usage_ctx_t *ctx, usage_call_api_t api)
{
    usage_str_t             command;
    ngx_http_usage_turn_t  *turn;

    turn = ctx->pace->turn;

    turn->api = api;
    turn->granted = 0;
    turn->asked = ngx_http_usage_rate_now();
    turn->penalized = ngx_http_usage_rate_lost(ctx->pace->rate) != 0;

    if (ngx_http_usage_turn_command(ctx, api, 0, &command) != NGX_OK) {
        return NGX_ERROR;
    }

    turn->op = ngx_http_usage_share_start(ctx, NGX_HTTP_USAGE_SHARE_PACE,
                                          command,
                                          ngx_http_usage_turn_answered, NULL);

    return turn->op ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_usage_turn_command(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t hold, usage_str_t *command)
{
    u_char                   random[NGX_HTTP_USAGE_RATE_FRESH / 2];
    u_char                   fresh[NGX_HTTP_USAGE_RATE_FRESH];
    u_char                   born[NGX_HTTP_USAGE_RATE_BORN];
    uint64_t                 now, pause;
    usage_pace_ask_t         ask;
    ngx_http_usage_turn_t   *turn;
    ngx_http_usage_rate_t   *rate;
    ngx_http_usage_tempo_t   tempo;

    turn = ctx->pace->turn;
    rate = ctx->pace->rate;

    if (RAND_bytes(random, sizeof(random)) != 1
        || ngx_http_usage_turn_name(ctx, api) != NGX_OK)
    {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(fresh, random, sizeof(random));
    ngx_http_usage_rate_born(rate, born);

    now = ngx_http_usage_rate_now();
    pause = ngx_http_usage_tempo_pause(rate, ctx->conf->share->gateways);

    ngx_http_usage_tempo(rate, &tempo);

    ngx_memzero(&ask, sizeof(usage_pace_ask_t));

    ask.interval = tempo.interval;
    ask.burst = tempo.ahead;
    ask.horizon = NGX_HTTP_USAGE_RATE_HORIZON;
    ask.carry = ngx_http_usage_rate_ahead(rate, &tempo,
                                          ctx->pace->keys[api], now, 0,
                                          ctx->request->connection->log)
                - now;
    ask.penalty = tempo.ahead + pause;
    ask.hold = hold;
    ask.keep = 2 * rate->window + pause;
    ask.born.data = (char *) born;
    ask.born.len = born[0] ? NGX_HTTP_USAGE_RATE_BORN : 0;
    ask.fresh.data = (char *) fresh;
    ask.fresh.len = NGX_HTTP_USAGE_RATE_FRESH;
    ask.penalize = turn->penalized;

    return usage_pace_command(&ask, turn->buckets[api], ctx->conf->share->born,
                              &ctx->pool, command)
           == USAGE_OK
           ? NGX_OK : NGX_ERROR;
}


/*
 * Takes what Redis says.  The request goes on afterwards.
 */

static void
ngx_http_usage_turn_answered(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op)
{
    uint64_t                now, alone;
    usage_pace_grant_t      grant;
    ngx_http_usage_turn_t  *turn;
    ngx_http_usage_rate_t  *rate;

    turn = ctx->pace->turn;
    rate = ctx->pace->rate;
    now = ngx_http_usage_rate_now();

    turn->op = NULL;

    if (ngx_http_usage_turn_read(ctx, op, &grant) != NGX_OK) {
        alone = ngx_http_usage_rate_lose(rate);
        ngx_http_usage_share_degraded(ctx, (ngx_msec_t) (alone / 1000));
        turn->alone = 1;
        turn->again = now + NGX_HTTP_USAGE_RATE_AGAIN * 1000;
        return;
    }

    if (turn->penalized) {
        alone = ngx_http_usage_rate_regain(rate);
        ngx_http_usage_share_degraded(ctx, (ngx_msec_t) (alone / 1000));
    }

    ngx_http_usage_rate_set_born(rate, (u_char *) grant.born.data);

    /* the reply's way here isn't part of what the bucket has ahead */

    ngx_http_usage_rate_learn(rate, ctx->pace->keys[turn->api],
                              turn->asked + grant.next,
                              ctx->request->connection->log);

    turn->alone = 0;
    turn->granted = grant.granted;
    turn->slot = now + grant.wait;
    turn->last = turn->slot + rate->margin / 4;
    turn->again = grant.granted ? 0 : now + grant.wait;
}


static ngx_int_t
ngx_http_usage_turn_read(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op,
    usage_pace_grant_t *grant)
{
    ngx_time_t  *tp;

    if (op->outcome != NGX_HTTP_USAGE_SHARE_DONE) {
        return NGX_ERROR;
    }

    if (op->resp.kind != USAGE_RESP_BULK
        || usage_pace_reply(op->resp.text, grant) != USAGE_OK
        || grant->born.len != NGX_HTTP_USAGE_RATE_BORN)
    {
        ngx_http_usage_share_rejected(ctx, "a slot of usage_rate");
        return NGX_ERROR;
    }

    tp = ngx_timeofday();

    ngx_http_usage_share_clock(ctx, grant->time
                                    - ((int64_t) tp->sec * 1000 + tp->msec)
                                      * 1000);

    return NGX_OK;
}


void
ngx_http_usage_turn_push(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    uint64_t delay)
{
    usage_str_t  command;

    /* if it can't be told, the other gateways will be refused, too */

    if (ngx_http_usage_turn_command(ctx, api, delay, &command) == NGX_OK) {
        (void) ngx_http_usage_share_start(ctx, NGX_HTTP_USAGE_SHARE_HOLD,
                                          command, ngx_http_usage_turn_pushed,
                                          NULL);
    }
}


static void
ngx_http_usage_turn_pushed(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op)
{
    /* void */
}
