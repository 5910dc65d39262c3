/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode's compare: the client gets the legacy endpoint's reply, as with
 * passthrough.  A copy of it is kept, and once it is whole, a detached request
 * translates the call, and the two are compared.
 */

#include "modes/ngx_http_usage_mode.h"


/* of a worker's connections, one in so many is for comparing */
#define NGX_HTTP_USAGE_COMPARE_SHARE  16

#define NGX_HTTP_USAGE_COMPARE_SIZE   4096


struct ngx_http_usage_compare_s {
    ngx_http_request_t              *request; /* detached */
    ngx_http_usage_ctx_t            *client;  /* NULL: it doesn't wait for it */
    ngx_event_t                      event;   /* the reply is whole */
    ngx_http_usage_compare_reply_t   legacy;
    u_char                          *data;    /* of its body */
    size_t                           len;
    size_t                           size;
    unsigned                         encoded:1;
    unsigned                         too_large:1;
};


static ngx_http_usage_compare_t *ngx_http_usage_compare_create(
    ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_compare_left(void *data);
static void ngx_http_usage_compare_ended(void *data);
static ngx_int_t ngx_http_usage_compare_readable(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_compare_keep(
    ngx_http_usage_compare_t *compare, u_char *data, size_t len);
static void ngx_http_usage_compare_whole(ngx_event_t *ev);
static const char *ngx_http_usage_compare_judge(
    ngx_http_usage_compare_t *compare);
static void ngx_http_usage_compare_skip(ngx_log_t *log, const char *why);
static void ngx_http_usage_compare_run(ngx_http_usage_compare_t *compare);


/* how many are under way in this worker */

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

    if (n < 0 || n > NGX_HTTP_USAGE_SAMPLE_ALL) {
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
    /* nginx doesn't read the reply to a subrequest, as of a mirror */

    return ctx->request == ctx->request->main
           && (ngx_int_t) (ngx_random() % NGX_HTTP_USAGE_SAMPLE_ALL)
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

    } else {
        ctx->capture = ngx_http_usage_compare_create(ctx);

        if (ctx->capture == NULL) {
            ngx_http_usage_compare_skip(log, "it could not be prepared");
        }
    }

    return ngx_http_usage_pass(ctx);
}


static ngx_http_usage_compare_t *
ngx_http_usage_compare_create(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  request_id = ngx_string("request_id");

    ngx_uint_t                 key;
    ngx_pool_cleanup_t        *left, *ended;
    ngx_http_request_t        *r;
    ngx_http_usage_compare_t  *compare;

    /* computed here, $request_id is the same for both */

    key = ngx_hash_key(request_id.data, request_id.len);
    left = ngx_pool_cleanup_add(ctx->request->pool, 0);

    if (left == NULL || ctx->body.data == NULL
        || ngx_http_get_variable(ctx->request, &request_id, key) == NULL)
    {
        return NULL;
    }

    r = ngx_http_usage_detached_create(ctx->request,
                                       (u_char *) ctx->body.data,
                                       ctx->body.len);
    if (r == NULL) {
        return NULL;
    }

    compare = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_compare_t));
    ended = ngx_pool_cleanup_add(r->pool, 0);

    if (compare == NULL || ended == NULL
        || ngx_http_usage_compare_readable(ctx->request) != NGX_OK)
    {
        ngx_http_usage_detached_end(r);
        return NULL;
    }

    compare->request = r;
    compare->client = ctx;
    compare->event.handler = ngx_http_usage_compare_whole;
    compare->event.data = compare;
    compare->event.log = r->connection->log;

    ended->handler = ngx_http_usage_compare_ended;
    ended->data = compare;

    left->handler = ngx_http_usage_compare_left;
    left->data = ctx;

    ngx_http_usage_compares++;

    return compare;
}


/*
 * The reply has to be one that can be read: not in gzip.
 */

