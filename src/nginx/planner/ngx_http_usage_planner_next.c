/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan wants next, and what it is given: upstream calls out, replies in.
 */

#include "planner/ngx_http_usage_planner.h"


usage_result_t
ngx_http_usage_planner_next(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    usage_result_t             rc;
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    for ( ;; ) {
        if (planner->auth_wanted) {
            planner->auth_wanted = 0;
            planner->auth_waiting = 1;

            fetch->kind = NGX_HTTP_USAGE_FETCH_AUTH;
            usage_auth_call(&planner->auth, &fetch->call);

            return USAGE_OK;
        }

        if (planner->ready || planner->waits) {
            return USAGE_AGAIN;
        }

        fetch->kind = NGX_HTTP_USAGE_FETCH_PLAN;
        rc = usage_plan_next(&planner->plan, &fetch->call, &ctx->error);

        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                       "usage plan: stage \"%s\", last outcome \"%s\"",
                       usage_plan_stage_name(&planner->plan),
                       usage_plan_outcome_name(&planner->plan));

        if (rc != USAGE_AGAIN || !usage_plan_done(&planner->plan)) {
            return rc;
        }

        if (ngx_http_usage_planner_planned(ctx) == NGX_ERROR) {
            return USAGE_ERROR;
        }
    }
}


ngx_uint_t
ngx_http_usage_planner_done(ngx_http_usage_ctx_t *ctx)
{
    return ctx->planner->ready && !ctx->planner->auth_waiting;
}


ngx_uint_t
ngx_http_usage_planner_ahead(ngx_http_usage_ctx_t *ctx, usage_call_api_t api)
{
    ngx_uint_t                 calls;
    ngx_http_usage_planner_t  *planner;

    calls = 0;
    planner = ctx->planner;

    /* what another request fetches may be taken from the store */

    if (!planner->ready && !planner->waits) {
        calls = usage_plan_ahead(&planner->plan, api);
    }

    if (planner->auth_wanted && api == USAGE_CALL_DESKTOPS) {
        calls++;
    }

    return calls;
}


ngx_uint_t
ngx_http_usage_planner_read(ngx_http_usage_fetch_t *fetch)
{
    ngx_http_usage_planner_t  *planner;

    planner = fetch->ctx->planner;

    if (fetch->kind == NGX_HTTP_USAGE_FETCH_AUTH) {
        usage_auth_read(&planner->auth, &fetch->reader, &fetch->error);
        return 1;
    }

    return usage_plan_read(&planner->plan, &fetch->call, &fetch->reader,
                           &fetch->error);
}


usage_result_t
ngx_http_usage_planner_take(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    usage_str_t                body;
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;

    if (!fetch->reads) {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        return usage_plan_body(&planner->plan, &fetch->call, body,
                               &ctx->error);
    }

    if (usage_page_end(&fetch->reader) != USAGE_OK) {
        ctx->error = fetch->error;
        return USAGE_ERROR;
    }

    if (fetch->kind == NGX_HTTP_USAGE_FETCH_AUTH) {
        planner->auth_waiting = 0;
        return usage_auth_page(&fetch->reader.page, &ctx->error);
    }

    if (usage_plan_page(&planner->plan, &fetch->call, &fetch->reader.page,
                        &ctx->error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    ctx->caller.domain = usage_plan_domain_filter(&planner->plan);

    return USAGE_OK;
}


ngx_uint_t
ngx_http_usage_planner_refused(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    if (fetch->kind != NGX_HTTP_USAGE_FETCH_PLAN
        || !usage_plan_refused(&ctx->planner->plan, &fetch->call,
                               fetch->status))
    {
        return 0;
    }

    if (fetch->call.api == USAGE_CALL_MONITOR
        && fetch->status == NGX_HTTP_FORBIDDEN)
    {
        /* the request's next plans need not find out again */

        ctx->planner->upstream.monitoring = 0;
    }

    return 1;
}
