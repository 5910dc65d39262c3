/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call under way: the calls of the successors that the plan makes of
 * it, one wake-up after the other until a reply is sent.
 */

#include "base/ngx_http_usage_metrics.h"
#include "modes/ngx_http_usage_mode.h"
#include "pace/ngx_http_usage_pace.h"
#include "sign/ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_wake(ngx_http_request_t *r);
static void ngx_http_usage_woken(ngx_event_t *ev);
static void ngx_http_usage_take(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_timed_out(ngx_event_t *ev);
static void ngx_http_usage_cleanup(void *data);


/*
 * The headers of the client that its subrequests carry: its credentials, and
 * what leads from the successors' logs back to it.
 */

static ngx_str_t  ngx_http_usage_headers[] = {
    ngx_string("x-auth-token"),
    ngx_string("x-project-id"),
    ngx_string("x-security-token"),
    ngx_string("x-request-id"),
    ngx_string("traceparent"),
    ngx_string("user-agent"),
    ngx_null_string
};


/*
 * Those of them that decide whose data comes.  The others are for logs, and
 * proxies on the way add them after a call is signed.
 */

static ngx_str_t  ngx_http_usage_deciding[] = {
    ngx_string("x-project-id"),
    ngx_string("x-security-token"),
    ngx_null_string
};


void
ngx_http_usage_call_start(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_http_usage_prepare(ctx) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the call could not be prepared");
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    ngx_http_usage_advance(ctx);
}


void
ngx_http_usage_call_resume(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->error.status) {
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    ngx_http_usage_advance(ctx);
}


/*
 * What the subrequests need.
 */

static ngx_int_t
ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx)
{
    ctx->request_body = ngx_pcalloc(ctx->request->pool,
                                    sizeof(ngx_http_request_body_t));

    if (ctx->request_body == NULL
        || ngx_http_usage_call_open(ctx) != NGX_OK
        || ngx_http_usage_prepare_headers(ctx) != NGX_OK
        || ngx_http_usage_pace_init(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->request->write_event_handler = ngx_http_usage_wake;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_call_open(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  request_id = ngx_string("request_id");

    ngx_uint_t                  key;
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_cleanup_t         *cln;
    ngx_http_usage_loc_conf_t  *ulcf;

    if (ctx->opened) {
        return NGX_OK;
    }

    r = ctx->request;
    c = r->connection;
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    ctx->fetches = ngx_pcalloc(r->pool, ulcf->concurrency * sizeof(void *));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx->fetches == NULL || cln == NULL
        || ngx_http_usage_memory_init(ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_usage_cleanup;
    cln->data = ctx;

    /* computed here, $request_id is the same for all subrequests */

    key = ngx_hash_key(request_id.data, request_id.len);

    if (ngx_http_get_variable(r, &request_id, key) == NULL) {
        return NGX_ERROR;
    }

    if (r == r->main) {
        r->read_event_handler = ngx_http_test_reading;

        if (c->read->ready) {
            ngx_post_event(c->read, &ngx_posted_events);

        } else if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ctx->wake.handler = ngx_http_usage_woken;
    ctx->wake.data = ctx;
    ctx->wake.log = c->log;

    ctx->timer.handler = ngx_http_usage_timed_out;
    ctx->timer.data = ctx;
    ctx->timer.log = c->log;
    ngx_add_timer(&ctx->timer, ulcf->timeout);

    ctx->deadline = ngx_current_msec + ulcf->timeout;
    ctx->opened = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  token[] = {
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t            value;
    ngx_uint_t           i;
    ngx_list_t          *list;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h, *header;
    ngx_http_request_t  *r;

    r = ctx->request;
    list = &ctx->headers_in.headers;

    if (ngx_list_init(list, r->pool, 8, sizeof(ngx_table_elt_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->headers_in.content_length_n = -1;
    ctx->headers_in.keep_alive_n = -1;
    ctx->headers_in.host = r->headers_in.host;
    ctx->headers_in.server = r->headers_in.server;

    value.len = 0;

    if (ctx->credential) {
        value.data = (u_char *) ctx->credential->security_token.data;
        value.len = ctx->credential->security_token.len;
    }

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_header_in(header, ngx_http_usage_headers) == NULL
            || (ngx_http_usage_header_in(header, ngx_http_usage_deciding)
                && !ngx_http_usage_sign_covers(ctx, header)))
        {
            continue;
        }

        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header->hash;
        h->key = header->key;
        h->value = header->value;
        h->lowcase_key = header->lowcase_key;

        if (header == r->headers_in.user_agent) {
            ctx->headers_in.user_agent = h;
        }

        if (ngx_http_usage_header_in(header, token)) {
            value.len = 0; /* the client's own */
        }
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    return ngx_http_usage_push_header(list, token, &value);
}


/*
 * A subrequest is done, or the client's connection is ready for output, which
 * only a subrequest may wait for.
 *
 * nginx may run this inside a callback, as of its resolver, which still needs
 * the other subrequests: none of them is ended before that has returned.
 */

static void
ngx_http_usage_wake(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    ngx_http_usage_undelay(r);

    if (!ctx->ended) {
        ngx_post_event(&ctx->wake, &ngx_posted_events);
    }
}


static void
ngx_http_usage_woken(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_request_t    *r;
    ngx_http_usage_ctx_t  *ctx;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ngx_http_usage_take(ctx);
    ngx_http_run_posted_requests(c);
}


/*
 * Takes what the subrequests brought, and goes on.
 */

static void
ngx_http_usage_take(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        fetch = ctx->fetches[i];

        if (fetch == NULL || fetch->request == NULL) {
            continue;
        }

        if (fetch->nonsense && !fetch->done) {
            ctx->error = fetch->error;
            ngx_http_usage_outcome_blame(ctx, fetch);
            ngx_http_usage_call_end(ctx);
            ngx_http_usage_reply_error(ctx, NULL);
            return;
        }

        if (fetch->done) {
            ngx_http_usage_count_call(fetch);

            if (ngx_http_usage_collect(ctx, fetch) != NGX_OK) {
                return;
            }

            fetch->request = NULL;
            fetch->memory->done = 1;
            ctx->fetching--;
            continue;
        }

        ngx_http_usage_fetch_nudge(fetch);
    }

    ngx_http_usage_memory_sweep(ctx);
    ngx_http_usage_advance(ctx);
}


void
ngx_http_usage_undelay(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;

    if (wev->delayed && !wev->timer_set) {
        wev->delayed = 0;
    }
}


void
ngx_http_usage_calm(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    wev->delayed = 0;
    wev->timedout = 0;
}


void
ngx_http_usage_call_wake(ngx_http_usage_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ngx_http_post_request(r, NULL) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "out of memory");
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_reply_error(ctx, NULL);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_timed_out(ngx_event_t *ev)
{
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_loc_conf_t  *ulcf;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    ngx_http_set_log_request(c->log, r);

    (void) usage_error(&ctx->error, NGX_HTTP_GATEWAY_TIME_OUT,
                       "no reply within usage_timeout, %lu ms; %lu upstream "
                       "calls made, %lu of them not answered yet",
                       (unsigned long) ulcf->timeout,
                       (unsigned long) ctx->calls,
                       (unsigned long) ctx->fetching);

    ngx_http_usage_call_end(ctx);
    ngx_http_usage_reply_error(ctx, NULL);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_usage_call_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    if (!ctx->opened) {
        ngx_http_usage_lookup_end(ctx);
        return;
    }

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    ngx_http_usage_cleanup(ctx);

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        fetch = ctx->fetches[i];

        if (fetch && fetch->request && !fetch->done) {
            ngx_http_usage_fetch_abandon(fetch);
        }
    }

    ngx_http_usage_calm(ctx->request);
    ngx_http_usage_memory_restore(ctx);
}


static void
ngx_http_usage_cleanup(void *data)
{
    ngx_http_usage_ctx_t *ctx = data;

    ngx_uint_t                  i;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    ctx->ended = 1;

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        if (ctx->fetches[i]) {
            ngx_http_usage_count_call(ctx->fetches[i]);
        }
    }

    ngx_http_usage_legacy_end(ctx);
    ngx_http_usage_pace_end(ctx);
    ngx_http_usage_retry_end(ctx);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    if (ctx->wake.posted) {
        ngx_delete_posted_event(&ctx->wake);
    }

    ngx_http_usage_lookup_end(ctx);
}
