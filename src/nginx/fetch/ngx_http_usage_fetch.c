/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call of a successor: a subrequest to the operator's internal location, and
 * its reply, taken where nginx puts it out.
 *
 * Subrequests run in the background: nginx doesn't put their replies in order,
 * and each is finalized on its own.
 */

#include "fetch/ngx_http_usage_fetch.h"


static ngx_int_t ngx_http_usage_fetch_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed);
static ngx_int_t ngx_http_usage_fetch_variables(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static ngx_int_t ngx_http_usage_fetch_done(ngx_http_request_t *r, void *data,
    ngx_int_t rc);
static void ngx_http_usage_fetch_cancel(ngx_http_request_t *r);


#if (NGX_DEBUG)

static const char  *ngx_http_usage_kinds[] = {
    "the plan",
    "the authorization probe",
    "the legacy endpoint",
    "Redis"
};

#endif


ngx_int_t
ngx_http_usage_fetch_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_str_t  uri, args, unparsed;

    if (ngx_http_usage_fetch_prepare(ctx, fetch) != NGX_OK
        || ngx_http_usage_fetch_uri(ctx, fetch, &uri, &args, &unparsed)
           != NGX_OK
        || ngx_http_usage_fetch_subrequest(ctx, fetch, &uri, &args, &unparsed)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (fetch->kind == NGX_HTTP_USAGE_FETCH_AUTH) {

        /* no cache answers what isn't a GET by this; upstream it is, by name */

        fetch->request->method = NGX_HTTP_UNKNOWN;
    }

    fetch->request->headers_in = ctx->fetches->headers_in;
    fetch->request->request_body = ctx->fetches->request_body;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_fetch_prepare(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    fetch->done_handler.handler = ngx_http_usage_fetch_done;
    fetch->done_handler.data = fetch;
    fetch->status = 0;
    fetch->complete = 0;
    fetch->own = 0;
    fetch->timed_out = 0;
    fetch->cached = 0;
    fetch->nonsense = 0;
    fetch->done = 0;
    fetch->counted = 0;
    fetch->head_len = 0;

    fetch->memory = ngx_http_usage_memory_create(ctx);

    return fetch->memory ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_usage_fetch_subrequest(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed)
{
    ngx_int_t            rc;
    ngx_pool_t          *pool;
    ngx_http_request_t  *r, *sr;

    r = ctx->request;

    /* nginx takes a subrequest's memory from its parent's pool */

    pool = r->pool;
    r->pool = fetch->memory->pool;

    rc = ngx_http_subrequest(r, uri, args, &sr, &fetch->done_handler,
                             NGX_HTTP_SUBREQUEST_BACKGROUND);
    r->pool = pool;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    fetch->request = sr;
    fetch->memory->request = sr;

    /* $request_uri, in logs and cache keys, is the subrequest's own */

    sr->unparsed_uri = *unparsed;

    ctx->fetches->under_way++;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "usage upstream call starts, for %s: %V",
                   ngx_http_usage_kinds[fetch->kind], unparsed);

    return ngx_http_usage_fetch_variables(r, sr);
}


static ngx_int_t
ngx_http_usage_fetch_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed)
{
    u_char       *p;
    ngx_str_t    *prefix;
    usage_pool_t  pool;
    usage_str_t   path, query;

    prefix = &ctx->conf->prefix;

    pool = ctx->pool;
    pool.data = fetch->memory->pool;
    pool.budget = NULL;

    if (usage_call_path(&fetch->call, ctx->inbound.project_id, &pool, &path)
        != USAGE_OK
        || usage_call_query(&fetch->call, &pool, &query) != USAGE_OK)
    {
        return NGX_ERROR;
    }

    unparsed->len = prefix->len + path.len + 1 + query.len;
    unparsed->data = ngx_pnalloc(fetch->memory->pool, unparsed->len);

    if (unparsed->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(unparsed->data, prefix->data, prefix->len);
    p = ngx_cpymem(p, path.data, path.len);
    *p++ = '?';
    ngx_memcpy(p, query.data, query.len);

    uri->data = unparsed->data;
    uri->len = prefix->len + path.len;
    args->data = p;
    args->len = query.len;

    return NGX_OK;
}


/*
 * nginx's subrequests share the variables of their parent, each value computed
 * once: one that a map makes of $args would be the same for all calls, and a
 * cache key with it too.  So each call has values of its own, and starts with
 * those that the parent has.
 */

static ngx_int_t
ngx_http_usage_fetch_variables(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    size_t                      size;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    size = cmcf->variables.nelts * sizeof(ngx_http_variable_value_t);

    sr->variables = ngx_palloc(sr->pool, size + 1);
    if (sr->variables == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(sr->variables, r->variables, size);

    return NGX_OK;
}


ngx_http_usage_fetch_t *
ngx_http_usage_fetch_of(ngx_http_request_t *r)
{
    /* not by the module's context: an internal redirect clears that */

    if (r != r->main && r->post_subrequest
        && r->post_subrequest->handler == ngx_http_usage_fetch_done)
    {
        return r->post_subrequest->data;
    }

    return NULL;
}


/*
 * nginx finalizes a subrequest.  It does so a second time if the first is
 * with an error that has no page yet: that page, or what error_page puts in
 * its place, is the reply then.
 */

static ngx_int_t
ngx_http_usage_fetch_done(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_usage_fetch_t  *fetch = data;

    if (fetch->request != r
        || (fetch->ctx->fetches->ended
            && fetch->kind != NGX_HTTP_USAGE_FETCH_SHARE))
    {
        return rc;
    }

    if (rc == NGX_HTTP_CLIENT_CLOSED_REQUEST || r->connection->error) {
        return rc;
    }

    if (fetch->kind == NGX_HTTP_USAGE_FETCH_SHARE && rc != NGX_OK) {

        /* no page is made of it, and the client's request may go on */

        fetch->status = rc > 0 ? rc : NGX_HTTP_INTERNAL_SERVER_ERROR;
        r->header_sent = 1;
        rc = NGX_OK;
    }

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE && !r->header_sent) {
        fetch->own = ngx_http_usage_outcome_own(r, rc);
        fetch->status = rc;
        return rc;
    }

    if (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        fetch->complete = 0;
        rc = NGX_OK;
    }

    if (r->buffered) {
        return rc; /* nginx goes on reading a file */
    }

    fetch->done = 1;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "usage upstream call ends, status %ui: %V",
                   fetch->status, &r->unparsed_uri);

    /* nothing may run it any more, though it be posted still */

    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_usage_wake(fetch->ctx);

    return rc;
}


void
ngx_http_usage_fetch_release(ngx_http_usage_fetch_t *fetch)
{
    fetch->request = NULL;
    fetch->memory->done = 1;
    fetch->ctx->fetches->under_way--;
}


void
ngx_http_usage_fetch_abandon(ngx_http_usage_fetch_t *fetch)
{
    ngx_http_request_t  *sr;

    sr = fetch->request;
    fetch->request = NULL;

    if (sr->aio) {
        return; /* ends by itself once its file is read */
    }

    if (sr->upstream && sr->upstream->cleanup) {
        sr->write_event_handler = ngx_http_request_empty_handler;
        (*sr->upstream->cleanup)(sr);
        return;
    }

    /* it isn't at an upstream yet, and will not get there */

    sr->write_event_handler = ngx_http_usage_fetch_cancel;

#if (NGX_HTTP_CACHE)
    if (sr->cache && sr->cache->waiting) {
        return; /* nginx runs it when the cache's lock is free */
    }
#endif

    (void) ngx_http_post_request(sr, NULL);
}


void
ngx_http_usage_fetch_nudge(ngx_http_usage_fetch_t *fetch)
{
    if (fetch->request->upstream == NULL) {
        (void) ngx_http_post_request(fetch->request, NULL);
    }
}


static void
ngx_http_usage_fetch_cancel(ngx_http_request_t *r)
{
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_finalize_request(r, NGX_DONE);
}
