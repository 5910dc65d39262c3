/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the calls of the successors brought, and which are next.
 */

#include "call/ngx_http_usage_call.h"
#include "pace/ngx_http_usage_pace.h"
#include "planner/ngx_http_usage_planner.h"
#include "reply/ngx_http_usage_reply.h"


static ngx_uint_t ngx_http_usage_failed(ngx_http_usage_fetch_t *fetch,
    usage_error_t *error);
static ngx_int_t ngx_http_usage_collect_ok(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_pace_keep(ngx_http_usage_ctx_t *ctx,
    ngx_str_t *retry_after);
static ngx_uint_t ngx_http_usage_ahead(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api);
static ngx_int_t ngx_http_usage_next(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t **fetch);
static void ngx_http_usage_refuse(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *body);
static ngx_int_t ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *retry_after);


ngx_int_t
ngx_http_usage_collect(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_uint_t   passed;
    usage_str_t  body;

    if (fetch->nonsense) {
        ctx->error = fetch->error;

    } else if (ngx_http_usage_failed(fetch, &ctx->error)) {
        /* the upstream gave no answer */

    } else if (fetch->status == NGX_HTTP_OK) {
        if (ngx_http_usage_collect_ok(ctx, fetch) == NGX_OK) {
            return NGX_OK;
        }

    } else if (ngx_http_usage_retry(ctx, fetch) == NGX_OK
               || ngx_http_usage_planner_refused(ctx, fetch))
    {
        return NGX_OK;

    } else {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        passed = usage_error_upstream(fetch->status, body, &ctx->error);
        ngx_http_usage_known_refuse(ctx, fetch, passed);

        if (passed) {
            ngx_http_usage_outcome_blame(ctx, fetch);
            ngx_http_usage_call_end(ctx);
            ngx_http_usage_reply_upstream(ctx, fetch);
            return NGX_ERROR;
        }
    }

    ngx_http_usage_outcome_blame(ctx, fetch);
    ngx_http_usage_call_fail(ctx, &fetch->retry_after);

    return NGX_ERROR;
}


/*
 * Whether the upstream gave no whole answer; *error says why.
 */

