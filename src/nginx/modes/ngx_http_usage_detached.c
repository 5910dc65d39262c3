/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request that has a client's call in it, and no client: it is translated
 * after the client has its reply, and stays when the client leaves.
 *
 * nginx knows no request without a connection.  So it has one of its own, with
 * a socket that leads nowhere: what nginx does to a client's connection, wait
 * for it, close it, count it, it can do to this one.
 */

#include "modes/ngx_http_usage_modes.h"
#include "call/ngx_http_usage_call.h"


#define NGX_HTTP_USAGE_DETACHED_POOL  1024


/*
 * nginx counts connections and requests if it has stub_status.  The nginx that
 * loads the module may have it, though the one that it was built with has not,
 * and the other way round: so these are looked for at load time, and may be
 * missing.
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
static ngx_int_t ngx_http_usage_detached_init(ngx_connection_t *c,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_call(ngx_http_request_t *to,
    ngx_http_request_t *r);
static void ngx_http_usage_detached_event(ngx_event_t *ev);
static void ngx_http_usage_detached_abandon(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_host(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_headers(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_variables(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_detached_body(ngx_http_request_t *to,
    u_char *data, size_t len);
static ngx_int_t ngx_http_usage_detached_copy(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from);


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

    /* it is nothing that a client asked for: neither logged nor counted */

    to->logged = 1;

    ngx_http_usage_detached_count(&ngx_stat_reading, -1);
    to->stat_reading = 0;
    ngx_http_usage_detached_count(&ngx_stat_requests, -1);

    if (ngx_http_usage_detached_call(to, r) != NGX_OK
        || ngx_http_usage_detached_headers(to, r) != NGX_OK
        || ngx_http_usage_detached_variables(to, r) != NGX_OK
        || ngx_http_usage_detached_body(to, body, len) != NGX_OK)
    {
        ngx_http_usage_detached_end(to);
        return NULL;
    }

    return to;
}


