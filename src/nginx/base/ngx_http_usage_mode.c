/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode.  In: its value for a request.  Out: the mode of the request.
 */

#include "base/ngx_http_usage.h"


ngx_str_t  ngx_http_usage_modes[NGX_HTTP_USAGE_MODES] = {
    ngx_string("translate"),
    ngx_string("passthrough"),
    ngx_string("compare"),
    ngx_string("fallback"),
    ngx_string("fallback:translate")
};


ngx_http_usage_mode_t
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
    ctx->answerer.mode = NGX_HTTP_USAGE_MODE_TRANSLATE;

    if (ctx->conf->mode == NULL) {
        return;
    }

    if (ngx_http_complex_value(r, ctx->conf->mode, &value) != NGX_OK) {
        ngx_str_set(&value, "");
    }

    ctx->answerer.mode = ngx_http_usage_mode_named(&value);

    if (ctx->answerer.mode == NGX_HTTP_USAGE_MODES) {
        ctx->answerer.mode = NGX_HTTP_USAGE_MODE_TRANSLATE;

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
    if (ctx->answerer.mode == NGX_HTTP_USAGE_MODE_FALLBACK
        && ctx->answerer.translated)
    {
        return NGX_HTTP_USAGE_MODE_TRANSLATED;
    }

    return ctx->answerer.mode;
}
