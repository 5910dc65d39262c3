/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What becomes of a plan.  In: a plan that is done, or whose caller has shown its
 * right just now.  Out: what it got, in the store and at other gateways; the
 * reply's entries, or a look at what is still missing.
 */

#include "planner/ngx_http_usage_planner.h"
#include "base/ngx_http_usage_metrics.h"
#include "planner/ngx_http_usage_shared.h"
#include "store/ngx_http_usage_store.h"


static ngx_int_t ngx_http_usage_planner_fill(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_planner_unmatched(ngx_http_usage_ctx_t *ctx);


ngx_int_t
ngx_http_usage_planner_planned(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (ngx_http_usage_planner_fill(ctx) == NGX_AGAIN) {
        planner->waits = 1;
        return NGX_AGAIN;
    }

    if (planner->step == NGX_HTTP_USAGE_LOOK_UP) {
        ngx_http_usage_lookup_learn(ctx, &planner->plan);
    }

    if (planner->step == NGX_HTTP_USAGE_RUN
        || planner->step == NGX_HTTP_USAGE_LOOK_UP)
    {
        return ngx_http_usage_planner_proceed(ctx);
    }

    planner->ready = 1;

    /* the worker's next requests need not find it out again */

    ctx->conf->with_seconds = usage_plan_with_seconds(&planner->plan);

    ctx->answer.elements = usage_plan_past(&planner->plan);
    ctx->answer.unattributed = usage_plan_unattributed(&planner->plan);

    ngx_http_usage_planner_unmatched(ctx);

    return usage_plan_list(&planner->plan, &ctx->answer.items,
                           &ctx->answer.count, &ctx->answer.total,
                           &ctx->error)
           == USAGE_OK
           ? NGX_OK : NGX_ERROR;
}


/*
 * What the plan got goes into the store, and to other gateways.
 */

static ngx_int_t
ngx_http_usage_planner_fill(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (planner->step == NGX_HTTP_USAGE_PLAIN) {
        return NGX_OK;
    }

    if (!planner->filled) {
        planner->filled = 1;
        planner->written = 0;
        (void) ngx_http_usage_store_fill(ctx, &planner->plan, planner->stored,
                                         1);
    }

    return planner->shared && planner->step != NGX_HTTP_USAGE_LOOK_UP
           ? ngx_http_usage_shared_write(ctx) : NGX_OK;
}


/*
 * translation.md, "By the hour": a record that leads to no desktop is logged.
 */

static void
ngx_http_usage_planner_unmatched(ngx_http_usage_ctx_t *ctx)
{
    char         text[USAGE_SHOWN_MAX];
    size_t       len, count;
    usage_str_t  name;

    count = usage_plan_unmatched(&ctx->planner->plan, &name);

    if (count == 0) {
        return;
    }

    len = usage_show(name, text);

    ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                  "usage: connection records lead to %uz desktops that the "
                  "directory does not know, among them \"%*s\"", count, len,
                  text);
}


/*
 * The plan was started when the caller had shown no right, so nobody follows.
 * That changes now.  If another request fetches the days by now, or did so, the
 * plan is dropped.
 */

ngx_int_t
ngx_http_usage_planner_trusted(ngx_http_usage_ctx_t *ctx)
{
    size_t                     first, last;
    usage_cover_t             *cover;
    ngx_int_t                  rc;
    ngx_uint_t                 api, ahead;
    ngx_http_usage_lookup_t   *lookup;
    ngx_http_usage_planner_t  *planner;

    lookup = ctx->lookup;
    planner = ctx->planner;

    if (lookup == NULL || lookup->leads || planner->waits || planner->ready
        || (planner->step != NGX_HTTP_USAGE_WHOLE
            && planner->step != NGX_HTTP_USAGE_RUN))
    {
        return NGX_OK;
    }

    for (api = 0, ahead = 0; api < USAGE_CALL_APIS; api++) {
        ahead += usage_plan_ahead(&planner->plan, api);
    }

    if (ahead == 0) {
        return NGX_OK;
    }

    cover = &lookup->cover;
    first = cover->missing_first;
    last = cover->missing_last;

    rc = ngx_http_usage_planner_flight(ctx);

    if (rc == NGX_DECLINED) {
        return NGX_OK;
    }

    if (rc == NGX_OK && ngx_http_usage_store_find(ctx) == NGX_DECLINED
        && cover->missing_first == first && cover->missing_last == last)
    {
        return NGX_OK;
    }

    planner->step = NGX_HTTP_USAGE_PLAIN;
    planner->fetched = 0;

    return ngx_http_usage_planner_proceed(ctx) == NGX_ERROR ? NGX_ERROR
                                                            : NGX_OK;
}


void
ngx_http_usage_planner_count(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->lookup == NULL) {
        return;
    }

    ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_STORE_HITS,
                         ctx->answer.stored);
    ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_STORE_MISSES,
                         ctx->lookup->past - ctx->answer.stored);

    if (ctx->conf->share) {
        ngx_http_usage_shared_count(ctx);
    }
}
