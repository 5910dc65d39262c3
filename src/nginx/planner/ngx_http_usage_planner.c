/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which upstream calls a request takes.
 *
 * Without the day store, the core's plan for the request says it.  With it, the
 * store is looked into first.  What it lacks is planned, one run of days after
 * the other; what the directory has to tell is planned, too; and if another
 * request fetches the days already, this one follows it, and looks again until
 * they are there.  Each time that a plan is done, what it got fills the store,
 * and the store is looked into once more.
 *
 * If gateways share their days in Redis, the missing ones are looked for there, and
 * brought into the store, before anything is planned; and a request may follow one
 * of another gateway.
 *
 * Nobody is answered from the store who hasn't shown a right to it in this very
 * request: if no statistics had to be fetched, the authorization probe is.
 */

#include "planner/ngx_http_usage_planner.h"
#include "planner/ngx_http_usage_shared.h"
#include "store/ngx_http_usage_store.h"


/* milliseconds until a follower looks again for what it waits for */
#define NGX_HTTP_USAGE_POLL  20


static ngx_int_t ngx_http_usage_planner_missing(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_fetch(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_run(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_follow(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_wait(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_planner_prove(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_planner_poll(ngx_event_t *ev);
static void ngx_http_usage_planner_go(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_look_up(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_found(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_planner_plan(ngx_http_usage_ctx_t *ctx,
    usage_request_t *request, ngx_http_usage_step_t step);


#if (NGX_DEBUG)

static const char  *ngx_http_usage_steps[] = {
    "the request, without the store",
    "the request",
    "missing days",
    "a look-up in the directory"
};

#endif


ngx_int_t
ngx_http_usage_planner_start(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_http_usage_planner_t  *planner;

    planner = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_planner_t));

    if (planner == NULL) {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    ctx->planner = planner;

    planner->upstream.connections = ctx->conf->connections;
    planner->upstream.lookback = ctx->conf->lookback;
    planner->upstream.resource_id = ctx->conf->resource_id;
    planner->upstream.domain = (usage_filter_t) ctx->caller.domain;
    planner->upstream.enterprise_project = ctx->inbound.enterprise_project;
    planner->upstream.monitoring = ctx->conf->monitoring;
    planner->upstream.records_memory = ctx->conf->retention_records;
    planner->upstream.with_seconds = ctx->conf->with_seconds;
    planner->upstream.tolerance.share = (double) ctx->conf->tolerance_share
                                        / NGX_HTTP_USAGE_SHARE_ALL;
    planner->upstream.tolerance.seconds_per_day = ctx->conf->tolerance_time;

    rc = ngx_http_usage_lookup_open(ctx);

    if (rc == NGX_DECLINED) {
        return ngx_http_usage_planner_plan(ctx, &ctx->inbound.request,
                                           NGX_HTTP_USAGE_PLAIN);
    }

    if (rc == NGX_OK
        && usage_auth_init(&planner->auth, ctx->inbound.request.first
                                           + ctx->lookup->past - 1,
                           ctx->inbound.enterprise_project, &ctx->pool)
           != USAGE_OK)
    {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    return rc == NGX_OK ? ngx_http_usage_planner_proceed(ctx) : NGX_ERROR;
}


ngx_int_t
ngx_http_usage_planner_proceed(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_usage_store_find(ctx);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_usage_planner_missing(ctx);

        if (rc == NGX_AGAIN) {
            return ngx_http_usage_planner_wait(ctx);
        }

        if (rc == NGX_DECLINED) {
            return ngx_http_usage_planner_plan(ctx, &ctx->inbound.request,
                                               NGX_HTTP_USAGE_PLAIN);
        }

        /* who fetched until now may have stored it meanwhile */

        rc = rc == NGX_OK ? ngx_http_usage_store_find(ctx) : NGX_ERROR;
    }

    switch (rc) {

    case NGX_OK:
        return ngx_http_usage_planner_found(ctx);

    case NGX_AGAIN:
        return ngx_http_usage_planner_look_up(ctx);

    case NGX_DECLINED:
        return ngx_http_usage_planner_fetch(ctx);

    default: /* NGX_ERROR */
        if (ctx->error.status == 0) {
            (void) usage_no_memory(&ctx->pool, &ctx->error);
        }

        return NGX_ERROR;
    }
}


/*
 * Another request fetches, here or at another gateway, or it isn't known yet
 * whether one does.  The caller's own right is found out meanwhile.
 */

static ngx_int_t
ngx_http_usage_planner_wait(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;
    planner->waits = 1;

    if (planner->poll.timer_set
        || (planner->shared
            && planner->shared->lock == NGX_HTTP_USAGE_LOCK_OTHERS))
    {
        ngx_http_usage_planner_prove(ctx);
    }

    return NGX_AGAIN;
}


/*
 * Days are missing.  NGX_OK: the request is to fetch them.  NGX_AGAIN: they may
 * come from elsewhere.  NGX_DECLINED: the store has no room for them.
 */

static ngx_int_t
ngx_http_usage_planner_missing(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                  rc;
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (!ctx->lookup->leads) {
        rc = ngx_http_usage_planner_flight(ctx);

        if (rc == NGX_AGAIN) {

            /* who leads here may wait for the lock that this request took */

            ngx_http_usage_planner_leave(ctx);

            return ngx_http_usage_planner_follow(ctx);
        }

        if (rc == NGX_DECLINED) {
            return NGX_DECLINED;
        }
    }

    if (ctx->conf->share == NULL) {
        return NGX_OK;
    }

    if (planner->shared == NULL
        && ngx_http_usage_shared_open(ctx, ngx_http_usage_planner_go)
           != NGX_OK)
    {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the names of shared days could not be made");
        return NGX_ERROR;
    }

    rc = ngx_http_usage_shared_read(ctx);

    return rc == NGX_DECLINED ? ngx_http_usage_shared_lead(ctx) : rc;
}


ngx_int_t
ngx_http_usage_planner_flight(ngx_http_usage_ctx_t *ctx)
{
    int32_t                   first;
    ngx_http_usage_lookup_t  *lookup;

    lookup = ctx->lookup;
    first = (int32_t) ctx->inbound.request.first;

    return ngx_http_usage_flight_take(ctx, first + lookup->cover.missing_first,
                                      first + lookup->past - 1);
}


static ngx_int_t
ngx_http_usage_planner_fetch(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_lookup_t   *lookup;
    ngx_http_usage_planner_t  *planner;

    lookup = ctx->lookup;
    planner = ctx->planner;

    if ((lookup->cover.missing_first == 0
         && lookup->cover.missing_last == lookup->past - 1)
        || usage_request_counts(&ctx->inbound.request))
    {
        return ngx_http_usage_planner_plan(ctx, &ctx->inbound.request,
                                           NGX_HTTP_USAGE_WHOLE);
    }

    if (lookup->unplaced
        || (planner->step == NGX_HTTP_USAGE_RUN
            && lookup->cover.missing_first <= planner->run_last))
    {
        /* what was fetched is not there */

        return ngx_http_usage_planner_plan(ctx, &ctx->inbound.request,
                                           NGX_HTTP_USAGE_PLAIN);
    }

    return ngx_http_usage_planner_run(ctx);
}


/*
 * The missing days next to each other are fetched as if the request were for
 * them.
 */

static ngx_int_t
ngx_http_usage_planner_run(ngx_http_usage_ctx_t *ctx)
{
    usage_cover_t             *cover;
    usage_request_t           *part;
    ngx_http_usage_planner_t  *planner;

    cover = &ctx->lookup->cover;
    planner = ctx->planner;
    part = &planner->part;

    planner->run_last = cover->missing_last;
    planner->fetched += cover->missing_last - cover->missing_first + 1;

    *part = ctx->inbound.request;
    part->last = part->first + (usage_day_t) cover->missing_last;
    part->first += (usage_day_t) cover->missing_first;
    part->offset = 0;
    part->limit = USAGE_LIMIT_MAX;

    return ngx_http_usage_planner_plan(ctx, part, NGX_HTTP_USAGE_RUN);
}


/*
 * Another request fetches what is needed.
 */

static ngx_int_t
ngx_http_usage_planner_follow(ngx_http_usage_ctx_t *ctx)
{
    ngx_event_t  *poll;

    poll = &ctx->planner->poll;

    if (poll->handler == NULL) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                       "usage follows another request, which fetches");

        poll->handler = ngx_http_usage_planner_poll;
        poll->data = ctx;
        poll->log = ctx->request->connection->log;
    }

    ngx_add_timer(poll, NGX_HTTP_USAGE_POLL);

    return NGX_AGAIN;
}


/*
 * Has the caller's own right to statistics found out, unless it is known.
 */

static void
ngx_http_usage_planner_prove(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (!ctx->caller.allowed && !planner->auth_waiting) {
        planner->auth_wanted = 1;
    }
}


static void
ngx_http_usage_planner_poll(ngx_event_t *ev)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;

    ngx_http_set_log_request(ctx->request->connection->log, ctx->request);

    ngx_http_usage_planner_go(ctx);
}


/*
 * What the request waits for may be in the store by now.
 */

static void
ngx_http_usage_planner_go(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_http_usage_planner_proceed(ctx) != NGX_AGAIN) {
        ctx->planner->waits = 0;
        ngx_http_usage_wake(ctx);
    }
}


/*
 * Which of the desktops that no window shows does the directory know?  It is
 * asked as for a request that has no days.
 */

static ngx_int_t
ngx_http_usage_planner_look_up(ngx_http_usage_ctx_t *ctx)
{
    usage_request_t  *part;

    part = &ctx->planner->part;

    *part = ctx->inbound.request;
    part->desktop_ids = ctx->lookup->cover.unlisted;
    part->desktops = ctx->lookup->cover.unlisted_count;
    part->first = usage_day_of(ngx_time()) + 1;
    part->last = part->first;
    part->offset = 0;
    part->limit = USAGE_LIMIT_MAX;

    return ngx_http_usage_planner_plan(ctx, part, NGX_HTTP_USAGE_LOOK_UP);
}


static ngx_int_t
ngx_http_usage_planner_found(ngx_http_usage_ctx_t *ctx)
{
    ctx->planner->ready = 1;
    ctx->answer.stored = ctx->lookup->past - ctx->planner->fetched;
    ctx->answer.elements = ctx->lookup->past;

    /* if no statistics were asked for, the caller may not see them by now */

    ngx_http_usage_planner_prove(ctx);

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_planner_plan(ngx_http_usage_ctx_t *ctx, usage_request_t *request,
    ngx_http_usage_step_t step)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;
    planner->step = step;
    planner->stored = 0;
    planner->kept = ngx_current_msec;
    planner->filled = 0;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "usage plan for %s: %ui days, %uz desktop_ids",
                   ngx_http_usage_steps[step],
                   (ngx_uint_t) usage_request_days(request),
                   request->desktops);

    if (usage_plan_start(&planner->plan, request, &planner->upstream,
                         &ctx->pool, ngx_time(), &ctx->error)
        != USAGE_OK)
    {
        return NGX_ERROR;
    }

    if (step != NGX_HTTP_USAGE_WHOLE && step != NGX_HTTP_USAGE_RUN) {
        return NGX_OK;
    }

    usage_plan_fill_cache(&planner->plan);

    if (ngx_http_usage_store_resume(ctx, &planner->plan) != NGX_OK) {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    return NGX_OK;
}
