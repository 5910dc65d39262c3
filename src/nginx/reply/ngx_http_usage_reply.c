/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The reply.  In: the entries to list, or what went wrong.  Out: status,
 * headers and body, and one line in the error log for a request that failed.
 */

#include "reply/ngx_http_usage_reply.h"
#include "sign/ngx_http_usage_sign.h"

#include "base/usage_json.h"
#include "base/usage_number.h"


static void ngx_http_usage_answer(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len);
static void ngx_http_usage_fail(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len, ngx_str_t *retry_after);
static size_t ngx_http_usage_refused_key(ngx_http_usage_ctx_t *ctx,
    u_char *text);
static ngx_int_t ngx_http_usage_add_retry_after(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *value);
static void ngx_http_usage_explain(ngx_http_request_t *r,
    usage_error_t *error);
static ngx_int_t ngx_http_usage_add_unattributed(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_add_provisional(ngx_http_usage_ctx_t *ctx,
    time_t final_after);
static usage_time_form_t ngx_http_usage_time_form(ngx_http_request_t *r);


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
        || ngx_http_usage_add_provisional(ctx, ulcf->final_after) != NGX_OK)
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
 * Adds the hours of the entry without a desktop_id: translation.md, "One user".
 */

static ngx_int_t
ngx_http_usage_add_unattributed(ngx_http_usage_ctx_t *ctx)
{
    char      *p;
    ngx_str_t  hours;

    if (ctx->answer.unattributed == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, USAGE_HOURS_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    hours.data = (u_char *) p;
    hours.len = usage_hours_write_number(p, ctx->answer.unattributed) - p;

    return ngx_http_usage_add_header(ctx->request, "X-Usage-Unattributed",
                                     &hours);
}


/*
 * Names the days whose figures can still change: translation.md, "Days".  Days
 * in the future are not among them.
 */

static ngx_int_t
ngx_http_usage_add_provisional(ngx_http_usage_ctx_t *ctx, time_t final_after)
{
    char             *p;
    size_t            i, past;
    int64_t           now;
    ngx_str_t         dates;
    usage_day_t       day;
    usage_request_t  *request;

    request = &ctx->inbound.request;
    now = ngx_time();
    past = usage_request_past(request, usage_day_of(now));
    p = NULL;
    ngx_str_null(&dates);

    for (i = 0; i < past; i++) {
        day = request->first + (usage_day_t) i;

        if ((int64_t) day * USAGE_SECONDS_PER_DAY + final_after <= now) {
            continue;
        }

        if (p == NULL) {
            p = ngx_pnalloc(ctx->request->pool,
                            (past - i) * (USAGE_DATE_LEN + 2));
            if (p == NULL) {
                return NGX_ERROR;
            }

            dates.data = (u_char *) p;

        } else {
            *p++ = ',';
            *p++ = ' ';
        }

        usage_day_write(day, p);
        p += USAGE_DATE_LEN;
    }

    if (p == NULL) {
        return NGX_OK;
    }

    dates.len = (u_char *) p - dates.data;

    return ngx_http_usage_add_header(ctx->request, "X-Usage-Provisional",
                                     &dates);
}


static usage_time_form_t
ngx_http_usage_time_form(ngx_http_request_t *r)
{
    char                        text[USAGE_SHOWN_MAX];
    ngx_str_t                   value;
    usage_str_t                 shown;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    if (ulcf->use_time == NULL) {
        return USAGE_TIME_NUMBER;
    }

    if (ngx_http_complex_value(r, ulcf->use_time, &value) != NGX_OK) {
        ngx_str_null(&value);
    }

    if (value.len == sizeof("string") - 1
        && ngx_strncmp(value.data, "string", value.len) == 0)
    {
        return USAGE_TIME_STRING;
    }

    if (value.len != sizeof("number") - 1
        || ngx_strncmp(value.data, "number", value.len) != 0)
    {
        shown.data = (char *) value.data;
        shown.len = value.len;

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "usage_use_time is \"%*s\", neither \"number\" nor "
                      "\"string\": a number is sent",
                      usage_show(shown, text), text);
    }

    return USAGE_TIME_NUMBER;
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
                      "usage: the legacy call is answered %ui: %s%s%V%s%V%s%*s",
                      status, ctx->error.detail,
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

    if (ngx_http_usage_add_deprecation(ctx) != NGX_OK) {
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


/*
 * Adds Retry-After (translation.md, "Errors"): the upstream's own value, or
 * else 60 to a 429.  If the value is empty, waiting doesn't help, and there is
 * none.
 */

static ngx_int_t
ngx_http_usage_add_retry_after(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *value)
{
    u_char    *p;
    ngx_str_t  text;

    if (value && value->len) {
        return ngx_http_usage_add_header(r, "Retry-After", value);
    }

    if (status != NGX_HTTP_TOO_MANY_REQUESTS || (value && value->data)) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = p;
    text.len = ngx_sprintf(p, "%d", USAGE_RETRY_AFTER) - p;

    return ngx_http_usage_add_header(r, "Retry-After", &text);
}


ngx_int_t
ngx_http_usage_add_deprecation(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_usage_loc_conf_t  *ulcf;

    r = ctx->request;
    ulcf = ctx->conf;

    if ((ulcf->deprecation.len
         && ngx_http_usage_add_header(r, "Deprecation", &ulcf->deprecation)
            != NGX_OK)
        || (ulcf->sunset.len
            && ngx_http_usage_add_header(r, "Sunset", &ulcf->sunset) != NGX_OK)
        || (ulcf->link.len
            && ngx_http_usage_add_header(r, "Link", &ulcf->link) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return NGX_OK;
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
        || ngx_http_usage_add_deprecation(ctx) != NGX_OK)
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
