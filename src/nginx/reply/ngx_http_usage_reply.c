/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The reply.  In: the entries to list, or what went wrong.  Out: status,
 * headers and body, and one line in the error log for a request that failed.
 */

#include "reply/ngx_http_usage_reply.h"
#include "reply/ngx_http_usage_reply_headers.h"
#include "sign/ngx_http_usage_sign.h"

#include "base/usage_json.h"


static void ngx_http_usage_answer(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len);
static void ngx_http_usage_fail(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len, ngx_str_t *retry_after);
static size_t ngx_http_usage_refused_key(ngx_http_usage_ctx_t *ctx,
    u_char *text);
static void ngx_http_usage_explain(ngx_http_request_t *r,
    usage_error_t *error);
static usage_time_form_t ngx_http_usage_time_form(ngx_http_request_t *r);
static usage_time_form_t ngx_http_usage_auto_form(ngx_http_request_t *r);


static ngx_str_t  ngx_http_usage_json_type = ngx_string("application/json");


void
ngx_http_usage_reply_ok(ngx_http_usage_ctx_t *ctx)
{
    usage_str_t                 reply;
    usage_form_t                form;
    ngx_http_request_t         *r;
    ngx_http_usage_answer_t    *answer;
    ngx_http_usage_loc_conf_t  *ulcf;

    r = ctx->request;
    answer = &ctx->answer;
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    form.use_time = ngx_http_usage_time_form(r);
    form.hour_format = (char *) ulcf->hour_format.data;

    if (usage_reply_write(&ctx->inbound.request, answer->items, answer->count,
                          answer->elements, answer->total, &form, &ctx->pool,
                          &reply)
        != USAGE_OK
        || ngx_http_usage_add_unattributed(ctx) != NGX_OK
        || ngx_http_usage_add_provisional(ctx) != NGX_OK)
    {
        (void) usage_no_memory(&ctx->pool, &ctx->error);
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    answer->sent = answer->count;

    if (ctx->hooks.answered) {
        ctx->hooks.answered(ctx);
    }

    ngx_http_usage_answer(ctx, NGX_HTTP_OK, (u_char *) reply.data, reply.len);
}


/*
 * Returns the form of use_time that usage_use_time says.
 */

static usage_time_form_t
ngx_http_usage_time_form(ngx_http_request_t *r)
{
    static const usage_str_t  automatic = usage_string("auto");
    static const usage_str_t  number = usage_string("number");
    static const usage_str_t  string = usage_string("string");

    char                        text[USAGE_SHOWN_MAX];
    ngx_str_t                   value;
    usage_str_t                 shown;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    if (ulcf->use_time == NULL) {
        return ngx_http_usage_auto_form(r);
    }

    if (ngx_http_complex_value(r, ulcf->use_time, &value) != NGX_OK) {
        ngx_str_null(&value);
    }

    shown.data = (char *) value.data;
    shown.len = value.len;

    if (usage_str_equal(shown, number)) {
        return USAGE_TIME_NUMBER;
    }

    if (usage_str_equal(shown, string)) {
        return USAGE_TIME_STRING;
    }

    if (!usage_str_equal(shown, automatic)) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "usage_use_time is \"%*s\", none of \"auto\", "
                      "\"number\" and \"string\": it is taken as \"auto\"",
                      usage_show(shown, text), text);
    }

    return ngx_http_usage_auto_form(r);
}


/*
 * Returns the form that the client takes.
 */

static usage_time_form_t
ngx_http_usage_auto_form(ngx_http_request_t *r)
{
    usage_str_t       user_agent;
    ngx_table_elt_t  *header;

    header = r->headers_in.user_agent;

    user_agent.data = header ? (char *) header->value.data : "";
    user_agent.len = header ? header->value.len : 0;

    return usage_time_form(user_agent);
}


void
ngx_http_usage_reply_error(ngx_http_usage_ctx_t *ctx, ngx_str_t *retry_after)
{
    size_t   len;
    u_char  *p;

    p = ngx_pnalloc(ctx->request->pool, USAGE_ERROR_JSON_MAX);
    if (p == NULL) {
        ngx_http_finalize_request(ctx->request, NGX_ERROR);
        return;
    }

    len = usage_error_json(ctx->error.status, ctx->error.detail, (char *) p);

    ngx_http_usage_fail(ctx, ctx->error.status, p, len, retry_after);
}


void
ngx_http_usage_reply_upstream(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    ngx_http_usage_fail(ctx, fetch->status, fetch->body.data, fetch->body.len,
                        &fetch->retry_after);
}


