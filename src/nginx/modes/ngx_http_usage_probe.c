/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Probes, for usage_mode's fallback.  In: a request to which the legacy
 * endpoint gave no answer.  Out: the circuit breaker, open or closed.
 *
 * One request may itself be the reason why it gets no answer.  So the breaker
 * opens for all clients only if the translation of that request is answered
 * 200, or if a probe gets no answer either.  A probe has nothing that a client
 * wrote except the project.  An endpoint that works answers it with 401.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"


typedef struct {
    ngx_http_usage_ctx_t            *ctx;
    ngx_event_t                      event; /* to start it */
} ngx_http_usage_probe_t;


static ngx_int_t ngx_http_usage_probe_plain(ngx_http_request_t *r);
static void ngx_http_usage_probe_ended(void *data);
static void ngx_http_usage_probe_run(ngx_event_t *ev);
static void ngx_http_usage_probe_judged(ngx_http_usage_ctx_t *ctx,
    usage_legacy_t verdict, const char *why);
static void ngx_http_usage_probe_left(ngx_http_usage_ctx_t *ctx);


void
ngx_http_usage_probe_start(ngx_http_usage_ctx_t *ctx, const char *why)
{
    static u_char  body[] = "{}";

    ngx_http_request_t      *r;
    ngx_pool_cleanup_t      *cln;
    ngx_http_usage_ctx_t    *own;
    ngx_http_usage_probe_t  *probe;

    /* if no probe can be made, the next one waits until the time is over */

    if (ngx_http_usage_breaker_doubt(ctx, ctx->endpoint->time) != NGX_OK) {
        return;
    }

    r = ngx_http_usage_detached_create(ctx->request, body, sizeof(body) - 1);
    if (r == NULL) {
        return;
    }

    own = NULL;
    probe = ngx_pcalloc(r->pool, sizeof(ngx_http_usage_probe_t));
    cln = ngx_pool_cleanup_add(r->pool, 0);

    if (probe && cln && ngx_http_usage_probe_plain(r) == NGX_OK) {
        own = ngx_http_usage_get_ctx(r);
    }

    if (own == NULL || ngx_http_usage_endpoint(own) == NULL) {
        ngx_http_usage_detached_end(r);
        return;
    }

    own->answerer.mode = NGX_HTTP_USAGE_MODE_FALLBACK;
    own->endpoint->probe = 1;
    own->endpoint->judged = ngx_http_usage_probe_judged;
    own->endpoint->left = ngx_http_usage_probe_left;

    (void) usage_error(&own->error, 0, "%s", why);

    probe->ctx = own;
    probe->event.handler = ngx_http_usage_probe_run;
    probe->event.data = probe;
    probe->event.log = r->connection->log;

    cln->handler = ngx_http_usage_probe_ended;
    cln->data = probe;

    ngx_post_event(&probe->event, &ngx_posted_events);
}


/*
 * Takes out of a request what the client wrote: its headers, its query, and the
 * host if the server has a name.
 */

static ngx_int_t
ngx_http_usage_probe_plain(ngx_http_request_t *r)
{
    static ngx_str_t  type = ngx_string("content-type");
    static ngx_str_t  json = ngx_string("application/json");
    static ngx_str_t  host = ngx_string("host");

    ngx_list_t                *list;
    ngx_table_elt_t           *header;
    ngx_http_core_srv_conf_t  *cscf;

    list = &r->headers_in.headers;
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    if (cscf->server_name.len && isalnum(cscf->server_name.data[0])) {
        r->headers_in.server = cscf->server_name;
    }

    r->args.len = 0;
    r->unparsed_uri = r->uri;
    r->headers_in.user_agent = NULL;
    r->headers_in.authorization = NULL;

    if (ngx_list_init(list, r->pool, 4, sizeof(ngx_table_elt_t)) != NGX_OK
        || ngx_http_usage_push_header(list, &type, &json) != NGX_OK
        || ngx_http_usage_push_header(list, &host, &r->headers_in.server)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    header = list->part.elts;
    r->headers_in.host = &header[1];

    return NGX_OK;
}


static void
ngx_http_usage_probe_ended(void *data)
{
    ngx_http_usage_probe_t  *probe = data;

    if (probe->event.posted) {
        ngx_delete_posted_event(&probe->event);
    }
}


static void
ngx_http_usage_probe_run(ngx_event_t *ev)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_probe_t  *probe;

    probe = ev->data;
    ctx = probe->ctx;
    r = ctx->request;
    c = r->connection;

    if (ngx_http_usage_endpoint_ask(ctx) != NGX_OK) {
        ngx_http_usage_breaker_leave(ctx);
        ngx_http_usage_call_end(ctx);
        ngx_http_usage_detached_end(r);
        return;
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_usage_probe_judged(ngx_http_usage_ctx_t *ctx, usage_legacy_t verdict,
    const char *why)
{
    if (why) {
        ngx_http_usage_breaker_open(ctx, why);

    } else {
        ngx_log_error(NGX_LOG_INFO, ctx->request->connection->log, 0,
                      "usage: %s, but answers a call of the gateway's own: it "
                      "is still asked", ctx->error.detail);

        ngx_http_usage_breaker_close(ctx);
    }

    ngx_http_usage_call_end(ctx);
    ngx_http_usage_detached_end(ctx->request);
}


static void
ngx_http_usage_probe_left(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_fetch_abandon(ctx->endpoint->fetch);
    ngx_http_usage_breaker_leave(ctx);
}
