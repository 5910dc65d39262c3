/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a detached request has of a client's.  In: the client's request.  Out: a
 * copy that needs nothing of the client's any more.
 */

#include "modes/ngx_http_usage_modes.h"


static ngx_int_t ngx_http_usage_copy_line(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_copy_host(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_copy_headers(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_copy_header(ngx_http_request_t *to,
    ngx_http_request_t *r, ngx_table_elt_t *header);
static ngx_int_t ngx_http_usage_copy_variables(ngx_http_request_t *to,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_copy_body(ngx_http_request_t *to,
    u_char *data, size_t len);


ngx_int_t
ngx_http_usage_copy_request(ngx_http_request_t *to, ngx_http_request_t *r,
    u_char *body, size_t len)
{
    if (ngx_http_usage_copy_line(to, r) != NGX_OK
        || ngx_http_usage_copy_host(to, r) != NGX_OK
        || ngx_http_usage_copy_headers(to, r) != NGX_OK
        || ngx_http_usage_copy_variables(to, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_copy_body(to, body, len);
}


/*
 * Copies the request line, and what nginx made of it.
 */

static ngx_int_t
ngx_http_usage_copy_line(ngx_http_request_t *to, ngx_http_request_t *r)
{
    to->method = r->method;
    to->http_version = NGX_HTTP_VERSION_11;

    if (ngx_http_usage_copy(to->pool, &to->method_name, &r->method_name)
        != NGX_OK
        || ngx_http_usage_copy(to->pool, &to->http_protocol,
                               &r->http_protocol)
           != NGX_OK
        || ngx_http_usage_copy(to->pool, &to->request_line, &r->request_line)
           != NGX_OK
        || ngx_http_usage_copy(to->pool, &to->unparsed_uri, &r->unparsed_uri)
           != NGX_OK
        || ngx_http_usage_copy(to->pool, &to->uri, &r->uri) != NGX_OK
        || ngx_http_usage_copy(to->pool, &to->args, &r->args) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Copies the host, also if it isn't a header but in the request line: a
 * signature may cover it.
 */

static ngx_int_t
ngx_http_usage_copy_host(ngx_http_request_t *to, ngx_http_request_t *r)
{
    ngx_str_t  host, copy;

    if (ngx_http_usage_copy(to->pool, &to->headers_in.server,
                            &r->headers_in.server)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->host_start == NULL) {
        return NGX_OK;
    }

    host.data = r->host_start;
    host.len = r->host_end - r->host_start;

    if (ngx_http_usage_copy(to->pool, &copy, &host) != NGX_OK) {
        return NGX_ERROR;
    }

    to->host_start = copy.data;
    to->host_end = copy.data + copy.len;

    return NGX_OK;
}


/*
 * Copies all headers that the client sent.
 */

static ngx_int_t
ngx_http_usage_copy_headers(ngx_http_request_t *to, ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    if (ngx_list_init(&to->headers_in.headers, to->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (ngx_http_usage_copy_header(to, r, header) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_copy_header(ngx_http_request_t *to, ngx_http_request_t *r,
    ngx_table_elt_t *header)
{
    ngx_str_t         lowcase;
    ngx_table_elt_t  *h;

    h = ngx_list_push(&to->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    lowcase.data = header->lowcase_key;
    lowcase.len = header->key.len;

    if (ngx_http_usage_copy(to->pool, &h->key, &header->key) != NGX_OK
        || ngx_http_usage_copy(to->pool, &h->value, &header->value) != NGX_OK
        || ngx_http_usage_copy(to->pool, &lowcase, &lowcase) != NGX_OK)
    {
        return NGX_ERROR;
    }

    h->hash = header->hash;
    h->lowcase_key = lowcase.data;

    if (header == r->headers_in.host) {
        to->headers_in.host = h;

    } else if (header == r->headers_in.user_agent) {
        to->headers_in.user_agent = h;

    } else if (header == r->headers_in.authorization) {
        to->headers_in.authorization = h;
    }

    return NGX_OK;
}


/*
 * Copies the values that variables of the client's request have by now:
 * $request_id, what "set" and "map" made.
 */

static ngx_int_t
ngx_http_usage_copy_variables(ngx_http_request_t *to, ngx_http_request_t *r)
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


/*
 * Copies the body, as if nginx had read it into one buffer.
 */

static ngx_int_t
ngx_http_usage_copy_body(ngx_http_request_t *to, u_char *data, size_t len)
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


ngx_int_t
ngx_http_usage_copy(ngx_pool_t *pool, ngx_str_t *to, ngx_str_t *from)
{
    u_char  *p;

    p = ngx_pnalloc(pool, from->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, from->data, from->len);
    p[from->len] = '\0';

    to->data = p;
    to->len = from->len;

    return NGX_OK;
}
