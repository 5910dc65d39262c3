/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan has got, for other gateways, and for this one once it is started
 * anew.  In: a plan that is done.  Out: its days that are whole and final, in
 * Redis: one after the other, so that a worker is never long at it.
 */

#include "planner/ngx_http_usage_shared.h"

#include "share/usage_share_command.h"
#include "share/usage_shared_day.h"

#include <openssl/rand.h>


static ngx_int_t ngx_http_usage_shared_put(ngx_http_usage_ctx_t *ctx,
    size_t column);
static ngx_int_t ngx_http_usage_sharing_text(ngx_http_usage_ctx_t *ctx,
    size_t column, ngx_pool_t *pool, usage_str_t *text);
static ngx_int_t ngx_http_usage_shared_seal(ngx_http_usage_ctx_t *ctx,
    usage_day_t day, ngx_pool_t *pool, usage_str_t text, usage_str_t *command);
static void ngx_http_usage_shared_written(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op);


ngx_int_t
ngx_http_usage_shared_write(ngx_http_usage_ctx_t *ctx)
{
    size_t                     i;
    int32_t                    day;
    usage_plan_t              *plan;
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;
    plan = &planner->plan;

    while (planner->written < plan->days) {
        i = planner->written++;
        day = (int32_t) plan->request->first + i;

        if (!usage_plan_covers(plan, i)
            || ngx_http_usage_store_until(ctx, day, plan->now) != 0)
        {
            continue;
        }

        if (ngx_http_usage_shared_put(ctx, i) == NGX_OK) {
            return NGX_AGAIN;
        }

        /* the reply doesn't depend on it */

        planner->written = plan->days;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_shared_put(ngx_http_usage_ctx_t *ctx, size_t column)
{
    ngx_int_t     rc;
    ngx_pool_t   *pool;
    usage_day_t   day;
    usage_str_t   text, command;

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE,
                           ctx->request->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    day = ctx->planner->plan.request->first + (usage_day_t) column;

    rc = ngx_http_usage_sharing_text(ctx, column, pool, &text);

    if (rc == NGX_OK) {
        rc = ngx_http_usage_shared_seal(ctx, day, pool, text, &command);
    }

    ngx_destroy_pool(pool);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_share_start(ctx, NGX_HTTP_USAGE_SHARE_PUT, command,
                                      ngx_http_usage_shared_written, NULL)
           ? NGX_OK : NGX_ERROR;
}


/*
 * The bytes of a day, in memory of the pool.
 */

static ngx_int_t
ngx_http_usage_sharing_text(ngx_http_usage_ctx_t *ctx, size_t column,
    ngx_pool_t *pool, usage_str_t *text)
{
    char             *bytes;
    double           *seconds;
    size_t            i, n;
    usage_day_t       day;
    usage_str_t      *ids;
    usage_plan_t     *plan;
    usage_table_t    *table;

    plan = &ctx->planner->plan;
    table = &plan->table;

    ids = ngx_palloc(pool, (table->count + 1) * sizeof(usage_str_t));
    seconds = ngx_palloc(pool, (table->count + 1) * sizeof(double));

    if (ids == NULL || seconds == NULL) {
        return NGX_ERROR;
    }

    for (i = 0, n = 0; i < table->count; i++) {
        if (usage_cell_shown(table->desktops[i], column)) {
            ids[n] = table->desktops[i]->id;
            seconds[n++] = usage_cell_seconds(table->desktops[i], column);
        }
    }

    bytes = ngx_palloc(pool, usage_shared_day_size(ids, seconds, n));
    if (bytes == NULL) {
        return NGX_ERROR;
    }

    day = plan->request->first + (usage_day_t) column;

    text->data = bytes;
    text->len = usage_shared_day_write(bytes, day, plan->now, ids, seconds, n);

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_shared_seal(ngx_http_usage_ctx_t *ctx, usage_day_t day,
    ngx_pool_t *pool, usage_str_t text, usage_str_t *command)
{
    char         *out, name[USAGE_SEAL_NAME];
    u_char        nonce[USAGE_SEAL_NONCE];
    usage_str_t   value;

    out = ngx_palloc(pool, text.len + USAGE_SEAL_EXTRA);

    if (out == NULL || RAND_bytes(nonce, sizeof(nonce)) != 1
        || ngx_http_usage_shared_name(ctx, day, name) != NGX_OK
        || usage_seal_close(&ctx->conf->share->seal, name, nonce, text, out)
           != USAGE_OK)
    {
        return NGX_ERROR;
    }

    value.data = out;
    value.len = text.len + USAGE_SEAL_EXTRA;

    return usage_share_put(name, value, ctx->planner->shared->life, &ctx->pool,
                           command)
           == USAGE_OK
           ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_usage_shared_written(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_op_t *op)
{
    ngx_http_usage_planner_t  *planner;

    planner = ctx->planner;
    planner->waits = 0;

    if (ngx_pfree(ctx->request->pool, (void *) op->command.data) == NGX_OK) {
        ctx->budget.used -= op->command.len;
    }

    /* with a Redis that takes nothing, the reply waits no longer */

    if (op->outcome != NGX_HTTP_USAGE_SHARE_DONE) {
        planner->written = planner->plan.days;
    }
}
