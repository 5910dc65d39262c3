/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Another try of a call that the upstream refused for a while, with 429 or 503.
 */

#include "base/ngx_http_usage_metrics.h"
#include "call/ngx_http_usage_call.h"
#include "pace/ngx_http_usage_pace.h"

#include "base/usage_period.h"


/* milliseconds: the first wait if the upstream names none; it doubles with
 * each try, and varies by a quarter up or down */
#define NGX_HTTP_USAGE_RETRY_WAIT  1000


static void ngx_http_usage_retry_period(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static ngx_msec_t ngx_http_usage_retry_delay(ngx_http_usage_fetch_t *fetch);
static time_t ngx_http_usage_retry_after(ngx_str_t *value);
static void ngx_http_usage_retry_due(ngx_event_t *ev);


ngx_int_t
ngx_http_usage_retry(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch)
{
    ngx_log_t  *log;
    ngx_msec_t  delay;

    /* what the operator's location answers itself is meant to be told */

    if (fetch->own || fetch->request->upstream == NULL
        || (fetch->status != NGX_HTTP_TOO_MANY_REQUESTS
            && fetch->status != NGX_HTTP_SERVICE_UNAVAILABLE))
    {
        return NGX_DECLINED;
    }

    log = ctx->request->connection->log;
    ngx_http_usage_retry_period(ctx, fetch);
    delay = ngx_http_usage_retry_delay(fetch);

    if (fetch->status == NGX_HTTP_TOO_MANY_REQUESTS) {
        ngx_http_usage_pace_push(ctx, fetch->call.api, delay);
    }

    if (fetch->tries >= (ngx_uint_t) ctx->conf->retries
        || (ngx_msec_int_t) (ctx->inbound.deadline - ngx_current_msec)
           <= (ngx_msec_int_t) delay)
    {
        return NGX_DECLINED;
    }

    fetch->tries++;
    fetch->waits = 1;

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "usage: the upstream answered %ui, it is asked again in "
                  "%M ms, %ui of %i times; upstream call: %V", fetch->status,
                  delay, fetch->tries, ctx->conf->retries,
                  &fetch->request->unparsed_uri);

    ngx_http_usage_wait_begin(ctx);

    fetch->timer.handler = ngx_http_usage_retry_due;
    fetch->timer.data = fetch;
    fetch->timer.log = log;
    ngx_add_timer(&fetch->timer, delay);

    return NGX_OK;
}


/*
 * If a 429 has no Retry-After, the period that its error_msg names counts as
 * one.
 */

static void
ngx_http_usage_retry_period(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    u_char       *p;
    ngx_uint_t    seconds;
    usage_str_t   body;

    if (fetch->status != NGX_HTTP_TOO_MANY_REQUESTS
        || fetch->retry_after.len > 0)
    {
        return;
    }

    body.data = (char *) fetch->body.data;
    body.len = fetch->body.len;

    seconds = usage_period(body);

    if (seconds == 0) {
        return;
    }

    p = ngx_pnalloc(ctx->request->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return;
    }

    fetch->retry_after.data = p;
    fetch->retry_after.len = ngx_sprintf(p, "%ui", seconds) - p;
}


static ngx_msec_t
ngx_http_usage_retry_delay(ngx_http_usage_fetch_t *fetch)
{
    time_t      after;
    ngx_msec_t  delay;

    after = ngx_http_usage_retry_after(&fetch->retry_after);

    if (after > 0) {
        return (ngx_msec_t) after * 1000;
    }

    delay = (ngx_msec_t) NGX_HTTP_USAGE_RETRY_WAIT << fetch->tries;

    return delay - delay / 4 + (ngx_msec_t) ngx_random() % (delay / 2);
}


/*
 * The seconds that a Retry-After tells, as a number or as a date, at most a
 * day; 0 if it tells none.
 */

static time_t
ngx_http_usage_retry_after(ngx_str_t *value)
{
    time_t  after;

    if (value->len == 0) {
        return 0;
    }

    after = ngx_atotm(value->data, value->len);

    if (after == NGX_ERROR) {
        after = ngx_parse_http_time(value->data, value->len);

        if (after == NGX_ERROR) {
            return 0;
        }

        after -= ngx_time();
    }

    return ngx_min(after, USAGE_SECONDS_PER_DAY);
}


static void
ngx_http_usage_retry_due(ngx_event_t *ev)
{
    ngx_http_request_t      *r;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ev->data;
    r = fetch->ctx->request;

    ngx_http_set_log_request(r->connection->log, r);

    fetch->waits = 0;
    fetch->due = 1;

    ngx_http_usage_count(r, NGX_HTTP_USAGE_RETRIES, 1);
    ngx_http_usage_wait_end(fetch->ctx);
    ngx_http_usage_wake(fetch->ctx);
}


ngx_http_usage_fetch_t *
ngx_http_usage_retry_next(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {

        if (fetch->due) {
            fetch->due = 0;
            return fetch;
        }
    }

    return NULL;
}


void
ngx_http_usage_retry_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_http_usage_fetch_t  *fetch;

    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {

        if (fetch->waits) {
            fetch->waits = 0;
            ngx_del_timer(&fetch->timer);
            ngx_http_usage_wait_end(ctx);
        }
    }
}
