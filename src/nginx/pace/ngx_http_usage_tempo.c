/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The tempo of a rate: how far apart calls are.  In: a rate, and how many
 * gateways share it.  Out: the interval between calls, the burst, and the time
 * before which no call may start.
 *
 * A rate that isn't shared has one tempo, M and T of ngx_http_usage_gcra.c.  One
 * that is shared has that in Redis, and another one as long as Redis doesn't
 * answer.  Each of n gateways is alone then, and makes c = rate / n calls in a
 * window, rounded down, without a burst:
 *
 *     T' = (W + M) / c.
 *
 * By the proof in ngx_http_usage_gcra.c, each starts at most c calls in a window,
 * and all of them at most n c <= rate.
 *
 * Between the two there is a pause, P, in which nobody starts a call.  Assume
 * that a window has calls of both kinds: shared ones in its part w, and calls of
 * gateways that are alone in its part w', with w + w' <= W - P.  The shared ones
 * are at most
 *
 *     burst + (w + S) (rate - burst + 1) / (W + M) <= burst + (w + S) q
 *
 * with q = rate / (W + M), and those of n gateways alone at most
 *
 *     n + (w' + S) n c / (W + M) <= n + (w' + S) q.
 *
 * As 2 S = M, the sum is at most burst + n + (W + M - P) q.  That is the rate, or
 * less, if P >= (burst + n) / q.
 *
 * When a gateway finds that Redis doesn't answer, others may still start calls
 * that they reserved before, and when one finds that Redis is back, others may
 * not know that yet.  Neither lasts longer than the horizon H: Redis gives no
 * slot further ahead, and who is alone asks it again in less time, or else
 * begins with the pause anew.  So
 *
 *     P = H + S + (burst + n) / q.
 *
 * If Redis has forgotten what was reserved, the calls before and afterwards are
 * those of two buckets, the second of which starts with no burst.  The same pause
 * suffices, with 1 in place of n.
 *
 * A slot is counted from when Redis' reply has come, and may be used for M / 4.
 * So S covers a reply that takes another M / 4: 250 ms for a rate per minute, as
 * the timeout of usage_share.
 *
 * All of this holds if Redis answers all gateways or none.  If it answers only
 * some of them, those have the whole rate, and each other one its part of it.
 */

#include "pace/ngx_http_usage_pace.h"


/* M for a window of a minute and of a second, in microseconds */
#define NGX_HTTP_USAGE_RATE_MINUTE_MARGIN  1000000
#define NGX_HTTP_USAGE_RATE_SECOND_MARGIN  100000


void
ngx_http_usage_rate_compute(ngx_http_usage_rate_t *rate)
{
    ngx_uint_t  n;

    if (rate->burst == 0) {
        rate->burst = ngx_max(rate->calls / 10, 1);
    }

    n = rate->calls - rate->burst + 1;

    rate->margin = rate->window == NGX_HTTP_USAGE_RATE_MINUTE
                       ? NGX_HTTP_USAGE_RATE_MINUTE_MARGIN
                       : NGX_HTTP_USAGE_RATE_SECOND_MARGIN;

    rate->interval = (rate->window + rate->margin + n - 1) / n;
}


void
ngx_http_usage_tempo(ngx_http_usage_rate_t *rate, ngx_http_usage_tempo_t *tempo)
{
    tempo->interval = rate->interval;
    tempo->ahead = (rate->burst - 1) * rate->interval;
    tempo->from = 0;
}


void
ngx_http_usage_tempo_alone(ngx_http_usage_rate_t *rate, ngx_uint_t gateways,
    uint64_t lost, ngx_http_usage_tempo_t *tempo)
{
    ngx_uint_t  calls;

    calls = rate->calls / gateways;

    tempo->interval = (rate->window + rate->margin + calls - 1) / calls;
    tempo->ahead = 0;
    tempo->from = lost + ngx_http_usage_tempo_pause(rate, gateways);
}


uint64_t
ngx_http_usage_tempo_pause(ngx_http_usage_rate_t *rate, ngx_uint_t gateways)
{
    uint64_t  calls;

    calls = rate->burst + gateways;

    return NGX_HTTP_USAGE_RATE_HORIZON + rate->margin / 2
           + (calls * (rate->window + rate->margin) + rate->calls - 1)
             / rate->calls;
}
