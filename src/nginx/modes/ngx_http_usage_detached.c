/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Detached requests.  In: a client's request.  Out: one like it, which needs
 * nothing of the client.  It runs when the client has its reply, or has left.
 *
 * nginx knows no request without a connection.  So a detached request has one
 * of its own, with a socket that leads nowhere.  Whatever nginx does to a
 * client's connection (wait for it, close it, count it), it can do to this one.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"


/* bytes of the first block of a connection's pool */
#define NGX_HTTP_USAGE_DETACHED_POOL  1024


/*
 * nginx counts connections and requests if it has the stub_status module.  The
 * nginx that loads this module may have it even if the one that it was built
 * for has not, and the other way round.  So these symbols are weak: they are
 * looked for at load time, and may be missing.
 */

extern ngx_atomic_t  *ngx_stat_active;
extern ngx_atomic_t  *ngx_stat_reading;
extern ngx_atomic_t  *ngx_stat_requests;

#pragma weak ngx_stat_active
#pragma weak ngx_stat_reading
#pragma weak ngx_stat_requests


static void ngx_http_usage_detached_count(ngx_atomic_t **counter,
    ngx_atomic_int_t n);
static ngx_connection_t *ngx_http_usage_detached_connect(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_address(ngx_connection_t *c,
    ngx_connection_t *client);
static ngx_int_t ngx_http_usage_detached_init(ngx_connection_t *c,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_log(ngx_connection_t *c,
    ngx_log_t *client);
static void ngx_http_usage_detached_event(ngx_event_t *ev);
static void ngx_http_usage_detached_abandon(ngx_http_request_t *r);


ngx_http_request_t *
ngx_http_usage_detached_create(ngx_http_request_t *r, u_char *body, size_t len)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *to;

    c = ngx_http_usage_detached_connect(r);
    if (c == NULL) {
        return NULL;
    }

    to = ngx_http_create_request(c);
    if (to == NULL) {
        ngx_http_close_connection(c);
        return NULL;
    }

    c->data = to;

    /* no client sent it, so it is neither logged nor counted */

    to->logged = 1;

    ngx_http_usage_detached_count(&ngx_stat_reading, -1);
    to->stat_reading = 0;
    ngx_http_usage_detached_count(&ngx_stat_requests, -1);

    to->read_event_handler = ngx_http_request_empty_handler;
    to->write_event_handler = ngx_http_request_empty_handler;

    /* limits were checked when the client's request came */

    to->limit_conn_status = r->limit_conn_status;
    to->limit_req_status = r->limit_req_status;

    if (ngx_http_usage_copy_request(to, r, body, len) != NGX_OK) {
        ngx_http_usage_detached_end(to);
        return NULL;
    }

    return to;
}


void
ngx_http_usage_detached_end(ngx_http_request_t *r)
{
    /* there is no client to wait for */

    r->connection->read->eof = 1;

    ngx_http_finalize_request(r, NGX_DONE);
}


static void
ngx_http_usage_detached_count(ngx_atomic_t **counter, ngx_atomic_int_t n)
{
    if (counter != NULL) {
        (void) ngx_atomic_fetch_add(*counter, n);
    }
}


/*
 * Creates the connection.  NULL: memory, files or connections are out.
 */

static ngx_connection_t *
ngx_http_usage_detached_connect(ngx_http_request_t *r)
{
    ngx_log_t         *log;
    ngx_socket_t       s;
    ngx_connection_t  *c;

    log = r->connection->log;

    s = ngx_socket(AF_UNIX, SOCK_DGRAM, 0);

    if (s == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_socket_errno,
                      ngx_socket_n " failed");
        return NULL;
    }

    if (ngx_nonblocking(s) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_socket_errno,
                      ngx_nonblocking_n " failed");
        goto failed;
    }

    c = ngx_get_connection(s, log);
    if (c == NULL) {
        goto failed;
    }

    ngx_http_usage_detached_count(&ngx_stat_active, 1);

    c->pool = ngx_create_pool(NGX_HTTP_USAGE_DETACHED_POOL, log);

    if (c->pool == NULL) {
        ngx_close_connection(c);
        ngx_http_usage_detached_count(&ngx_stat_active, -1);
        return NULL;
    }

    if (ngx_http_usage_detached_address(c, r->connection) != NGX_OK
        || ngx_http_usage_detached_init(c, r) != NGX_OK)
    {
        ngx_http_close_connection(c);
        return NULL;
    }

    return c;

