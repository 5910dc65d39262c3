/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan has got goes into the day store before the plan is done: once a
 * second, and when its request ends, however that ends.  So a request that fails
 * loses nothing, and the next one goes on where it ended.
 */

#include "planner/ngx_http_usage_planner.h"
#include "planner/ngx_http_usage_shared.h"
#include "store/ngx_http_usage_store.h"


/* milliseconds between two times, as each takes up to one of them */
#define NGX_HTTP_USAGE_KEEP  1000


static void ngx_http_usage_planner_store(ngx_http_usage_ctx_t *ctx);


void
ngx_http_usage_planner_keep(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_current_msec - ctx->planner->kept >= NGX_HTTP_USAGE_KEEP) {
        ngx_http_usage_planner_store(ctx);
    }
}


/*
 * Only what the service itself showed to this very credential is stored.
 */

static void
ngx_http_usage_planner_store(ngx_http_usage_ctx_t *ctx)
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
                                                planner->stored);
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

    ngx_http_usage_planner_store(ctx);
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
