/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a request is called, in replies, upstream calls and logs.  In: the
 * client's headers.  Out: an id that is safe to send and to log.
 */

#include "base/ngx_http_usage.h"


/* characters of a client's id */
#define NGX_HTTP_USAGE_REQUEST_ID_MAX  128


static ngx_uint_t ngx_http_usage_request_id_safe(ngx_str_t *id);


ngx_str_t  ngx_http_usage_request_id_names[] = {
    ngx_string("x-request-id"),
    ngx_null_string
};


ngx_int_t
ngx_http_usage_request_id_index(ngx_conf_t *cf)
{
    static ngx_str_t  name = ngx_string("request_id");

    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    /* nginx computes an indexed variable once for a request */

    umcf->request_id = ngx_http_get_variable_index(cf, &name);

    return umcf->request_id == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_usage_request_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;

    header = ngx_http_usage_find_header(&part, &i,
                                        ngx_http_usage_request_id_names);

    if (header && ngx_http_usage_request_id_safe(&header->value)
        && ngx_http_usage_find_header(&part, &i,
                                      ngx_http_usage_request_id_names)
           == NULL)
    {
        *id = header->value;
        return NGX_OK;
    }

    return ngx_http_usage_own_request_id(r, id);
}


ngx_int_t
ngx_http_usage_own_request_id(ngx_http_request_t *r, ngx_str_t *id)
{
    ngx_http_variable_value_t   *value;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);

    value = ngx_http_get_indexed_variable(r, umcf->request_id);

    if (value == NULL || value->not_found) {
        return NGX_ERROR;
    }

    id->data = value->data;
    id->len = value->len;

    return NGX_OK;
}


/*
 * Tells if a client's id has visible ASCII only, and not too much of it.
 */

static ngx_uint_t
ngx_http_usage_request_id_safe(ngx_str_t *id)
{
    size_t  i;

    if (id->len == 0 || id->len > NGX_HTTP_USAGE_REQUEST_ID_MAX) {
        return 0;
    }

    for (i = 0; i < id->len; i++) {
        if (id->data[i] <= ' ' || id->data[i] > '~') {
            return 0;
        }
    }

    return 1;
}