failed:

    if (ngx_close_socket(s) == -1) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_socket_errno,
                      ngx_close_socket_n " failed");
    }

    return NULL;
}


/*
 * Gives the connection the addresses of the client's.
 */

static ngx_int_t
ngx_http_usage_detached_address(ngx_connection_t *c, ngx_connection_t *client)
{
    if (ngx_connection_local_sockaddr(client, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    c->sockaddr = ngx_palloc(c->pool, client->socklen);
    c->local_sockaddr = ngx_palloc(c->pool, client->local_socklen);

    if (c->sockaddr == NULL || c->local_sockaddr == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, client->sockaddr, client->socklen);
    c->socklen = client->socklen;

    ngx_memcpy(c->local_sockaddr, client->local_sockaddr,
               client->local_socklen);
    c->local_socklen = client->local_socklen;

    c->listening = client->listening;

    return ngx_http_usage_copy(c->pool, &c->addr_text, &client->addr_text);
}


/*
 * Makes the connection one of a client's, in the configuration of r's location.
 */

static ngx_int_t
ngx_http_usage_detached_init(ngx_connection_t *c, ngx_http_request_t *r)
{
    ngx_http_connection_t  *hc;

    hc = ngx_pcalloc(c->pool, sizeof(ngx_http_connection_t));
    c->buffer = ngx_create_temp_buf(c->pool, 1);

    if (hc == NULL || c->buffer == NULL) {
        return NGX_ERROR;
    }

    hc->addr_conf = r->http_connection->addr_conf;
    hc->conf_ctx = ngx_palloc(c->pool, sizeof(ngx_http_conf_ctx_t));
    if (hc->conf_ctx == NULL) {
        return NGX_ERROR;
    }

    hc->conf_ctx->main_conf = r->main_conf;
    hc->conf_ctx->srv_conf = r->srv_conf;
    hc->conf_ctx->loc_conf = r->loc_conf;

    c->data = hc;
    c->type = SOCK_STREAM;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_send_chain;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->read->handler = ngx_http_usage_detached_event;
    c->write->handler = ngx_http_usage_detached_event;

    return ngx_http_usage_detached_log(c, r->connection->log);
}


/*
 * Gives the connection a log of its own, which tells the same as the client's.
 */

static ngx_int_t
ngx_http_usage_detached_log(ngx_connection_t *c, ngx_log_t *client)
{
    ngx_log_t           *log;
    ngx_http_log_ctx_t  *ctx;

    log = ngx_palloc(c->pool, sizeof(ngx_log_t));
    ctx = ngx_pcalloc(c->pool, sizeof(ngx_http_log_ctx_t));

    if (log == NULL || ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->connection = c;

    *log = *client;
    log->connection = c->number;
    log->data = ctx;
    log->action = NULL;

    c->log = log;
    c->log_error = NGX_ERROR_INFO;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;

    return NGX_OK;
}


static void
ngx_http_usage_detached_event(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = ev->data;
    r = c->data;

    ngx_http_set_log_request(c->log, r);

    if (ev->delayed && ev->timedout) {
        ev->delayed = 0;
        ev->timedout = 0;
    }

    if (c->close) {

        /* worker_shutdown_timeout */

        ngx_http_usage_detached_abandon(r);

    } else if (ev->write) {
        r->write_event_handler(r);

    } else {
        r->read_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * Ends a request that is still at work.
 */

static void
ngx_http_usage_detached_abandon(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx) {
        ngx_http_usage_call_end(ctx);
    }

    ngx_http_usage_detached_end(r);
}