static ngx_int_t
ngx_http_usage_compare_readable(ngx_http_request_t *r)
{
    ngx_list_t  *headers;

    headers = ngx_palloc(r->pool, sizeof(ngx_list_t));

    if (headers == NULL
        || ngx_http_usage_legacy_headers(r, headers, 1) != NGX_OK)
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
 * The client's request ends.
 */

static void
ngx_http_usage_compare_left(void *data)
{
    ngx_http_usage_ctx_t *ctx = data;

    ngx_http_usage_compare_t  *compare;

    compare = ctx->capture;

    if (compare == NULL) {
        return;
    }

    ctx->capture = NULL;
    compare->client = NULL;

    if (!compare->event.posted) {
        ngx_http_usage_compare_skip(compare->request->connection->log,
                                    "the legacy endpoint's reply did not "
                                    "reach its end");
        ngx_http_usage_detached_end(compare->request);
    }
}


/*
 * The detached request ends.
 */

static void
ngx_http_usage_compare_ended(void *data)
{
    ngx_http_usage_compare_t  *compare = data;

    ngx_http_usage_compares--;

    if (compare->client) {
        compare->client->capture = NULL;
    }

    if (compare->event.posted) {
        ngx_delete_posted_event(&compare->event);
    }
}


void
ngx_http_usage_compare_abandon(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx) {
        ngx_http_usage_call_end(ctx);
    }

    ngx_http_usage_detached_end(r);
}


void
ngx_http_usage_compare_header(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t        *r;
    ngx_http_usage_compare_t  *compare;

    r = ctx->request;
    compare = ctx->capture;

    r->filter_need_in_memory = 1;

    compare->legacy.status = r->headers_out.status;
    compare->encoded = r->headers_out.content_encoding != NULL;
    compare->len = 0;
}


void
ngx_http_usage_compare_body(ngx_http_usage_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_buf_t                 *b;
    ngx_chain_t               *cl;
    ngx_http_usage_compare_t  *compare;

    compare = ctx->capture;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)
            && ngx_http_usage_compare_keep(compare, b->pos, b->last - b->pos)
               != NGX_OK)
        {
            compare->too_large = 1;
        }

        if (b->last_buf && !compare->event.posted) {
            ngx_post_event(&compare->event, &ngx_posted_events);
        }
    }
}


static ngx_int_t
ngx_http_usage_compare_keep(ngx_http_usage_compare_t *compare, u_char *data,
    size_t len)
{
    u_char      *p;
    size_t       size;
    ngx_pool_t  *pool;

    if (compare->too_large
        || len > NGX_HTTP_USAGE_LEGACY_MAX - compare->len)
    {
        return NGX_ERROR;
    }

    if (compare->len + len > compare->size) {
        pool = compare->request->pool;

        size = ngx_max(compare->size * 2, NGX_HTTP_USAGE_COMPARE_SIZE);
        size = ngx_max(size, compare->len + len);

        p = ngx_palloc(pool, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (compare->data) {
            ngx_memcpy(p, compare->data, compare->len);
            (void) ngx_pfree(pool, compare->data);
        }

        compare->data = p;
        compare->size = size;
    }

    ngx_memcpy(compare->data + compare->len, data, len);
    compare->len += len;

    return NGX_OK;
}


/*
 * The legacy endpoint's reply is whole, and on its way to the client.
 */

static void
ngx_http_usage_compare_whole(ngx_event_t *ev)
{
    const char                *why;
    ngx_connection_t          *c;
    ngx_http_usage_compare_t  *compare;

    compare = ev->data;
    c = compare->request->connection;

    if (compare->client) {
        compare->client->capture = NULL;
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
 * Why the reply is nothing to compare with, or NULL.
 */

static const char *
ngx_http_usage_compare_judge(ngx_http_usage_compare_t *compare)
{
    ngx_http_usage_compare_reply_t  *legacy;

    legacy = &compare->legacy;

    if (legacy->status == 0) {
        return "the legacy endpoint could not be asked";
    }

    if (compare->encoded) {
        return "the legacy endpoint's reply is encoded";
    }

    if (compare->too_large) {
        return "the legacy endpoint's reply is too large";
    }

    legacy->body.data = (char *) compare->data;
    legacy->body.len = compare->len;

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
    if (ctx == NULL) {
        ngx_http_usage_detached_end(r);
        return;
    }

    ctx->mode = NGX_HTTP_USAGE_MODE_COMPARE;
    ctx->compare = compare;

    path.data = (char *) r->uri.data;
    path.len = r->uri.len;

    (void) ngx_http_usage_route(ctx, path);

    (void) ngx_http_usage_parse(ctx);

    ngx_http_usage_translate_call(ctx);
}


void
ngx_http_usage_compare_take(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len)
{
    ngx_http_usage_compare_reply_t  translated;

    translated.status = status;
    translated.body.data = (char *) data;
    translated.body.len = len;

    (void) usage_legacy_judge(&translated.read, status, translated.body, 0);

    ngx_http_usage_compare_report(ctx, &ctx->compare->legacy, &translated);
    ngx_http_usage_detached_end(ctx->request);
}