void
ngx_http_usage_detached_end(ngx_http_request_t *r)
{
    /* nobody is waited for */

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

    if (ngx_http_usage_detached_init(c, r) != NGX_OK) {
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
 * The connection as a client's, with the client's address, and a log of its own
 * that tells the same.
 */

static ngx_int_t
ngx_http_usage_detached_init(ngx_connection_t *c, ngx_http_request_t *r)
{
    ngx_log_t              *log;
    ngx_connection_t       *client;
    ngx_http_log_ctx_t     *ctx;
    ngx_http_connection_t  *hc;

    client = r->connection;

    if (ngx_connection_local_sockaddr(client, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    log = ngx_palloc(c->pool, sizeof(ngx_log_t));
    ctx = ngx_pcalloc(c->pool, sizeof(ngx_http_log_ctx_t));
    hc = ngx_pcalloc(c->pool, sizeof(ngx_http_connection_t));
    c->buffer = ngx_create_temp_buf(c->pool, 1);
    c->sockaddr = ngx_palloc(c->pool, client->socklen);
    c->local_sockaddr = ngx_palloc(c->pool, client->local_socklen);

    if (log == NULL || ctx == NULL || hc == NULL || c->buffer == NULL
        || c->sockaddr == NULL || c->local_sockaddr == NULL
        || ngx_http_usage_detached_copy(c->pool, &c->addr_text,
                                        &client->addr_text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, client->sockaddr, client->socklen);
    c->socklen = client->socklen;

    ngx_memcpy(c->local_sockaddr, client->local_sockaddr,
               client->local_socklen);
    c->local_socklen = client->local_socklen;

    c->listening = client->listening;
    c->type = SOCK_STREAM;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;
    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_send_chain;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;
    c->log_error = NGX_ERROR_INFO;

    ctx->connection = c;

    *log = *client->log;
    log->connection = c->number;
    log->data = ctx;
    log->action = NULL;

    c->log = log;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;
    c->read->handler = ngx_http_usage_detached_event;
    c->write->handler = ngx_http_usage_detached_event;

    hc->addr_conf = r->http_connection->addr_conf;
    hc->conf_ctx = ngx_palloc(c->pool, sizeof(ngx_http_conf_ctx_t));
    if (hc->conf_ctx == NULL) {
        return NGX_ERROR;
    }

    hc->conf_ctx->main_conf = r->main_conf;
    hc->conf_ctx->srv_conf = r->srv_conf;
    hc->conf_ctx->loc_conf = r->loc_conf;

    c->data = hc;

    return NGX_OK;
}


/*
 * What the client asked for.
 */

static ngx_int_t
ngx_http_usage_detached_call(ngx_http_request_t *to, ngx_http_request_t *r)
{
    to->read_event_handler = ngx_http_request_empty_handler;
    to->write_event_handler = ngx_http_request_empty_handler;

    /* limits were held to when the client came */

    to->limit_conn_status = r->limit_conn_status;
    to->limit_req_status = r->limit_req_status;

    to->method = r->method;
    to->http_version = NGX_HTTP_VERSION_11;

    if (ngx_http_usage_detached_copy(to->pool, &to->method_name,
                                     &r->method_name)
        != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->http_protocol,
                                        &r->http_protocol)
           != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->request_line,
                                        &r->request_line)
           != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->unparsed_uri,
                                        &r->unparsed_uri)
           != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->uri, &r->uri) != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->args, &r->args)
           != NGX_OK
        || ngx_http_usage_detached_host(to, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * The host where it isn't a header: a signature may be over it.
 */

static ngx_int_t
ngx_http_usage_detached_host(ngx_http_request_t *to, ngx_http_request_t *r)
{
    ngx_str_t  host, copy;

    if (r->host_start == NULL) {
        return NGX_OK;
    }

    host.data = r->host_start;
    host.len = r->host_end - r->host_start;

    if (ngx_http_usage_detached_copy(to->pool, &copy, &host) != NGX_OK) {
        return NGX_ERROR;
    }

    to->host_start = copy.data;
    to->host_end = copy.data + copy.len;

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
 * Ends a request in the middle of what it does.
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


/*
 * All that the client sent, as far as anybody may look for it.
 */

static ngx_int_t
ngx_http_usage_detached_headers(ngx_http_request_t *to, ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *header;

    if (ngx_list_init(&to->headers_in.headers, to->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK
        || ngx_http_usage_detached_copy(to->pool, &to->headers_in.server,
                                        &r->headers_in.server)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        h = ngx_list_push(&to->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header->hash;
        h->lowcase_key = ngx_pnalloc(to->pool, header->key.len);

        if (h->lowcase_key == NULL
            || ngx_http_usage_detached_copy(to->pool, &h->key, &header->key)
               != NGX_OK
            || ngx_http_usage_detached_copy(to->pool, &h->value,
                                            &header->value)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_memcpy(h->lowcase_key, header->lowcase_key, header->key.len);

        if (header == r->headers_in.host) {
            to->headers_in.host = h;

        } else if (header == r->headers_in.user_agent) {
            to->headers_in.user_agent = h;

        } else if (header == r->headers_in.authorization) {
            to->headers_in.authorization = h;
        }
    }

    return NGX_OK;
}


/*
 * The values that the client's request has so far: $request_id, what "set" and
 * "map" made.
 */

static ngx_int_t
ngx_http_usage_detached_variables(ngx_http_request_t *to,
    ngx_http_request_t *r)
{
    u_char                     *p;
    ngx_uint_t                  i;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_variable_value_t  *value;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    for (i = 0; i < cmcf->variables.nelts; i++) {
        value = &r->variables[i];

        if (!value->valid || value->not_found) {
            continue;
        }

        p = ngx_pnalloc(to->pool, value->len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, value->data, value->len);

        to->variables[i] = *value;
        to->variables[i].data = p;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_detached_body(ngx_http_request_t *to, u_char *data, size_t len)
{
    ngx_http_request_body_t  *rb;

    to->headers_in.content_length_n = len;

    rb = ngx_pcalloc(to->pool, sizeof(ngx_http_request_body_t));
    if (rb == NULL) {
        return NGX_ERROR;
    }

    to->request_body = rb;

    if (len == 0) {
        return NGX_OK;
    }

    rb->buf = ngx_create_temp_buf(to->pool, len);
    rb->bufs = ngx_alloc_chain_link(to->pool);

    if (rb->buf == NULL || rb->bufs == NULL) {
        return NGX_ERROR;
    }

    rb->buf->last = ngx_cpymem(rb->buf->last, data, len);
    rb->bufs->buf = rb->buf;
    rb->bufs->next = NULL;

    return NGX_OK;
}


/*
 * With a NUL behind it, where anybody expects one.
 */

static ngx_int_t
ngx_http_usage_detached_copy(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    to->data = ngx_pnalloc(pool, from->len + 1);
    if (to->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(to->data, from->data, from->len);
    to->data[from->len] = '\0';
    to->len = from->len;

    return NGX_OK;
}
