/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * An operation on its way to Redis.  In: the subrequest of an operation.  Out:
 * its reply, in the operation.
 *
 * nginx takes the whole reply for a header, of which a part is here as long as
 * the reply isn't complete.  So nginx asks the next server whatever goes wrong,
 * and read_timeout bounds the whole reply of one server.
 */

#include "redis/ngx_http_usage_redis.h"

#include "share/ngx_http_usage_share.h"


static ngx_int_t ngx_http_usage_redis_create_request(ngx_http_request_t *r);
static ngx_chain_t *ngx_http_usage_redis_chain(ngx_http_request_t *r,
    const void *data, size_t len, ngx_chain_t *next);
static ngx_int_t ngx_http_usage_redis_reinit_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_redis_process_header(ngx_http_request_t *r);
static void ngx_http_usage_redis_abort_request(ngx_http_request_t *r);
static void ngx_http_usage_redis_finalize_request(ngx_http_request_t *r,
    ngx_int_t rc);


ngx_int_t
ngx_http_usage_redis_handler(ngx_http_request_t *r)
{
    ngx_http_upstream_t        *u;
    ngx_http_usage_loc_conf_t  *ulcf;

    if (ngx_http_usage_share_op_of(r) == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    u = r->upstream;
    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    ngx_str_set(&u->schema, "redis://");
    u->output.tag = (ngx_buf_tag_t) &ngx_http_usage_module;
    u->conf = &ulcf->redis->upstream;

    u->create_request = ngx_http_usage_redis_create_request;
    u->reinit_request = ngx_http_usage_redis_reinit_request;
    u->process_header = ngx_http_usage_redis_process_header;
    u->abort_request = ngx_http_usage_redis_abort_request;
    u->finalize_request = ngx_http_usage_redis_finalize_request;

    /* there is nothing behind the "header" */

    r->header_only = 1;

    r->main->count++;

    ngx_http_upstream_init(r);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_usage_redis_create_request(ngx_http_request_t *r)
{
    ngx_str_t                  *auth;
    ngx_chain_t                *cl;
    ngx_http_usage_op_t        *op;
    ngx_http_usage_loc_conf_t  *ulcf;

    op = ngx_http_usage_share_op_of(r);

    if (op == NULL) {
        return NGX_ERROR;
    }

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);
    auth = &ulcf->redis->auth;

    cl = ngx_http_usage_redis_chain(r, op->command.data, op->command.len, NULL);

    if (cl && auth->len) {
        cl = ngx_http_usage_redis_chain(r, auth->data, auth->len, cl);
    }

    if (cl == NULL) {
        return NGX_ERROR;
    }

    r->upstream->request_bufs = cl;

    return ngx_http_usage_redis_reinit_request(r);
}


/*
 * Returns a link with these bytes, which nobody changes.  NULL: memory is out.
 */

static ngx_chain_t *
ngx_http_usage_redis_chain(ngx_http_request_t *r, const void *data, size_t len,
    ngx_chain_t *next)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->start = (u_char *) data;
    b->end = b->start + len;
    b->pos = b->start;
    b->last = b->end;
    b->memory = 1;

    cl->buf = b;
    cl->next = next;

    return cl;
}


/*
 * Each server's reply is read from the beginning.
 */

static ngx_int_t
ngx_http_usage_redis_reinit_request(ngx_http_request_t *r)
{
    ngx_http_usage_op_t        *op;
    ngx_http_usage_loc_conf_t  *ulcf;

    op = ngx_http_usage_share_op_of(r);

    if (op == NULL) {
        return NGX_ERROR;
    }

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    usage_resp_init(&op->resp, ulcf->redis->auth.len ? 1 : 0, &op->pool);

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_redis_process_header(ngx_http_request_t *r)
{
    size_t                len, taken;
    ngx_buf_t            *b;
    usage_result_t        rc;
    ngx_http_upstream_t  *u;
    ngx_http_usage_op_t  *op;

    op = ngx_http_usage_share_op_of(r);

    if (op == NULL) {
        return NGX_ERROR;
    }

    u = r->upstream;
    b = &u->buffer;

    len = b->last - b->pos;
    taken = len;

    rc = usage_resp_feed(&op->resp, (char *) b->pos, &taken);

    b->pos = b->start;
    b->last = b->start;

    if (rc == USAGE_AGAIN) {
        return NGX_AGAIN;
    }

    if (op->starved) {
        return NGX_ERROR; /* no other server makes it better */
    }

    /* bytes behind a reply may be another operation's, or anybody's */

    if (rc != USAGE_OK || taken != len || usage_resp_elsewhere(&op->resp)) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    u->headers_in.status_n = NGX_HTTP_OK;
    u->headers_in.content_length_n = 0;
    u->state->status = NGX_HTTP_OK;

    /* behind an error of AUTH, the command's own reply is still to come */

    u->keepalive = op->resp.kind != USAGE_RESP_ERROR;

    return NGX_OK;
}


static void
ngx_http_usage_redis_abort_request(ngx_http_request_t *r)
{
    /* nginx never calls it, and modules have it */
}


static void
ngx_http_usage_redis_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    /* the operation's fetch learns of the end by itself */
}
