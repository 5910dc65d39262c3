/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call as it comes in: its route, its method, its body.
 */

#include "modes/ngx_http_usage_mode.h"
#include "sign/ngx_http_usage_sign.h"


static void ngx_http_usage_read_body(ngx_http_request_t *r);
static void ngx_http_usage_start(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_copy_body(ngx_http_request_t *r, u_char *p);
static ngx_int_t ngx_http_usage_get_body(ngx_http_usage_ctx_t *ctx,
    usage_str_t *body);


ngx_int_t
ngx_http_usage_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    usage_str_t            path;
    ngx_http_usage_ctx_t  *ctx;

    /* one that is there is of a call before that failed (error_page) */

    ngx_http_set_ctx(r, NULL, ngx_http_usage_module);

    ctx = ngx_http_usage_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    path.data = (char *) r->uri.data;
    path.len = r->uri.len;

    if (!ngx_http_usage_route(ctx, path)) {
        (void) usage_error(&ctx->error, NGX_HTTP_NOT_FOUND,
                           "the path \"%.*s\" is not "
                           "/v2/{project_id}/desktops/statistics/used with a "
                           "project_id of 1 to 255 letters, digits, \"_\", "
                           "\"-\"", usage_shown(path), path.data);

    } else if (r->method != NGX_HTTP_POST) {
        (void) usage_error(&ctx->error, NGX_HTTP_NOT_ALLOWED,
                           "the method is %.*s; allowed: POST",
                           (int) ngx_min(r->method_name.len, USAGE_SHOWN_MAX),
                           r->method_name.data);
    }

    /* a path that is another may have anything in it: it goes nowhere */

    if (ctx->project_id.len
        && (ctx->mode == NGX_HTTP_USAGE_MODE_PASSTHROUGH
            || (ctx->mode == NGX_HTTP_USAGE_MODE_COMPARE
                && (ctx->error.status
                    || !ngx_http_usage_compare_chooses(ctx)))))
    {
        return ngx_http_usage_pass(ctx);
    }

    if (ctx->error.status) {
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        r->main->count++;
        ngx_http_usage_reply_error(ctx, NULL);

        return NGX_DONE;
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_usage_start);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    if (rc == NGX_AGAIN) {
        ctx->read_body = r->read_event_handler;
        r->read_event_handler = ngx_http_usage_read_body;
    }

    return NGX_DONE;
}


ngx_uint_t
ngx_http_usage_route(ngx_http_usage_ctx_t *ctx, usage_str_t path)
{
    ngx_uint_t                   found;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    found = usage_patterns_route(umcf->forms, path, &ctx->project_id);

    ctx->project_text.data = (u_char *) ctx->project_id.data;
    ctx->project_text.len = ctx->project_id.len;

    return found;
}


ngx_http_usage_ctx_t *
ngx_http_usage_get_ctx(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t        *ctx;
    ngx_http_usage_main_conf_t  *umcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);
    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ctx->request = r;
        ctx->conf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);
        ctx->pool.alloc = ngx_http_usage_alloc;
        ctx->pool.data = r->pool;
        ctx->pool.budget = &ctx->budget;
        ctx->pool.seed[0] = umcf->seed[0];
        ctx->pool.seed[1] = umcf->seed[1];
        ctx->budget.max = ctx->conf->memory;

        ngx_http_set_ctx(r, ctx, ngx_http_usage_module);

        ngx_http_usage_set_mode(ctx);
    }

    return ctx;
}


void *
ngx_http_usage_alloc(void *data, size_t size)
{
    return ngx_palloc(data, size);
}


/*
 * nginx closes the connection of a client that is too slow with its body; here
 * the client is told.
 */

static void
ngx_http_usage_read_body(ngx_http_request_t *r)
{
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (!c->read->timedout) {
        ctx->read_body(r);
        return;
    }

    c->read->timedout = 0;
    r->keepalive = 0;

    (void) usage_error(&ctx->error, NGX_HTTP_REQUEST_TIME_OUT,
                       "the body did not arrive in time");

    ngx_http_usage_reply_error(ctx, NULL);
}


/*
 * The body is here.
 */

static void
ngx_http_usage_start(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    (void) ngx_http_usage_parse(ctx);

    if (ctx->mode == NGX_HTTP_USAGE_MODE_COMPARE) {
        ngx_http_finalize_request(r, ngx_http_usage_compare_pass(ctx));
        return;
    }

    if (ctx->mode == NGX_HTTP_USAGE_MODE_FALLBACK
        && ngx_http_usage_legacy_start(ctx) == NGX_OK)
    {
        return;
    }

    ngx_http_usage_translate_call(ctx);
}


ngx_int_t
ngx_http_usage_parse(ngx_http_usage_ctx_t *ctx)
{
    usage_rules_t                rules;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    rules.desktops_memory = ctx->conf->retention_desktops;
    rules.users_memory = ctx->conf->retention_users;
    rules.connections = ctx->conf->connections;

    if (ngx_http_usage_get_body(ctx, &ctx->body) != NGX_OK
        || usage_request_parse(&ctx->legacy, &ctx->pool, umcf->forms,
                               ctx->body, ngx_time(), &rules, &ctx->error)
           != USAGE_OK)
    {
        return NGX_ERROR;
    }

    ctx->parsed = 1;

    return NGX_OK;
}


void
ngx_http_usage_parse_passed(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->body.data || r->request_body == NULL
        || r->request_body_no_buffering || r->method != NGX_HTTP_POST
        || ctx->project_id.len == 0)
    {
        return;
    }

    (void) ngx_http_usage_parse(ctx);
}


void
ngx_http_usage_translate_call(ngx_http_usage_ctx_t *ctx)
{
    ctx->translated = 1;
    ctx->upstream.connections = ctx->conf->connections;
    ctx->upstream.lookback = ctx->conf->lookback;
    ctx->upstream.resource_id = ctx->conf->resource_id;

    if ((ctx->body.data && ngx_http_usage_verify(ctx) != NGX_OK)
        || !ctx->parsed || ngx_http_usage_check_project(ctx) != NGX_OK
        || ngx_http_usage_known_open(ctx) != NGX_OK
        || ngx_http_usage_lookup_start(ctx) == NGX_ERROR)
    {
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    ngx_http_usage_call_start(ctx);
}


/*
 * The body as one piece, wherever nginx has it.
 */

static ngx_int_t
ngx_http_usage_get_body(ngx_http_usage_ctx_t *ctx, usage_str_t *body)
{
    off_t                size;
    u_char              *p;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;
    size = 0;

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        body->data = "";
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (size > (off_t) USAGE_BODY_MAX) {
        (void) usage_error(&ctx->error, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                           "the body has %lld bytes; allowed: at most %zu",
                           (long long) size, USAGE_BODY_MAX);
        return NGX_ERROR;
    }

    cl = r->request_body->bufs;

    if (cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        body->data = (char *) cl->buf->pos;
        body->len = size;
        return NGX_OK;
    }

    p = ngx_palloc(r->pool, size + 1);

    if (p == NULL || ngx_http_usage_copy_body(r, p) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the body could not be read");
        return NGX_ERROR;
    }

    body->data = (char *) p;
    body->len = size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_copy_body(ngx_http_request_t *r, u_char *p)
{
    size_t        size;
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, size);
            continue;
        }

        if (size == 0) {
            continue;
        }

        n = ngx_read_file(b->file, p, size, b->file_pos);

        if (n != (ssize_t) size) {
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}
