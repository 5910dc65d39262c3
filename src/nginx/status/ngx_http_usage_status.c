/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_status, and the location that it makes.  In: a request.
 * Out: a page of the counters, in the form that the client accepts.
 */

#include "status/ngx_http_usage_status.h"


static ngx_uint_t ngx_http_usage_status_json(ngx_http_request_t *r);
static ngx_uint_t ngx_http_usage_status_choose(ngx_str_t *accept,
    ngx_uint_t *json);


char *
ngx_http_usage_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (ulcf->status) {
        return "is duplicate";
    }

    if (ulcf->translate) {
        return "has no place beside \"usage_translate\"";
    }

    if (ngx_http_usage_metrics_add(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ulcf->status = 1;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_usage_status_handler;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_usage_status_handler(ngx_http_request_t *r)
{
    static ngx_str_t  allow = ngx_string("GET, HEAD");
    static ngx_str_t  types[] = {
        ngx_string("text/plain; version=0.0.4; charset=utf-8"),
        ngx_string("application/json")
    };

    ngx_buf_t    *b;
    ngx_int_t     rc;
    ngx_str_t     text;
    ngx_uint_t    json;
    ngx_chain_t   out;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_usage_add_header(r, "Allow", &allow) == NGX_OK
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    json = ngx_http_usage_status_json(r);
    b = ngx_calloc_buf(r->pool);

    if (b == NULL || ngx_http_usage_status_page(r, json, &text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text.len;
    r->headers_out.content_type = types[json];
    r->headers_out.content_type_len = json ? types[json].len
                                           : sizeof("text/plain") - 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = text.data;
    b->last = text.data + text.len;
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/*
 * Tells if the client is to get JSON.  It gets the first form that it accepts,
 * or text if it accepts none.  (Weights could say otherwise, but clients name
 * first what they like best.)
 */

static ngx_uint_t
ngx_http_usage_status_json(ngx_http_request_t *r)
{
    static ngx_str_t  names[] = {
        ngx_string("accept"),
        ngx_null_string
    };

    ngx_uint_t        i, json;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {

        if (ngx_http_usage_status_choose(&header->value, &json)) {
            return json;
        }
    }

    return 0;
}


/*
 * Finds the first form in a header Accept.  Returns 0 if there is none.
 */

static ngx_uint_t
ngx_http_usage_status_choose(ngx_str_t *accept, ngx_uint_t *json)
{
    static struct {
        ngx_str_t   type;
        ngx_uint_t  json;
    } known[] = {
        { ngx_string("application/json"), 1 },
        { ngx_string("application/*"), 1 },
        { ngx_string("text/plain"), 0 },
        { ngx_string("text/*"), 0 },
        { ngx_string("*/*"), 0 },
        { ngx_null_string, 0 }
    };

    size_t      len;
    u_char     *p, *last;
    ngx_uint_t  i;

    p = accept->data;
    last = p + accept->len;

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        for (len = 0; p + len < last; len++) {
            if (ngx_strchr(" \t,;", p[len])) {
                break;
            }
        }

        for (i = 0; known[i].type.len; i++) {
            if (len == known[i].type.len
                && ngx_strncasecmp(p, known[i].type.data, len) == 0)
            {
                *json = known[i].json;
                return 1;
            }
        }

        while (p < last && *p != ',') {
            p++;
        }
    }

    return 0;
}
