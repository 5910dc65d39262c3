/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call of a successor: a subrequest to the operator's internal location, and
 * its reply, taken where nginx puts it out.
 *
 * Subrequests run in the background: nginx doesn't put their replies in order,
 * and each is finalized on its own.
 */

#include "modes/ngx_http_usage_mode.h"
#include "pace/ngx_http_usage_pace.h"


/* the largest reply that is kept whole: of the directory, or an error */
#define NGX_HTTP_USAGE_BODY_MAX   (8 * 1024 * 1024)
#define NGX_HTTP_USAGE_BODY_SIZE  4096


static ngx_int_t ngx_http_usage_fetch_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed);
static ngx_int_t ngx_http_usage_fetch_variables(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static ngx_int_t ngx_http_usage_fetch_unbuffer(ngx_http_usage_fetch_t *fetch,
    ngx_http_upstream_t *u);
static void ngx_http_usage_fetch_finalize_upstream(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_int_t ngx_http_usage_fetch_data(ngx_http_usage_fetch_t *fetch,
    ngx_buf_t *b);
static ngx_int_t ngx_http_usage_fetch_give_up(ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_fetch_keep(ngx_http_usage_fetch_t *fetch,
    u_char *data, size_t len);
static ngx_int_t ngx_http_usage_fetch_done(ngx_http_request_t *r, void *data,
    ngx_int_t rc);
static void ngx_http_usage_fetch_cancel(ngx_http_request_t *r);


ngx_int_t
ngx_http_usage_fetch_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_int_t            rc;
    ngx_str_t            uri, args, unparsed;
    ngx_pool_t          *pool;
    ngx_http_request_t  *r, *sr;

    r = ctx->request;

    fetch->done_handler.handler = ngx_http_usage_fetch_done;
    fetch->done_handler.data = fetch;
    fetch->status = 0;
    fetch->whole = 0;
    fetch->own = 0;
    fetch->timed_out = 0;
    fetch->cached = 0;
    fetch->nonsense = 0;
    fetch->done = 0;
    fetch->counted = 0;
    fetch->head_len = 0;

    fetch->memory = ngx_http_usage_memory_create(ctx);

    if (fetch->memory == NULL) {
        return NGX_ERROR;
    }

    if (fetch->legacy) {
        unparsed = r->unparsed_uri;
        args = r->args;
        rc = ngx_http_usage_legacy_uri(ctx, fetch->memory->pool, &uri);

    } else {
        rc = ngx_http_usage_fetch_uri(ctx, fetch, &uri, &args, &unparsed);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    /* nginx takes a subrequest's memory from its parent's pool */

    pool = r->pool;
    r->pool = fetch->memory->pool;

    rc = ngx_http_subrequest(r, &uri, &args, &sr, &fetch->done_handler,
                             NGX_HTTP_SUBREQUEST_BACKGROUND);
    r->pool = pool;

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    fetch->request = sr;
    fetch->memory->request = sr;

    /* $request_uri, in logs and cache keys, is the subrequest's own */

    sr->unparsed_uri = unparsed;

    if (fetch->legacy) {
        if (ngx_http_usage_legacy_request(r, sr) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_usage_fetch_variables(r, sr);
    }

    if (usage_auth_is(&ctx->live, &fetch->call)) {

        /* no cache answers what isn't a GET by this; upstream it is, by name */

        sr->method = NGX_HTTP_UNKNOWN;
    }

    sr->headers_in = ctx->headers_in;
    sr->request_body = ctx->request_body;

    return ngx_http_usage_fetch_variables(r, sr);
}


static ngx_int_t
ngx_http_usage_fetch_uri(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed)
{
    u_char                     *p;
    usage_pool_t                pool;
    usage_str_t                 path, query;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    pool = ctx->pool;
    pool.data = fetch->memory->pool;
    pool.budget = NULL;

    if (usage_call_path(&fetch->call, ctx->project_id, &pool, &path)
        != USAGE_OK
        || usage_call_query(&fetch->call, &pool, &query) != USAGE_OK)
    {
        return NGX_ERROR;
    }

    unparsed->len = ulcf->prefix.len + path.len + 1 + query.len;
    unparsed->data = ngx_pnalloc(fetch->memory->pool, unparsed->len);

    if (unparsed->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(unparsed->data, ulcf->prefix.data, ulcf->prefix.len);
    p = ngx_cpymem(p, path.data, path.len);
    *p++ = '?';
    ngx_memcpy(p, query.data, query.len);

    uri->data = unparsed->data;
    uri->len = ulcf->prefix.len + path.len;
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


ngx_int_t
ngx_http_usage_fetch_header(ngx_http_usage_fetch_t *fetch,
    ngx_http_request_t *r)
{
    static ngx_str_t  names[] = {
        ngx_string("retry-after"),
        ngx_null_string
    };

    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header, *encoding;

    r->header_sent = 1;
    r->filter_need_in_memory = 1;

    if (fetch->request != r) {
        return NGX_OK; /* abandoned */
    }

    fetch->whole = 0;
#if (NGX_HTTP_CACHE)
    fetch->cached = r->cached;
#endif
    fetch->status = r->headers_out.status;
    fetch->body.len = 0;
    fetch->head_len = 0;
    fetch->too_large = 0;
    ngx_str_null(&fetch->retry_after);

    /* error_page may have found an upstream that answers */

    if (!ngx_http_usage_outcome_own(r, fetch->status)) {
        fetch->own = 0;
    }

    if (fetch->legacy || fetch->status != NGX_HTTP_OK) {
        fetch->reads = 0;

    } else if (usage_auth_is(&fetch->ctx->live, &fetch->call)) {
        usage_auth_read(&fetch->ctx->live, &fetch->reader, &fetch->error);
        fetch->reads = 1;

    } else {
        fetch->reads = usage_plan_read(&fetch->ctx->plan, &fetch->call,
                                       &fetch->reader, &fetch->error);
    }

    encoding = r->headers_out.content_encoding;

    if (!fetch->legacy && fetch->status == NGX_HTTP_OK
        && encoding && encoding->value.len
        && ngx_strcasecmp(encoding->value.data, (u_char *) "identity") != 0)
    {
        (void) usage_error(&fetch->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply has Content-Encoding: %.*s, "
                           "which this gateway never asks for",
                           (int) ngx_min(encoding->value.len, USAGE_SHOWN_MAX),
                           (char *) encoding->value.data);
        fetch->nonsense = 1;

        if (ngx_http_post_request(fetch->ctx->request, NULL) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    part = &r->headers_out.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (header->hash != 0 && ngx_http_usage_header_in(header, names)
            && ngx_http_usage_retry_after_is(&header->value))
        {
            fetch->retry_after = header->value;
        }
    }

    return r->upstream ? ngx_http_usage_fetch_unbuffer(fetch, r->upstream)
                       : NGX_OK;
}


/*
 * A reply of an upstream is taken as it comes, so that it needs no more memory
 * than one buffer and no temporary file.  What goes to a cache is buffered all
 * the same, and nginx puts out nothing of it before it is whole, as it does
 * with any subrequest that isn't the active one: it needs room for that.
 */

static ngx_int_t
ngx_http_usage_fetch_unbuffer(ngx_http_usage_fetch_t *fetch,
    ngx_http_upstream_t *u)
{
    ngx_http_upstream_conf_t  *conf;

    if (u->finalize_request != ngx_http_usage_fetch_finalize_upstream) {
        fetch->finalize_upstream = u->finalize_request;
        u->finalize_request = ngx_http_usage_fetch_finalize_upstream;
    }

    if (!u->buffering) {
        return NGX_OK;
    }

    if (!u->cacheable && !u->store) {
        u->buffering = 0;
        return NGX_OK;
    }

    if (u->conf->max_temp_file_size >= NGX_HTTP_USAGE_BODY_MAX) {
        return NGX_OK;
    }

    conf = ngx_palloc(fetch->memory->pool, sizeof(ngx_http_upstream_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    *conf = *u->conf;
    conf->max_temp_file_size = NGX_HTTP_USAGE_BODY_MAX;
    u->conf = conf;

    return NGX_OK;
}


/*
 * nginx doesn't say otherwise that an upstream fell silent within a reply.
 */

static void
ngx_http_usage_fetch_finalize_upstream(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t        *pc;
    ngx_http_usage_fetch_t  *fetch;

    fetch = r->post_subrequest->data;
    pc = r->upstream->peer.connection;

    if (fetch->request == r
        && (rc == NGX_HTTP_GATEWAY_TIME_OUT || (pc && pc->read->timedout)))
    {
        fetch->timed_out = 1;
    }

    fetch->finalize_upstream(r, rc);
}


ngx_int_t
ngx_http_usage_fetch_body(ngx_http_usage_fetch_t *fetch, ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    rc = NGX_OK;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (rc == NGX_OK) {
            rc = ngx_http_usage_fetch_data(fetch, b);
        }

        if (b->last_buf || b->last_in_chain) {
            fetch->whole = 1;
        }

        b->pos = b->last;
        b->file_pos = b->file_last;
    }

    return rc;
}


static ngx_int_t
ngx_http_usage_fetch_data(ngx_http_usage_fetch_t *fetch, ngx_buf_t *b)
{
    size_t  len, head;

    if (fetch->nonsense || !ngx_buf_in_memory(b)) {
        return NGX_OK;
    }

    len = b->last - b->pos;

    head = ngx_min(len, NGX_HTTP_USAGE_HEAD - fetch->head_len);
    ngx_memcpy(fetch->head + fetch->head_len, b->pos, head);
    fetch->head_len += head;

    if (!fetch->reads) {
        return ngx_http_usage_fetch_keep(fetch, b->pos, len);
    }

    if (usage_page_feed(&fetch->reader, (char *) b->pos, len) == USAGE_OK) {
        return NGX_OK;
    }

    return ngx_http_usage_fetch_give_up(fetch);
}


/*
 * fetch->error is what is wrong with the reply; the rest of it makes it no
 * better.
 */

static ngx_int_t
ngx_http_usage_fetch_give_up(ngx_http_usage_fetch_t *fetch)
{
    fetch->nonsense = 1;

    return ngx_http_post_request(fetch->ctx->request, NULL);
}


static ngx_int_t
ngx_http_usage_fetch_keep(ngx_http_usage_fetch_t *fetch, u_char *data,
    size_t len)
{
    u_char                *p;
    size_t                 size, max, used;
    ngx_http_usage_ctx_t  *ctx;

    ctx = fetch->ctx;
    max = fetch->legacy ? NGX_HTTP_USAGE_LEGACY_MAX : NGX_HTTP_USAGE_BODY_MAX;

    if (fetch->too_large || len > max - fetch->body.len) {
        fetch->too_large = 1;

        if (fetch->legacy) {
            return NGX_OK;
        }

        (void) usage_error(&fetch->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply is too large");

        return ngx_http_usage_fetch_give_up(fetch);
    }

    if (fetch->body.len + len > fetch->body_size) {
        size = ngx_max(fetch->body_size * 2, NGX_HTTP_USAGE_BODY_SIZE);
        size = ngx_max(size, fetch->body.len + len);

        if (!usage_take(&ctx->pool, size)) {
            (void) usage_no_memory(&ctx->pool, &fetch->error);
            return ngx_http_usage_fetch_give_up(fetch);
        }

        p = ngx_palloc(ctx->request->pool, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        used = fetch->body.len;

        if (fetch->body.data) {
            ngx_memcpy(p, fetch->body.data, used);
            ngx_http_usage_fetch_drop_body(fetch);
        }

        fetch->body.data = p;
        fetch->body.len = used;
        fetch->body_size = size;
    }

    ngx_memcpy(fetch->body.data + fetch->body.len, data, len);
    fetch->body.len += len;

    return NGX_OK;
}


void
ngx_http_usage_fetch_drop_body(ngx_http_usage_fetch_t *fetch)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = fetch->ctx;

    if (fetch->body.data
        && ngx_pfree(ctx->request->pool, fetch->body.data) == NGX_OK)
    {
        ctx->budget.used -= fetch->body_size;
    }

    ngx_str_null(&fetch->body);
    fetch->body_size = 0;
}


/*
 * nginx finalizes a subrequest.  It does so a second time where the first is
 * with an error that has no page yet: that page, or what error_page puts in
 * its place, is the reply then.
 */

static ngx_int_t
ngx_http_usage_fetch_done(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_usage_fetch_t  *fetch = data;

    if (fetch->request != r || fetch->ctx->ended) {
        return rc;
    }

    if (rc == NGX_HTTP_CLIENT_CLOSED_REQUEST || r->connection->error) {
        return rc;
    }

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE && !r->header_sent) {
        fetch->own = ngx_http_usage_outcome_own(r, rc);
        fetch->status = rc;
        return rc;
    }

    if (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        fetch->whole = 0;
        rc = NGX_OK;
    }

    if (r->buffered) {
        return rc; /* nginx goes on reading a file */
    }

    fetch->done = 1;

    /* nothing may run it any more, though it be posted still */

    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_http_post_request(fetch->ctx->request, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
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
