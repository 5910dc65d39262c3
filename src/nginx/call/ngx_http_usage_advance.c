/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the calls of the successors brought, and which are next.
 */

#include "pace/ngx_http_usage_pace.h"


static ngx_uint_t ngx_http_usage_failed(ngx_http_usage_fetch_t *fetch,
    usage_error_t *error);
static ngx_int_t ngx_http_usage_collect_ok(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t **fetch);
static void ngx_http_usage_refuse(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *body);
static ngx_int_t ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static usage_result_t ngx_http_usage_next(ngx_http_usage_ctx_t *ctx,
    usage_call_t *call);
static ngx_http_usage_fetch_t *ngx_http_usage_free_fetch(
    ngx_http_usage_ctx_t *ctx);


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
               || (!usage_auth_is(&ctx->live, &fetch->call)
                   && usage_plan_refused(&ctx->plan, &fetch->call,
                                         fetch->status)))
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
    ngx_http_usage_call_end(ctx);
    ngx_http_usage_reply_error(ctx, &fetch->retry_after);

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
    usage_str_t     body;
    usage_result_t  rc;

    if (!fetch->reads) {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        rc = usage_plan_body(&ctx->plan, &fetch->call, body, &ctx->error);

    } else if (usage_page_end(&fetch->reader) != USAGE_OK) {
        ctx->error = fetch->error;
        rc = USAGE_ERROR;

    } else if (usage_auth_is(&ctx->live, &fetch->call)) {
        ctx->live_waiting = 0;
        rc = usage_auth_page(&fetch->reader.page, &ctx->error);

    } else {
        rc = usage_plan_page(&ctx->plan, &fetch->call, &fetch->reader.page,
                             &ctx->error);
    }

    if (rc != USAGE_OK) {
        return NGX_ERROR;
    }

    if (fetch->cached) {
        return NGX_OK; /* that is nobody's right */
    }

    if (fetch->call.api == USAGE_CALL_DESKTOPS) {
        ctx->allowed = 1;
    }

    if (ctx->shown) {
        return NGX_OK;
    }

    ctx->shown = 1;
    ngx_http_usage_known_set(ctx);

    return ngx_http_usage_lookup_shown(ctx);
}


void
ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_str_t                retry_after, refusal;
    ngx_http_usage_fetch_t  *fetch;

    ngx_str_null(&retry_after);

    rc = ngx_http_usage_pace_check(ctx, &retry_after);

    while (rc == NGX_OK) {
        rc = ngx_http_usage_next_fetch(ctx, &fetch);

        if (rc == NGX_OK && !ctx->shown
            && ngx_http_usage_known_refused(ctx, fetch->call.api, &refusal))
        {
            ngx_http_usage_refuse(ctx, fetch, &refusal);
            return;
        }

        if (rc == NGX_OK) {
            rc = ngx_http_usage_pace_hold(ctx, fetch, &retry_after);
        }

        if (rc == NGX_OK) {
            rc = ngx_http_usage_begin(ctx, fetch);
        }
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    ngx_http_usage_call_end(ctx);

    if (rc == NGX_DONE) {
        ngx_http_usage_reply_ok(ctx);

    } else {
        ngx_http_usage_reply_error(ctx, &retry_after);
    }
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

    ngx_http_usage_call_end(ctx);

    if (body->len == 0) {
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    fetch->body = *body;
    fetch->body_size = body->len;
    fetch->status = NGX_HTTP_UNAUTHORIZED;
    ngx_str_null(&fetch->retry_after);

    ngx_http_usage_reply_upstream(ctx, fetch);
}


/*
 * NGX_OK: *fetch has a call that is to be started.  NGX_AGAIN: there is none
 * just now.  NGX_DONE: there are no more.  NGX_ERROR: ctx->error is set.
 */

static ngx_int_t
ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t **fetch)
{
    usage_result_t  rc;

    *fetch = ctx->pace.held ? ctx->pace.held : ngx_http_usage_retry_next(ctx);

    if (*fetch) {
        return NGX_OK;
    }

    *fetch = ngx_http_usage_free_fetch(ctx);

    if (*fetch == NULL) {
        return ctx->error.status ? NGX_ERROR : NGX_AGAIN;
    }

    rc = ngx_http_usage_next(ctx, &(*fetch)->call);

    if (rc == USAGE_AGAIN) {
        return ctx->ready && !ctx->live_waiting ? NGX_DONE : NGX_AGAIN;
    }

    (*fetch)->tries = 0;

    return rc == USAGE_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch)
{
    if (ngx_http_usage_fetch_start(ctx, fetch) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "a subrequest could not be started");
        return NGX_ERROR;
    }

    ctx->fetching++;
    ctx->calls++;

    return NGX_OK;
}


/*
 * The next call: of the plan, or the live one of what is stored.
 */

static usage_result_t
ngx_http_usage_next(ngx_http_usage_ctx_t *ctx, usage_call_t *call)
{
    ngx_int_t       rc;
    usage_result_t  next;

    for ( ;; ) {
        if (ctx->live_wanted) {
            ctx->live_wanted = 0;
            ctx->live_waiting = 1;
            usage_auth_call(&ctx->live, call);

            return USAGE_OK;
        }

        if (ctx->ready || ctx->waits) {
            return USAGE_AGAIN;
        }

        next = usage_plan_next(&ctx->plan, call, &ctx->error);

        if (next != USAGE_AGAIN || !usage_plan_done(&ctx->plan)) {
            return next;
        }

        rc = ngx_http_usage_lookup_done(ctx);

        if (rc == NGX_ERROR) {
            return USAGE_ERROR;
        }
    }
}


/*
 * NULL: all are busy, or, where ctx->error is set, memory is out.  Until the
 * service took the credential, there is one.
 */

static ngx_http_usage_fetch_t *
ngx_http_usage_free_fetch(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t                  i, n;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);
    n = ctx->shown ? (ngx_uint_t) ulcf->concurrency : 1;

    for (i = 0; i < n; i++) {
        fetch = ctx->fetches[i];

        if (fetch == NULL) {
            fetch = ngx_pcalloc(ctx->request->pool,
                                sizeof(ngx_http_usage_fetch_t));
            if (fetch == NULL) {
                (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "out of memory");
                return NULL;
            }

            fetch->ctx = ctx;
            ctx->fetches[i] = fetch;
        }

        if (fetch->request == NULL && !fetch->waits) {
            return fetch;
        }
    }

    return NULL;
}
