/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The variables, for logs and maps.  In: a request and its context.  Out: what
 * the request was, and what it took.
 */

#include "conf/ngx_http_usage_conf.h"
#include "pace/ngx_http_usage_pace.h"
#include "sign/ngx_http_usage_sign.h"

#include "sign/usage_sign.h"


/* digits of a token's SHA-256, as logs show them */
#define NGX_HTTP_USAGE_FINGERPRINT  16


static ngx_int_t ngx_http_usage_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_mode_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_set_text(ngx_http_variable_value_t *v,
    ngx_str_t *text);
static ngx_int_t ngx_http_usage_number_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_usage_credential_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


enum {
    NGX_HTTP_USAGE_PROJECT_ID = 0,
    NGX_HTTP_USAGE_ERROR
};


enum {
    NGX_HTTP_USAGE_DAYS = 0,
    NGX_HTTP_USAGE_DESKTOPS,
    NGX_HTTP_USAGE_CALLS,
    NGX_HTTP_USAGE_STORED
};


static ngx_http_variable_t  ngx_http_usage_vars[] = {

    { ngx_string("usage_project_id"), NULL,
      ngx_http_usage_text_variable, NGX_HTTP_USAGE_PROJECT_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_mode"), NULL,
      ngx_http_usage_mode_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_days"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_DAYS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_desktops"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_DESKTOPS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_calls"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_CALLS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_waited"), NULL,
      ngx_http_usage_time_variable, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_stored"), NULL,
      ngx_http_usage_number_variable, NGX_HTTP_USAGE_STORED,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("usage_credential"), NULL,
      ngx_http_usage_credential_variable, 0, 0, 0 },

    { ngx_string("usage_error"), NULL,
      ngx_http_usage_text_variable, NGX_HTTP_USAGE_ERROR,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_http_usage_text_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              text;
    ngx_http_usage_ctx_t  *ctx;

    ngx_str_null(&text);

    ctx = ngx_http_usage_find_ctx(r->main);

    if (ctx && data == NGX_HTTP_USAGE_PROJECT_ID) {
        text.data = (u_char *) ctx->inbound.project_id.data;
        text.len = ctx->inbound.project_id.len;

    } else if (ctx && ctx->blame.told) {
        text.data = (u_char *) ctx->error.detail;
        text.len = ngx_strlen(ctx->error.detail);
    }

    return ngx_http_usage_set_text(v, &text);
}


static ngx_int_t
ngx_http_usage_mode_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_usage_ctx_t   *ctx;
    ngx_http_usage_mode_t   mode;

    ctx = ngx_http_usage_find_ctx(r->main);

    if (ctx == NULL) {
        return ngx_http_usage_set_text(v, NULL);
    }

    mode = ngx_http_usage_mode_done(ctx);

    return ngx_http_usage_set_text(v, &ngx_http_usage_modes[mode]);
}


/*
 * Sets a variable's value.  NULL, or an empty text: it has none.
 */

static ngx_int_t
ngx_http_usage_set_text(ngx_http_variable_value_t *v, ngx_str_t *text)
{
    if (text == NULL || text->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = text->data;
    v->len = text->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_number_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              text;
    ngx_uint_t             n;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_usage_find_ctx(r->main);

    if (ctx == NULL) {
        return ngx_http_usage_set_text(v, NULL);
    }

    switch (data) {

    case NGX_HTTP_USAGE_DAYS:
        n = ctx->inbound.parsed ? usage_request_days(&ctx->inbound.request) : 0;
        break;

    case NGX_HTTP_USAGE_DESKTOPS:
        n = ctx->answer.sent;
        break;

    case NGX_HTTP_USAGE_STORED:
        n = ctx->answer.stored;
        break;

    default: /* NGX_HTTP_USAGE_CALLS */
        n = ctx->fetches ? ctx->fetches->started : 0;
        break;
    }

    text.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%ui", n) - text.data;

    return ngx_http_usage_set_text(v, &text);
}


static ngx_int_t
ngx_http_usage_time_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t              text;
    ngx_msec_t             ms;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_usage_find_ctx(r->main);

    if (ctx == NULL) {
        return ngx_http_usage_set_text(v, NULL);
    }

    text.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    ms = ngx_http_usage_waited(ctx);
    text.len = ngx_sprintf(text.data, "%T.%03M", (time_t) (ms / 1000),
                           ms % 1000)
               - text.data;

    return ngx_http_usage_set_text(v, &text);
}


/*
 * Makes $usage_credential: a fingerprint of the request's token, or the access
 * key that it names.
 */

static ngx_int_t
ngx_http_usage_credential_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    char          hex[USAGE_SIGN_HEX_LEN];
    u_char       *p;
    ngx_str_t    *token, shown;
    usage_str_t   text;

    token = ngx_http_usage_token(r->main);

    if (token) {
        text.data = (char *) token->data;
        text.len = token->len;

        if (usage_sign_hash(text, hex) != USAGE_OK) {
            return NGX_ERROR;
        }

        text.data = hex;
        text.len = NGX_HTTP_USAGE_FINGERPRINT;

    } else if (ngx_http_usage_access_key(r->main, &text) != NGX_OK) {
        return ngx_http_usage_set_text(v, NULL);
    }

    shown.data = ngx_pnalloc(r->pool, sizeof("token:") - 1 + text.len);
    if (shown.data == NULL) {
        return NGX_ERROR;
    }

    p = token ? ngx_cpymem(shown.data, "token:", sizeof("token:") - 1)
              : ngx_cpymem(shown.data, "key:", sizeof("key:") - 1);
    p += usage_show(text, (char *) p);

    shown.len = p - shown.data;

    return ngx_http_usage_set_text(v, &shown);
}


ngx_int_t
ngx_http_usage_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_usage_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
