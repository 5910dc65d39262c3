/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan has got goes into the day store before the plan is done.  Whole
 * days go in once a second.  When the request ends, in whatever way, all of it
 * does: so a request that fails loses nothing, and the next one goes on there.
 */

#include "planner/ngx_http_usage_planner.h"
#include "planner/ngx_http_usage_shared.h"
#include "store/ngx_http_usage_store.h"


/* milliseconds between two times, as each may take one of them */
#define NGX_HTTP_USAGE_KEEP  1000


static ngx_uint_t ngx_http_usage_planner_news(
    ngx_http_usage_planner_t *planner);
static void ngx_http_usage_planner_store(ngx_http_usage_ctx_t *ctx,
    ngx_uint_t ends);


void
ngx_http_usage_planner_keep(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_current_msec - ctx->planner->kept >= NGX_HTTP_USAGE_KEEP
        && ngx_http_usage_planner_news(ctx->planner))
    {
        ngx_http_usage_planner_store(ctx, 0);
    }
}


/*
 * Whether a day is whole that isn't stored.
 */

static ngx_uint_t
ngx_http_usage_planner_news(ngx_http_usage_planner_t *planner)
{
    size_t  i;

    for (i = 0; i < planner->plan.days; i++) {
        if (usage_plan_covers(&planner->plan, i)
            && !(planner->stored & ngx_http_usage_column(i)))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Only what the service itself showed to this very credential is stored.
 */

static void
ngx_http_usage_planner_store(ngx_http_usage_ctx_t *ctx, ngx_uint_t ends)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if ((planner->step != NGX_HTTP_USAGE_WHOLE
         && planner->step != NGX_HTTP_USAGE_RUN)
        || !ctx->caller.allowed || usage_plan_done(&planner->plan))
    {
        return;
    }

    planner->kept = ngx_current_msec;
    planner->stored = ngx_http_usage_store_fill(ctx, &planner->plan,
                                                planner->stored, ends);
}


void
ngx_http_usage_planner_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (planner == NULL) {
        return;
    }

    if (planner->poll.timer_set) {
        ngx_del_timer(&planner->poll);
    }

    if (planner->shared && planner->shared->timer.timer_set) {
        ngx_del_timer(&planner->shared->timer);
    }

    ngx_http_usage_planner_store(ctx, 1);
    planner->step = NGX_HTTP_USAGE_PLAIN; /* it may end twice */

    if (ctx->lookup) {
        ngx_http_usage_flight_drop(ctx);
    }
}


void
ngx_http_usage_planner_leave(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->planner && ctx->planner->shared) {
        ngx_http_usage_shared_release(ctx);
    }
}
