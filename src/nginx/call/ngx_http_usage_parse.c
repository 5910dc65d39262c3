/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the client asks for: the path and the body of its request, read by the
 * core.
 */

#include "call/ngx_http_usage_call.h"


static ngx_int_t ngx_http_usage_parse_project(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_copy_body(ngx_http_request_t *r, u_char *p);
static ngx_int_t ngx_http_usage_get_body(ngx_http_usage_ctx_t *ctx,
    usage_str_t *body);


ngx_uint_t
ngx_http_usage_route(ngx_http_usage_ctx_t *ctx, usage_str_t path)
{
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    ctx->inbound.path = path;

    return usage_patterns_route(umcf->patterns, path,
                                &ctx->inbound.project_id);
}


ngx_int_t
ngx_http_usage_parse(ngx_http_usage_ctx_t *ctx)
{
    usage_rules_t                rules;
    ngx_http_usage_inbound_t    *inbound;
    ngx_http_usage_main_conf_t  *umcf;

    inbound = &ctx->inbound;
    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    if (ngx_http_usage_parse_project(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    rules.desktops_memory = ctx->conf->retention_desktops;
    rules.users_memory = ctx->conf->retention_users;
    rules.records_memory = ctx->conf->retention_records;
    rules.connections = ctx->conf->connections;
    rules.one_project = inbound->enterprise_project.len > 0;
    rules.monitoring = ctx->conf->monitoring;

    if (ngx_http_usage_get_body(ctx, &inbound->body) != NGX_OK
        || usage_request_parse(&inbound->request, &ctx->pool, umcf->patterns,
                               inbound->body, ngx_time(), &rules, &ctx->error)
           != USAGE_OK)
    {
        return NGX_ERROR;
    }

    inbound->parsed = 1;

    return NGX_OK;
}


/*
 * The value of usage_enterprise_project, for this request.
 */

static ngx_int_t
ngx_http_usage_parse_project(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t  value;

    ngx_str_null(&value);

    if (ctx->conf->enterprise_project
        && ngx_http_complex_value(ctx->request, ctx->conf->enterprise_project,
                                  &value)
           != NGX_OK)
    {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        return NGX_ERROR;
    }

    ctx->inbound.enterprise_project.data = value.len ? (char *) value.data : "";
    ctx->inbound.enterprise_project.len = value.len;

    return NGX_OK;
}


void
ngx_http_usage_parse_passed(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->inbound.body.data || r->request_body == NULL
        || r->request_body_no_buffering || r->method != NGX_HTTP_POST
        || ctx->inbound.project_id.len == 0)
    {
        return;
    }

    (void) ngx_http_usage_parse(ctx);
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
