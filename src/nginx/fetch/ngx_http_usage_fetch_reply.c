/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The reply to an upstream call, as it comes: a page of statistics is read in
 * pieces, all else is kept until it is complete.
 */

#include "fetch/ngx_http_usage_fetch.h"


/* the largest reply that is kept: of the directory, or an error */
#define NGX_HTTP_USAGE_BODY_MAX   (8 * 1024 * 1024)
#define NGX_HTTP_USAGE_BODY_SIZE  4096


static ngx_int_t ngx_http_usage_fetch_unbuffer(ngx_http_usage_fetch_t *fetch,
    ngx_http_upstream_t *u);
static void ngx_http_usage_fetch_finalize_upstream(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_int_t ngx_http_usage_fetch_data(ngx_http_usage_fetch_t *fetch,
    ngx_buf_t *b);
static void ngx_http_usage_fetch_give_up(ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_fetch_keep(ngx_http_usage_fetch_t *fetch,
    u_char *data, size_t len);
static ngx_uint_t ngx_http_usage_retry_after_is(ngx_str_t *value);


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

    if (fetch->kind == NGX_HTTP_USAGE_FETCH_SHARE) {
        fetch->status = r->headers_out.status;
        return NGX_OK;
    }

    fetch->complete = 0;
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

    fetch->reads = fetch->kind != NGX_HTTP_USAGE_FETCH_LEGACY
                   && fetch->status == NGX_HTTP_OK
                   && fetch->ctx->fetches->read(fetch);

    encoding = r->headers_out.content_encoding;

    if (fetch->kind != NGX_HTTP_USAGE_FETCH_LEGACY
        && fetch->status == NGX_HTTP_OK
        && encoding && encoding->value.len
        && ngx_strcasecmp(encoding->value.data, (u_char *) "identity") != 0)
    {
        (void) usage_error(&fetch->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply has Content-Encoding: %.*s, "
                           "which this gateway never asks for",
                           (int) ngx_min(encoding->value.len, USAGE_SHOWN_MAX),
                           (char *) encoding->value.data);
        ngx_http_usage_fetch_give_up(fetch);
    }

    part = &r->headers_out.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {

        if (header->hash != 0
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
            fetch->complete = 1;
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

    if (fetch->nonsense || !ngx_buf_in_memory(b)
        || fetch->kind == NGX_HTTP_USAGE_FETCH_SHARE)
    {
        return NGX_OK;
    }

    len = b->last - b->pos;

    head = ngx_min(len, NGX_HTTP_USAGE_HEAD - fetch->head_len);
    ngx_memcpy(fetch->head + fetch->head_len, b->pos, head);
    fetch->head_len += head;

    if (!fetch->reads) {
        return ngx_http_usage_fetch_keep(fetch, b->pos, len);
    }

    if (usage_page_feed(&fetch->reader, (char *) b->pos, len) != USAGE_OK) {
        ngx_http_usage_fetch_give_up(fetch);
    }

    return NGX_OK;
}


/*
 * fetch->error is what is wrong with the reply; the rest of it makes it no
 * better.
 */

static void
ngx_http_usage_fetch_give_up(ngx_http_usage_fetch_t *fetch)
{
    fetch->nonsense = 1;

    ngx_http_usage_wake(fetch->ctx);
}


static ngx_int_t
ngx_http_usage_fetch_keep(ngx_http_usage_fetch_t *fetch, u_char *data,
    size_t len)
{
    u_char                *p;
    size_t                 size, max, used;
    ngx_uint_t             legacy;
    ngx_http_usage_ctx_t  *ctx;

    ctx = fetch->ctx;
    legacy = fetch->kind == NGX_HTTP_USAGE_FETCH_LEGACY;
    max = legacy ? NGX_HTTP_USAGE_LEGACY_MAX : NGX_HTTP_USAGE_BODY_MAX;

    if (fetch->too_large || len > max - fetch->body.len) {
        fetch->too_large = 1;

        if (legacy) {
            return NGX_OK;
        }

        (void) usage_error(&fetch->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply is too large");

        ngx_http_usage_fetch_give_up(fetch);
        return NGX_OK;
    }

    if (fetch->body.len + len > fetch->body_size) {
        size = ngx_max(fetch->body_size * 2, NGX_HTTP_USAGE_BODY_SIZE);
        size = ngx_max(size, fetch->body.len + len);

        if (!usage_take(&ctx->pool, size)) {
            (void) usage_no_memory(&ctx->pool, &fetch->error);
            ngx_http_usage_fetch_give_up(fetch);
            return NGX_OK;
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
 * Whether it is a number of seconds, or a date in one of the forms of HTTP,
 * which nginx's parser alone takes with anything before and behind it.
 */

static ngx_uint_t
ngx_http_usage_retry_after_is(ngx_str_t *value)
{
    static const char  days[] = "MonTueWedThuFriSatSun";
    static const char  shortest[] = "Sun Nov  6 08:49:37 1994";

    size_t      len;
    u_char     *p;
    ngx_uint_t  i;

    p = value->data;
    len = value->len;

    if (ngx_atotm(p, len) != NGX_ERROR) {
        return 1;
    }

    if (len < sizeof(shortest) - 1
        || ngx_parse_http_time(p, len) == NGX_ERROR
        || (len >= sizeof(shortest)
            && ngx_strncmp(p + len - 4, " GMT", 4) != 0))
    {
        return 0;
    }

    for (i = 0; i < sizeof(days) - 1; i += 3) {
        if (ngx_strncmp(p, days + i, 3) == 0) {
            return 1;
        }
    }

    return 0;
}
