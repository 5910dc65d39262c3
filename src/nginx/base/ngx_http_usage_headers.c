/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Lists of headers.
 */

#include "sign/ngx_http_usage_sign.h"


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

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        if (header->value.len && ngx_http_usage_header_in(header, names)) {
            return &header->value;
        }
    }

    return NULL;
}


/*
 * The service may let the header win over the path, by which the day store and
 * whoever reads the access log tell whose data it is.
 */

ngx_int_t
ngx_http_usage_check_project(ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  names[] = {
        ngx_string("x-project-id"),
        ngx_null_string
    };

    usage_str_t       value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &ctx->request->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        /* one that a signed call didn't sign isn't sent on */

        if (ngx_http_usage_header_in(header, names) == NULL
            || !ngx_http_usage_sign_covers(ctx, header))
        {
            continue;
        }

        value.data = (char *) header->value.data;
        value.len = header->value.len;

        if (value.len != ctx->project_id.len
            || ngx_memcmp(value.data, ctx->project_id.data, value.len) != 0)
        {
            (void) usage_error(&ctx->error, NGX_HTTP_BAD_REQUEST,
                               "X-Project-Id is \"%.*s\"; allowed: the "
                               "project_id of the path, \"%.*s\"",
                               usage_shown(value), value.data,
                               usage_shown(ctx->project_id),
                               ctx->project_id.data);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