/*
 * Logs that the request failed, and sends the reply.
 */

static void
ngx_http_usage_fail(ngx_http_usage_ctx_t *ctx, ngx_uint_t status, u_char *data,
    size_t len, ngx_str_t *retry_after)
{
    static ngx_str_t  allow = ngx_string("POST");

    u_char               text[USAGE_SHOWN_MAX];
    size_t               key;
    ngx_http_request_t  *r;

    r = ctx->request;

    ctx->blame.told = 1;

    key = ngx_http_usage_refused_key(ctx, text);

    if (!ctx->answerer.compared) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "usage: the legacy call is answered %ui: "
                      "%s%s%s%s%V%s%V%s%*s",
                      status, ctx->error.detail,
                      ctx->blame.action ? "; missing right: " : "",
                      ctx->blame.action ? ctx->blame.action : "",
                      ctx->blame.reply.len ? "; the reply is not JSON: " : "",
                      &ctx->blame.reply,
                      ctx->blame.uri.len ? "; upstream call: " : "",
                      &ctx->blame.uri, key ? "; access key: " : "", key, text);
    }

    if (ngx_http_usage_add_retry_after(r, status, retry_after) != NGX_OK
        || (status == NGX_HTTP_NOT_ALLOWED
            && ngx_http_usage_add_header(r, "Allow", &allow) != NGX_OK))
    {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_usage_answer(ctx, status, data, len);
}


/*
 * Copies the access key of a request whose signature is refused, for the log.
 * Returns its length, or 0.
 */

static size_t
ngx_http_usage_refused_key(ngx_http_usage_ctx_t *ctx, u_char *text)
{
    usage_str_t  key;

    if (!ctx->caller.refused
        || ngx_http_usage_access_key(ctx->request, &key) != NGX_OK)
    {
        return 0;
    }

    ngx_memcpy(text, key.data, key.len);

    return usage_text_clean((char *) text, key.len);
}


static void
ngx_http_usage_answer(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len)
{
    ngx_http_request_t  *r;

    if (ctx->hooks.reply) {
        ctx->hooks.reply(ctx, status, data, len);
        return;
    }

    r = ctx->request;

    r->headers_out.status = status;
    r->headers_out.content_type = ngx_http_usage_json_type;
    r->headers_out.content_type_len = ngx_http_usage_json_type.len;

    if (ngx_http_usage_add_headers(ctx) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_usage_send(ctx, data, len);
}


void
ngx_http_usage_send(ngx_http_usage_ctx_t *ctx, u_char *data, size_t len)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;
    ctx->answer.begun = 1;

    /* a reply that is computed has no validators for "If-Match" to fail on */

    r->disable_not_modified = 1;

    r->headers_out.content_length_n = len;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    ngx_http_finalize_request(r, ngx_http_output_filter(r, &out));
}


ngx_int_t
ngx_http_usage_reply_replace(ngx_http_request_t *r)
{
    u_char                *p;
    ngx_buf_t             *b;
    ngx_uint_t             status;
    ngx_chain_t           *cl;
    ngx_http_usage_ctx_t  *ctx;

    status = r->headers_out.status;

    ctx = ngx_http_usage_get_ctx(r);
    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);
    p = ngx_pnalloc(r->pool, USAGE_ERROR_JSON_MAX);

    if (ctx == NULL || b == NULL || cl == NULL || p == NULL
        || ngx_http_usage_add_retry_after(r, status, NULL) != NGX_OK
        || ngx_http_usage_add_headers(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_usage_explain(r, &ctx->error);

    ctx->blame.told = 1;

    b->pos = p;
    b->last = p + usage_error_json(status, ctx->error.detail, (char *) p);
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;
    ctx->answer.replacement = cl;

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_length_n = b->last - b->pos;
    r->headers_out.content_type = ngx_http_usage_json_type;
    r->headers_out.content_type_len = ngx_http_usage_json_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    return NGX_OK;
}


static void
ngx_http_usage_explain(ngx_http_request_t *r, usage_error_t *error)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->headers_out.status != NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
        (void) usage_error(error, r->headers_out.status,
                           "the gateway itself answered %u",
                           (unsigned) r->headers_out.status);

    } else if (r->headers_in.content_length_n > 0) {
        (void) usage_error(error, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                           "the body has %lld bytes; allowed: at most %lld",
                           (long long) r->headers_in.content_length_n,
                           (long long) clcf->client_max_body_size);

    } else {
        (void) usage_error(error, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE,
                           "the body is too large; allowed: at most %lld bytes",
                           (long long) clcf->client_max_body_size);
    }
}