static ngx_uint_t
ngx_http_usage_failed(ngx_http_usage_fetch_t *fetch, usage_error_t *error)
{
    switch (ngx_http_usage_outcome(fetch)) {

    case NGX_HTTP_USAGE_TIMED_OUT:
        (void) usage_error(error, NGX_HTTP_GATEWAY_TIME_OUT,
                           "the upstream did not answer in time");
        return 1;

    case NGX_HTTP_USAGE_UNRESOLVED:
        (void) usage_error(error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's name could not be resolved");
        return 1;

    case NGX_HTTP_USAGE_UNREACHABLE:
        (void) usage_error(error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream could not be reached, or its reply "
                           "was not valid");
        return 1;

    case NGX_HTTP_USAGE_NOT_MADE:
        (void) usage_error(error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the gateway's own nginx answered the upstream call "
                           "with %lu, no upstream did",
                           (unsigned long) fetch->status);
        return 1;

    case NGX_HTTP_USAGE_INCOMPLETE:
        (void) usage_error(error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply ended early");
        return 1;

    default:
        return 0;
    }
}


static ngx_int_t
ngx_http_usage_collect_ok(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    if (ngx_http_usage_planner_take(ctx, fetch) != USAGE_OK) {
        return NGX_ERROR;
    }

    if (fetch->call.kind == USAGE_CALL_FILTER) {
        ngx_http_usage_known_learn(ctx);
    }

    if (fetch->cached) {
        return NGX_OK; /* that is nobody's right */
    }

    if (fetch->call.api == USAGE_CALL_DESKTOPS) {
        ctx->caller.allowed = 1;
    }

    if (!ctx->caller.trusted) {
        ctx->caller.trusted = 1;
        ngx_http_usage_known_set(ctx);

        return ngx_http_usage_planner_trusted(ctx);
    }

    ngx_http_usage_planner_keep(ctx);

    return NGX_OK;
}


void
ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_str_t                retry_after, refusal;
    ngx_http_usage_fetch_t  *fetch;

    ngx_str_null(&retry_after);

    rc = ngx_http_usage_pace_keep(ctx, &retry_after);

    while (rc == NGX_OK) {
        rc = ngx_http_usage_next(ctx, &fetch);

        if (rc == NGX_OK && !ctx->caller.trusted
            && ngx_http_usage_known_refused(ctx, fetch->call.api, &refusal))
        {
            ngx_http_usage_refuse(ctx, fetch, &refusal);
            return;
        }

        if (rc == NGX_OK) {
            rc = ngx_http_usage_begin(ctx, fetch, &retry_after);
        }
    }

    switch (rc) {

    case NGX_AGAIN:
        return;

    case NGX_DONE:
        ngx_http_usage_planner_count(ctx);
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_reply_ok(ctx);
        return;

    default: /* NGX_ERROR, NGX_DECLINED */
        ngx_http_usage_call_fail(ctx, &retry_after);
    }
}


/*
 * Whether the calls ahead can start before usage_timeout: NGX_OK, or
 * NGX_DECLINED with ctx->error and *retry_after set.
 */

static ngx_int_t
ngx_http_usage_pace_keep(ngx_http_usage_ctx_t *ctx, ngx_str_t *retry_after)
{
    ngx_uint_t  api, calls;

    if (ctx->pace->rate == NULL) {
        return NGX_OK;
    }

    for (api = 0; api < USAGE_CALL_APIS; api++) {
        calls = ngx_http_usage_ahead(ctx, api);

        if (ngx_http_usage_pace_check(ctx, api, calls, retry_after) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/*
 * The calls of an API that are to be started, at least, but for one that is
 * held: those of the plan, and those that are tried again.
 */

static ngx_uint_t
ngx_http_usage_ahead(ngx_http_usage_ctx_t *ctx, usage_call_api_t api)
{
    ngx_uint_t               i, calls;
    ngx_http_usage_fetch_t  *fetch;

    calls = ngx_http_usage_planner_ahead(ctx, api);
    i = 0;

    while ((fetch = ngx_http_usage_next_fetch(ctx, &i)) != NULL) {
        calls += (fetch->waits || fetch->due) && fetch->call.api == api;
    }

    return calls;
}


/*
 * The reply is what the service answered to the credential a moment ago.
 */

static void
ngx_http_usage_refuse(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch,
    ngx_str_t *body)
{
    (void) usage_error(&ctx->error, NGX_HTTP_UNAUTHORIZED,
                       "the upstream answered 401 to this credential a moment "
                       "ago, and isn't asked again for some seconds");

    if (body->len == 0) {
        ngx_http_usage_call_fail(ctx, NULL);
        return;
    }

    ngx_http_usage_call_end(ctx);

    fetch->body = *body;
    fetch->body_size = body->len;
    fetch->status = NGX_HTTP_UNAUTHORIZED;
    ngx_str_null(&fetch->retry_after);

    ngx_http_usage_reply_upstream(ctx, fetch);
}


/*
 * NGX_OK: *fetch has a call that is to be started.  NGX_AGAIN: there is none
 * just now.  NGX_DONE: there are no more.  NGX_ERROR: ctx->error is set.
 *
 * Until the service took the credential, there is one call at a time.
 */

static ngx_int_t
ngx_http_usage_next(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t **fetch)
{
    *fetch = ctx->pace->held ? ctx->pace->held : ngx_http_usage_retry_next(ctx);

    if (*fetch) {
        return NGX_OK;
    }

    *fetch = ngx_http_usage_free_fetch(ctx, ctx->caller.trusted
                                            ? ctx->conf->concurrency : 1);
    if (*fetch == NULL) {
        return ctx->error.status ? NGX_ERROR : NGX_AGAIN;
    }

    switch (ngx_http_usage_planner_next(ctx, *fetch)) {

    case USAGE_OK:
        (*fetch)->tries = 0;
        return NGX_OK;

    case USAGE_AGAIN:
        return ngx_http_usage_planner_done(ctx) ? NGX_DONE : NGX_AGAIN;

    default: /* USAGE_ERROR */
        return NGX_ERROR;
    }
}


/*
 * Starts a call, unless usage_rate holds it.
 */

static ngx_int_t
ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch,
    ngx_str_t *retry_after)
{
    ngx_int_t         rc;
    usage_call_api_t  api;

    api = fetch->call.api;
    rc = ngx_http_usage_pace_hold(ctx, fetch);

    if (rc == NGX_AGAIN) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                       "usage upstream call held by usage_rate");
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_usage_pace_refuse(ctx, api,
                                          1 + ngx_http_usage_ahead(ctx, api),
                                          retry_after);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_usage_fetch_start(ctx, fetch) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "a subrequest could not be started");
        return NGX_ERROR;
    }

    ctx->fetches->started++;

    return NGX_OK;
}
