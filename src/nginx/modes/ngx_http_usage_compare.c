/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode's compare.  In: a request.  The client gets the legacy endpoint's
 * reply, as with passthrough.  When a copy of that is complete, a detached
 * request makes the translation.  Out: both replies, to be compared.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"


/* comparisons take at most 1/16 of a worker's connections */
#define NGX_HTTP_USAGE_COMPARE_SHARE  16


struct ngx_http_usage_compare_s {
    ngx_http_request_t              *request; /* the detached one */
    ngx_http_usage_ctx_t            *client;  /* NULL: it is served, or left */
    ngx_http_usage_capture_t         capture;
    ngx_http_usage_compare_reply_t   legacy;
};


static ngx_int_t ngx_http_usage_compare_create(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_compare_left(void *data);
static void ngx_http_usage_compare_ended(void *data);
static ngx_int_t ngx_http_usage_compare_readable(ngx_http_request_t *r);
static void ngx_http_usage_compare_complete(ngx_event_t *ev);
static const char *ngx_http_usage_compare_judge(
    ngx_http_usage_compare_t *compare);
static void ngx_http_usage_compare_skip(ngx_log_t *log, const char *why);
static void ngx_http_usage_compare_run(ngx_http_usage_compare_t *compare);
static void ngx_http_usage_compare_take(ngx_http_usage_ctx_t *ctx,
    ngx_uint_t status, u_char *data, size_t len);


/* comparisons that are under way in this worker */

static ngx_uint_t  ngx_http_usage_compares;


char *
ngx_http_usage_compare_sample(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (ulcf->compare_sample != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->compare_sample = 0;
        return NGX_CONF_OK;
    }

    if (value[1].len > 1 && value[1].data[value[1].len - 1] == '%') {
        n = ngx_atofp(value[1].data, value[1].len - 1, 2);

    } else {
        n = ngx_atofp(value[1].data, value[1].len, 4);
    }

    if (n < 0 || n > NGX_HTTP_USAGE_SHARE_ALL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be a percentage, as "
                           "\"10%%\" or \"0.25%%\", a share, as \"0.1\", "
                           "or \"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    ulcf->compare_sample = n;

    return NGX_CONF_OK;
}


char *
ngx_http_usage_compare_log(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t  *value;

    if (ulcf->compare_log != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0 || ngx_strncmp(value[1].data, "syslog:", 7) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be a file",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    ulcf->compare_log = ngx_conf_open_file(cf->cycle, &value[1]);

    return ulcf->compare_log ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_uint_t
ngx_http_usage_compare_chooses(ngx_http_usage_ctx_t *ctx)
{
    /* a subrequest, as of a mirror, is not compared: nginx drops its reply */

    return ctx->request == ctx->request->main
           && (ngx_int_t) (ngx_random() % NGX_HTTP_USAGE_SHARE_ALL)
              < ctx->conf->compare_sample;
}


ngx_int_t
ngx_http_usage_compare_pass(ngx_http_usage_ctx_t *ctx)
{
    ngx_log_t  *log;

    log = ctx->request->connection->log;

    if (ngx_http_usage_compares
        >= ngx_max(ngx_cycle->connection_n / NGX_HTTP_USAGE_COMPARE_SHARE, 1))
    {
        ngx_http_usage_compare_skip(log, "too many are under way");

    } else if (ngx_http_usage_compare_create(ctx) != NGX_OK) {
        ngx_http_usage_compare_skip(log, "it could not be prepared");
    }

    return ngx_http_usage_pass(ctx);
}


static ngx_int_t
ngx_http_usage_compare_create(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t                  id;
    ngx_pool_cleanup_t        *left, *ended;
    ngx_http_request_t        *r;
    ngx_http_usage_compare_t  *compare;

    left = ngx_pool_cleanup_add(ctx->request->pool, 0);

    if (ngx_http_usage_endpoint(ctx) == NULL || left == NULL
        || ctx->inbound.body.data == NULL
        || ngx_http_usage_own_request_id(ctx->request, &id) != NGX_OK)
    {
        return NGX_ERROR;
    }

    r = ngx_http_usage_detached_create(ctx->request,
                                       (u_char *) ctx->inbound.body.data,
                                       ctx->inbound.body.len);
    if (r == NULL) {
        return NGX_ERROR;
    }

    compare = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_compare_t));
    ended = ngx_pool_cleanup_add(r->pool, 0);

    if (compare == NULL || ended == NULL
        || ngx_http_usage_compare_readable(ctx->request) != NGX_OK)
    {
        ngx_http_usage_detached_end(r);
        return NGX_ERROR;
    }

    compare->request = r;
    compare->client = ctx;
    compare->capture.pool = r->pool;
    compare->capture.event.handler = ngx_http_usage_compare_complete;
    compare->capture.event.data = compare;
    compare->capture.event.log = r->connection->log;

    ended->handler = ngx_http_usage_compare_ended;
    ended->data = compare;

    left->handler = ngx_http_usage_compare_left;
    left->data = ctx;

    ctx->endpoint->capture = &compare->capture;

    ngx_http_usage_compares++;

    return NGX_OK;
}


/*
 * Takes Accept-Encoding out of a request, so that its reply can be read.
 */

static ngx_int_t
ngx_http_usage_compare_readable(ngx_http_request_t *r)
{
    ngx_list_t  *headers;

    headers = ngx_palloc(r->pool, sizeof(ngx_list_t));

    if (headers == NULL
        || ngx_http_usage_endpoint_headers(r, headers, 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_in.headers = *headers;

    if (headers->last == &headers->part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    return NGX_OK;
}


/*
 * Ends the comparison if the client's request ends before its reply did.
 */

static void
ngx_http_usage_compare_left(void *data)
{
    ngx_http_usage_ctx_t *ctx = data;

    ngx_http_usage_compare_t  *compare;

    if (ctx->endpoint->capture == NULL) {
        return;
    }

    compare = ctx->endpoint->capture->event.data;

    ctx->endpoint->capture = NULL;
    compare->client = NULL;

    if (!compare->capture.event.posted) {
        ngx_http_usage_compare_skip(compare->request->connection->log,
                                    "the legacy endpoint's reply did not "
                                    "reach its end");
        ngx_http_usage_detached_end(compare->request);
    }
}


/*
 * Ends the comparison with the detached request.
 */

static void
ngx_http_usage_compare_ended(void *data)
{
    ngx_http_usage_compare_t  *compare = data;

    ngx_http_usage_compares--;

    if (compare->client) {
        compare->client->endpoint->capture = NULL;
    }

    if (compare->capture.event.posted) {
        ngx_delete_posted_event(&compare->capture.event);
    }
}


/*
 * Starts the translation: the legacy endpoint's reply is complete, and on its
 * way to the client.
 */

static void
ngx_http_usage_compare_complete(ngx_event_t *ev)
{
    const char                *why;
    ngx_connection_t          *c;
    ngx_http_usage_compare_t  *compare;

    compare = ev->data;
    c = compare->request->connection;

    if (compare->client) {
        compare->client->endpoint->capture = NULL;
        compare->client = NULL;
    }

    why = ngx_http_usage_compare_judge(compare);

    if (why) {
        ngx_http_usage_compare_skip(c->log, why);
        ngx_http_usage_detached_end(compare->request);
        return;
    }

    ngx_http_usage_compare_run(compare);
    ngx_http_run_posted_requests(c);
}


/*
 * Returns why the reply can't be compared, or NULL.
 */

static const char *
ngx_http_usage_compare_judge(ngx_http_usage_compare_t *compare)
{
    ngx_http_usage_compare_reply_t  *legacy;

    legacy = &compare->legacy;
    legacy->status = compare->capture.status;

    if (legacy->status == 0) {
        return "the legacy endpoint could not be asked";
    }

    if (compare->capture.encoded) {
        return "the legacy endpoint's reply is encoded";
    }

    if (compare->capture.too_large) {
        return "the legacy endpoint's reply is too large";
    }

    legacy->body.data = (char *) compare->capture.data;
    legacy->body.len = compare->capture.len;

    if (usage_legacy_judge(&legacy->read, legacy->status, legacy->body, 0)
        != USAGE_LEGACY_ANSWER)
    {
        return legacy->read.error.detail;
    }

    if (legacy->status == NGX_HTTP_TOO_MANY_REQUESTS
        || legacy->status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        return "the legacy endpoint had no answer for this one";
    }

    return NULL;
}


static void
ngx_http_usage_compare_skip(ngx_log_t *log, const char *why)
{
    ngx_log_error(NGX_LOG_INFO, log, 0, "usage: a call is not compared: %s",
                  why);
}


static void
ngx_http_usage_compare_run(ngx_http_usage_compare_t *compare)
{
    usage_str_t            path;
    ngx_http_request_t    *r;
    ngx_http_usage_ctx_t  *ctx;

    r = compare->request;

    ctx = ngx_http_usage_get_ctx(r);

    if (ctx == NULL || ngx_http_usage_endpoint(ctx) == NULL) {
        ngx_http_usage_detached_end(r);
        return;
    }

    ctx->answerer.mode = NGX_HTTP_USAGE_MODE_COMPARE;
    ctx->answerer.compared = 1;
    ctx->endpoint->compare = compare;
    ctx->hooks.reply = ngx_http_usage_compare_take;

    path.data = (char *) r->uri.data;
    path.len = r->uri.len;

    (void) ngx_http_usage_route(ctx, path);

    (void) ngx_http_usage_parse(ctx);

    ngx_http_usage_translate_call(ctx);
}


/*
 * Takes the translated reply; the detached request ends with it.
 */

static void
ngx_http_usage_compare_take(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len)
{
    ngx_http_usage_compare_reply_t  translated;

    translated.status = status;
    translated.body.data = (char *) data;
    translated.body.len = len;

    (void) usage_legacy_judge(&translated.read, status, translated.body, 0);

    ngx_http_usage_compare_report(ctx, &ctx->endpoint->compare->legacy,
                                  &translated);
    ngx_http_usage_detached_end(ctx->request);
}
