/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode: who answers the legacy call, and the way to the legacy endpoint.
 */

#include "modes/ngx_http_usage_mode.h"


static void ngx_http_usage_kept_ctx(void *data);
static ngx_int_t ngx_http_usage_keep_ctx(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_hide_header(ngx_http_request_t *r,
    ngx_str_t *names);


ngx_str_t  ngx_http_usage_modes[NGX_HTTP_USAGE_MODES] = {
    ngx_string("translate"),
    ngx_string("passthrough"),
    ngx_string("compare"),
    ngx_string("fallback"),
    ngx_string("fallback:translate")
};


/*
 * The mode of that name, or NGX_HTTP_USAGE_MODES.
 */

static ngx_http_usage_mode_t
ngx_http_usage_mode_named(ngx_str_t *name)
{
    ngx_http_usage_mode_t  mode;

    for (mode = 0; mode < NGX_HTTP_USAGE_MODE_TRANSLATED; mode++) {
        if (name->len == ngx_http_usage_modes[mode].len
            && ngx_strncmp(name->data, ngx_http_usage_modes[mode].data,
                           name->len)
               == 0)
        {
            return mode;
        }
    }

    return NGX_HTTP_USAGE_MODES;
}


char *
ngx_http_usage_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ulcf->mode->lengths == NULL
        && ngx_http_usage_mode_named(&value[1]) == NGX_HTTP_USAGE_MODES)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"translate\", "
                           "\"passthrough\", \"compare\", \"fallback\" or a "
                           "variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    if ((ulcf->mode->lengths
         || ngx_http_usage_mode_named(&value[1])
            == NGX_HTTP_USAGE_MODE_FALLBACK)
        && ngx_http_usage_breaker_zone(cf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_usage_mode_may_be(ngx_http_usage_loc_conf_t *conf,
    ngx_http_usage_mode_t mode)
{
    if (conf->mode == NULL) {
        return mode == NGX_HTTP_USAGE_MODE_TRANSLATE;
    }

    return conf->mode->lengths
           || ngx_http_usage_mode_named(&conf->mode->value) == mode;
}


void
ngx_http_usage_set_mode(ngx_http_usage_ctx_t *ctx)
{
    char                 text[USAGE_SHOWN_MAX];
    ngx_str_t            value;
    usage_str_t          shown;
    ngx_http_request_t  *r;

    r = ctx->request;
    ctx->mode = NGX_HTTP_USAGE_MODE_TRANSLATE;

    if (ctx->conf->mode == NULL) {
        return;
    }

    if (ngx_http_complex_value(r, ctx->conf->mode, &value) != NGX_OK) {
        ngx_str_set(&value, "");
    }

    ctx->mode = ngx_http_usage_mode_named(&value);

    if (ctx->mode == NGX_HTTP_USAGE_MODES) {
        ctx->mode = NGX_HTTP_USAGE_MODE_TRANSLATE;

        shown.data = (char *) value.data;
        shown.len = value.len;

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "usage_mode is \"%*s\", which is no mode: the call is "
                      "translated", usage_show(shown, text), text);
    }
}


ngx_http_usage_mode_t
ngx_http_usage_mode_done(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->mode == NGX_HTTP_USAGE_MODE_FALLBACK && ctx->translated) {
        return NGX_HTTP_USAGE_MODE_TRANSLATED;
    }

    return ctx->mode;
}


ngx_int_t
ngx_http_usage_legacy_uri(ngx_http_usage_ctx_t *ctx, ngx_pool_t *pool,
    ngx_str_t *uri)
{
    u_char              *p;
    ngx_http_request_t  *r;

    r = ctx->request;

    uri->len = ctx->conf->prefix.len + r->uri.len;
    uri->data = ngx_pnalloc(pool, uri->len);

    if (uri->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(uri->data, ctx->conf->prefix.data, ctx->conf->prefix.len);
    ngx_memcpy(p, r->uri.data, r->uri.len);

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_pass(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t            uri, args;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_usage_keep_ctx(ctx) != NGX_OK
        || ngx_http_usage_legacy_uri(ctx, r->pool, &uri) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error.status = 0;
    ctx->passed = 1;
    ctx->uri = r->uri;
    ctx->uri_changes = r->uri_changes - 1;

    args = r->args;

    return ngx_http_internal_redirect(r, &uri, &args);
}


/*
 * An internal redirect clears the contexts of modules: this one is found again
 * by its place among the handlers for the end of the request's memory.
 */

static ngx_int_t
ngx_http_usage_keep_ctx(ngx_http_usage_ctx_t *ctx)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_usage_kept_ctx;
    cln->data = ctx;

    return NGX_OK;
}


static void
ngx_http_usage_kept_ctx(void *data)
{
    /* nothing ends with it */
}


ngx_http_usage_ctx_t *
ngx_http_usage_find_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t    *cln;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx || r != r->main || !(r->internal || r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_http_usage_kept_ctx) {
            continue;
        }

        ctx = cln->data;

        /* subrequests, as of a mirror, have the same memory */

        if (ctx->request == r) {
            ngx_http_set_ctx(r, ctx, ngx_http_usage_module);
            return ctx;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_usage_pass_header(ngx_http_usage_ctx_t *ctx, ngx_http_request_t *r)
{
    static ngx_str_t  deprecation[] = {
        ngx_string("deprecation"),
        ngx_null_string
    };

    static ngx_str_t  sunset[] = {
        ngx_string("sunset"),
        ngx_null_string
    };

    /* what the client asked for, in logs */

    r->uri = ctx->uri;

    ngx_http_usage_parse_passed(ctx);

    /* a page of nginx itself, where error_page didn't lead elsewhere */

    if (r->err_status >= NGX_HTTP_BAD_REQUEST
        && r->uri_changes == ctx->uri_changes)
    {
        return ngx_http_usage_reply_replace(r);
    }

    if (ctx->capture) {
        ngx_http_usage_compare_header(ctx);
    }

    /* what the endpoint itself says of its end is not said twice */

    if (ctx->conf->deprecation.len) {
        ngx_http_usage_hide_header(r, deprecation);
    }

    if (ctx->conf->sunset.len) {
        ngx_http_usage_hide_header(r, sunset);
    }

    return ngx_http_usage_add_deprecation(ctx);
}


static void
ngx_http_usage_hide_header(ngx_http_request_t *r, ngx_str_t *names)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_out.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_header_in(header, names)) {
            header->hash = 0;
        }
    }
}
