/*
 * The legacy call under way: the calls of the successors that the plan makes of
 * it, one wake-up after the other until a reply is sent.
 */

#include "ngx_http_usage.h"


static ngx_int_t ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_wake(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_collect(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static ngx_int_t ngx_http_usage_collect_ok(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static void ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t **fetch);
static ngx_int_t ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
static usage_result_t ngx_http_usage_next(ngx_http_usage_ctx_t *ctx,
    usage_call_t *call);
static ngx_http_usage_fetch_t *ngx_http_usage_free_fetch(
    ngx_http_usage_ctx_t *ctx);
static void ngx_http_usage_timed_out(ngx_event_t *ev);
static void ngx_http_usage_end(ngx_http_usage_ctx_t *ctx);
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


void
ngx_http_usage_call_start(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_http_usage_prepare(ctx) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the call could not be prepared");
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    ngx_http_usage_advance(ctx);
}


void
ngx_http_usage_call_resume(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->error.status) {
        ngx_http_usage_end(ctx);
        ngx_http_usage_reply_error(ctx, NULL);
        return;
    }

    ngx_http_usage_advance(ctx);
}


/*
 * What the subrequests need, the end of the time allowed, and what has to
 * happen when the client goes away.
 */

static ngx_int_t
ngx_http_usage_prepare(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  request_id = ngx_string("request_id");

    ngx_uint_t                  key;
    ngx_connection_t           *c;
    ngx_http_request_t         *r;
    ngx_http_cleanup_t         *cln;
    ngx_http_usage_loc_conf_t  *ulcf;

    r = ctx->request;
    c = r->connection;
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    ctx->fetches = ngx_pcalloc(r->pool, ulcf->concurrency * sizeof(void *));
    ctx->request_body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx->fetches == NULL || ctx->request_body == NULL || cln == NULL
        || ngx_http_usage_memory_init(ctx) != NGX_OK
        || ngx_http_usage_prepare_headers(ctx) != NGX_OK
        || ngx_http_usage_pace_init(ctx) != NGX_OK)
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

    r->write_event_handler = ngx_http_usage_wake;

    if (r == r->main) {
        r->read_event_handler = ngx_http_test_reading;

        if (c->read->ready) {
            ngx_post_event(c->read, &ngx_posted_events);

        } else if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ctx->timer.handler = ngx_http_usage_timed_out;
    ctx->timer.data = ctx;
    ctx->timer.log = c->log;
    ngx_add_timer(&ctx->timer, ulcf->timeout);

    ctx->deadline = ngx_current_msec + ulcf->timeout;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_prepare_headers(ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t           *name;
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *h, *header;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_list_init(&ctx->headers_in.headers, r->pool, 8,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->headers_in.content_length_n = -1;
    ctx->headers_in.keep_alive_n = -1;
    ctx->headers_in.host = r->headers_in.host;
    ctx->headers_in.server = r->headers_in.server;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        for (name = ngx_http_usage_headers; name->len; name++) {
            if (header->key.len == name->len
                && ngx_strncasecmp(header->key.data, name->data, name->len)
                   == 0)
            {
                break;
            }
        }

        if (name->len == 0) {
            continue;
        }

        h = ngx_list_push(&ctx->headers_in.headers);
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
    }

    return NGX_OK;
}


ngx_table_elt_t *
ngx_http_usage_next_header(ngx_list_part_t **part, ngx_uint_t *i)
{
    ngx_table_elt_t  *headers;

    while (*i >= (*part)->nelts) {
        if ((*part)->next == NULL) {
            return NULL;
        }

        *part = (*part)->next;
        *i = 0;
    }

    headers = (*part)->elts;

    return &headers[(*i)++];
}


/*
 * A subrequest is done, or the client's connection is ready for output, which
 * only a subrequest may wait for.
 */

static void
ngx_http_usage_wake(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_event_t                *wev;
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);
    wev = r->connection->write;

    /* limit_req's delay of one ends where another deleted its timer */

    if (wev->delayed && !wev->timer_set) {
        wev->delayed = 0;
    }

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        fetch = ctx->fetches[i];

        if (fetch == NULL || fetch->request == NULL) {
            continue;
        }

        if (fetch->nonsense && !fetch->done) {
            ctx->error = fetch->error;
            ctx->error_uri = fetch->request->unparsed_uri;
            ngx_http_usage_end(ctx);
            ngx_http_usage_reply_error(ctx, NULL);
            return;
        }

        if (fetch->done) {
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


/*
 * Takes what a fetch brought.  NGX_ERROR: it ended the call, and the reply is
 * sent.
 */

static ngx_int_t
ngx_http_usage_collect(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    usage_str_t  body;

    if (fetch->nonsense) {
        ctx->error = fetch->error;

    } else if (fetch->timed_out
               || (fetch->own && fetch->status == NGX_HTTP_GATEWAY_TIME_OUT))
    {
        (void) usage_error(&ctx->error, NGX_HTTP_GATEWAY_TIME_OUT,
                           "the upstream did not answer in time");

    } else if (fetch->own && fetch->status == NGX_HTTP_BAD_GATEWAY) {
        (void) usage_error(&ctx->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream could not be reached, or its reply "
                           "was not valid");

    } else if (!fetch->whole) {
        (void) usage_error(&ctx->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply ended early");

    } else if (fetch->too_large) {
        (void) usage_error(&ctx->error, NGX_HTTP_BAD_GATEWAY,
                           "the upstream's reply is too large");

    } else if (fetch->status == NGX_HTTP_OK) {
        if (ngx_http_usage_collect_ok(ctx, fetch) == NGX_OK) {
            return NGX_OK;
        }

    } else if (ngx_http_usage_retry(ctx, fetch) == NGX_OK
               || (!usage_live_is(&ctx->live, &fetch->call)
                   && usage_plan_refused(&ctx->plan, &fetch->call,
                                         fetch->status)))
    {
        return NGX_OK;

    } else {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        if (usage_error_upstream(fetch->status, body, &ctx->error)) {
            ctx->error_uri = fetch->request->unparsed_uri;
            ngx_http_usage_end(ctx);
            ngx_http_usage_reply_upstream(ctx, fetch);
            return NGX_ERROR;
        }
    }

    ctx->error_uri = fetch->request->unparsed_uri;
    ngx_http_usage_end(ctx);
    ngx_http_usage_reply_error(ctx, &fetch->retry_after);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_usage_collect_ok(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    usage_str_t     body;
    usage_result_t  rc;

    if (!fetch->reads) {
        body.data = (char *) fetch->body.data;
        body.len = fetch->body.len;

        rc = usage_plan_body(&ctx->plan, &fetch->call, body, &ctx->error);

    } else if (usage_page_end(&fetch->reader) != USAGE_OK) {
        ctx->error = fetch->error;
        rc = USAGE_ERROR;

    } else if (usage_live_is(&ctx->live, &fetch->call)) {
        ctx->live_waiting = 0;
        rc = usage_live_page(&fetch->reader.page, &ctx->error);

    } else {
        rc = usage_plan_page(&ctx->plan, &fetch->call, &fetch->reader.page,
                             &ctx->error);
    }

    if (rc == USAGE_OK && fetch->call.api == USAGE_CALL_DESKTOPS) {
        ctx->allowed = 1;
    }

    return rc == USAGE_OK ? NGX_OK : NGX_ERROR;
}


/*
 * Starts what the plan wants next, as far as usage_concurrency and usage_rate
 * allow, or sends the reply.
 */

static void
ngx_http_usage_advance(ngx_http_usage_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_str_t                retry_after;
    ngx_http_usage_fetch_t  *fetch;

    ngx_str_null(&retry_after);

    rc = ngx_http_usage_pace_check(ctx, &retry_after);

    while (rc == NGX_OK) {
        rc = ngx_http_usage_next_fetch(ctx, &fetch);

        if (rc == NGX_OK) {
            rc = ngx_http_usage_pace_hold(ctx, fetch, &retry_after);
        }

        if (rc == NGX_OK) {
            rc = ngx_http_usage_begin(ctx, fetch);
        }
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    ngx_http_usage_end(ctx);

    if (rc == NGX_DONE) {
        ngx_http_usage_reply_ok(ctx);

    } else {
        ngx_http_usage_reply_error(ctx, &retry_after);
    }
}


/*
 * NGX_OK: *fetch has a call that is to be started.  NGX_AGAIN: there is none
 * just now.  NGX_DONE: there are no more.  NGX_ERROR: ctx->error is set.
 */

static ngx_int_t
ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t **fetch)
{
    usage_result_t  rc;

    *fetch = ctx->pace.held ? ctx->pace.held : ngx_http_usage_retry_next(ctx);

    if (*fetch) {
        return NGX_OK;
    }

    *fetch = ngx_http_usage_free_fetch(ctx);

    if (*fetch == NULL) {
        return ctx->error.status ? NGX_ERROR : NGX_AGAIN;
    }

    rc = ngx_http_usage_next(ctx, &(*fetch)->call);

    if (rc == USAGE_AGAIN) {
        return ctx->ready && !ctx->live_waiting ? NGX_DONE : NGX_AGAIN;
    }

    (*fetch)->tries = 0;

    return rc == USAGE_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_usage_begin(ngx_http_usage_ctx_t *ctx, ngx_http_usage_fetch_t *fetch)
{
    if (ngx_http_usage_fetch_start(ctx, fetch) != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "a subrequest could not be started");
        return NGX_ERROR;
    }

    ctx->fetching++;
    ctx->calls++;

    return NGX_OK;
}


/*
 * The next call: of the plan, or the live one of what is stored.
 */

static usage_result_t
ngx_http_usage_next(ngx_http_usage_ctx_t *ctx, usage_call_t *call)
{
    ngx_int_t       rc;
    usage_result_t  next;

    for ( ;; ) {
        if (ctx->live_wanted) {
            ctx->live_wanted = 0;
            ctx->live_waiting = 1;
            usage_live_call(&ctx->live, call);

            return USAGE_OK;
        }

        if (ctx->ready || ctx->waits) {
            return USAGE_AGAIN;
        }

        next = usage_plan_next(&ctx->plan, call, &ctx->error);

        if (next != USAGE_AGAIN || !usage_plan_done(&ctx->plan)) {
            return next;
        }

        rc = ngx_http_usage_stored_done(ctx);

        if (rc == NGX_ERROR) {
            return USAGE_ERROR;
        }
    }
}


/*
 * NULL: all are busy, or, where ctx->error is set, memory is out.
 */

static ngx_http_usage_fetch_t *
ngx_http_usage_free_fetch(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        fetch = ctx->fetches[i];

        if (fetch == NULL) {
            fetch = ngx_pcalloc(ctx->request->pool,
                                sizeof(ngx_http_usage_fetch_t));
            if (fetch == NULL) {
                (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                                   "out of memory");
                return NULL;
            }

            fetch->ctx = ctx;
            ctx->fetches[i] = fetch;
        }

        if (fetch->request == NULL && !fetch->waits) {
            return fetch;
        }
    }

    return NULL;
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
        ngx_http_usage_end(ctx);
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

    ngx_http_usage_end(ctx);
    ngx_http_usage_reply_error(ctx, NULL);

    ngx_http_run_posted_requests(c);
}


/*
 * The call is decided: what is still under way is of no use any more.
 */

static void
ngx_http_usage_end(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_event_t                *wev;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    ngx_http_usage_cleanup(ctx);

    for (i = 0; i < (ngx_uint_t) ulcf->concurrency; i++) {
        fetch = ctx->fetches[i];

        if (fetch && fetch->request && !fetch->done) {
            ngx_http_usage_fetch_abandon(fetch);
        }
    }

    /* a subrequest may have left a timer or a delay of its own there */

    wev = ctx->request->connection->write;

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    wev->delayed = 0;
    wev->timedout = 0;
}


static void
ngx_http_usage_cleanup(void *data)
{
    ngx_http_usage_ctx_t  *ctx = data;

    ctx->ended = 1;

    ngx_http_usage_pace_end(ctx);
    ngx_http_usage_retry_end(ctx);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    ngx_http_usage_stored_end(ctx);
}
