/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists of headers: counting, finding, adding.
 */

#include "base/ngx_http_usage.h"

#include "sign/usage_signature.h"


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


ngx_table_elt_t *
ngx_http_usage_find_header(ngx_list_part_t **part, ngx_uint_t *i,
    ngx_str_t *names)
{
    ngx_table_elt_t  *header;

    while ((header = ngx_http_usage_next_header(part, i)) != NULL) {

        if (ngx_http_usage_header_in(header, names)) {
            return header;
        }
    }

    return NULL;
}


ngx_str_t *
ngx_http_usage_header_in(ngx_table_elt_t *header, ngx_str_t *names)
{
    ngx_str_t  *name;

    for (name = names; name->len; name++) {
        if (header->key.len == name->len
            && ngx_strncasecmp(header->key.data, name->data, name->len) == 0)
        {
            return name;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_usage_count_headers(ngx_list_t *list)
{
    ngx_uint_t        n;
    ngx_list_part_t  *part;

    n = 0;

    for (part = &list->part; part; part = part->next) {
        n += part->nelts;
    }

    return n;
}


ngx_int_t
ngx_http_usage_push_header(ngx_list_t *list, ngx_str_t *name, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(list);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = ngx_hash_key(name->data, name->len);
    h->key = *name;
    h->value = *value;
    h->lowcase_key = name->data;

    return NGX_OK;
}


ngx_str_t *
ngx_http_usage_token(ngx_http_request_t *r)
{
    static ngx_str_t  names[] = {
        ngx_string("x-auth-token"),
        ngx_null_string
    };

    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {

        if (header->value.len) {
            return &header->value;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_usage_add_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}


ngx_uint_t
ngx_http_usage_vouches(ngx_http_usage_ctx_t *ctx, ngx_table_elt_t *header)
{
    usage_str_t  name;

    if (ctx->caller.credential == NULL) {
        return 1;
    }

    name.data = (char *) header->key.data;
    name.len = header->key.len;

    return usage_signature_signs(ctx->caller.signed_names, name);
}


ngx_uint_t
ngx_http_usage_travels(ngx_http_usage_ctx_t *ctx, ngx_table_elt_t *header)
{
    /* other headers are for logs, and proxies add them after it is signed */

    static ngx_str_t  deciding[] = {
        ngx_string("x-project-id"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    return ngx_http_usage_header_in(header, deciding) == NULL
           || ngx_http_usage_vouches(ctx, header);
}
