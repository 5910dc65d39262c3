/*
 * Who a call's caller is, as a key: a hash of the credential, which can't be
 * had back from it.
 */

#include "ngx_http_usage_sign.h"


static ngx_int_t ngx_http_usage_key_place(EVP_MD_CTX *md,
    ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_key_add(EVP_MD_CTX *md, const void *data,
    size_t len);


ngx_int_t
ngx_http_usage_key(ngx_http_usage_ctx_t *ctx, ngx_http_complex_value_t *value,
    u_char *salt, u_char *key)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1
        || EVP_DigestUpdate(md, salt, NGX_HTTP_USAGE_KEY_LEN) != 1
        || ngx_http_usage_key_place(md, ctx) != NGX_OK)
    {
        goto done;
    }

    if (value == NULL) {
        rc = ngx_http_usage_key_credential(md, ctx);

    } else if (ngx_http_complex_value(ctx->request, value, &text) == NGX_OK) {
        rc = text.len == 0 ? NGX_DECLINED
                           : ngx_http_usage_key_add(md, text.data, text.len);
    }

    if (rc == NGX_OK && EVP_DigestFinal_ex(md, key, NULL) != 1) {
        rc = NGX_ERROR;
    }

done:

    EVP_MD_CTX_free(md);

    return rc;
}


/*
 * What leads to other data with the same credential: the project, the location
 * and the server, which may have another upstream.
 */

static ngx_int_t
ngx_http_usage_key_place(EVP_MD_CTX *md, ngx_http_usage_ctx_t *ctx)
{
    ngx_http_core_srv_conf_t   *cscf;
    ngx_http_usage_loc_conf_t  *ulcf;

    cscf = ngx_http_get_module_srv_conf(ctx->request, ngx_http_core_module);
    ulcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_usage_module);

    if (ngx_http_usage_key_add(md, ctx->project_id.data, ctx->project_id.len)
        != NGX_OK
        || ngx_http_usage_key_add(md, ulcf->prefix.data, ulcf->prefix.len)
           != NGX_OK
        || ngx_http_usage_key_add(md, cscf->server_name.data,
                                  cscf->server_name.len)
           != NGX_OK
        || ngx_http_usage_key_add(md, cscf->file_name,
                                  ngx_strlen(cscf->file_name))
           != NGX_OK
        || ngx_http_usage_key_add(md, &cscf->line, sizeof(ngx_uint_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_key_credential(EVP_MD_CTX *md, ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  access_key = ngx_string("access key");

    static ngx_str_t  names[] = {
        ngx_string("x-auth-token"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t        *name;
    ngx_int_t         rc;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    rc = NGX_DECLINED;

    if (ctx->credential) {
        if (ngx_http_usage_key_add(md, access_key.data, access_key.len)
            != NGX_OK
            || ngx_http_usage_key_add(md, ctx->credential->access_key.data,
                                      ctx->credential->access_key.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        rc = NGX_OK;
    }

    part = &ctx->request->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_next_header(&part, &i)) != NULL) {

        name = ngx_http_usage_header_in(header, names);

        if (name == NULL || !ngx_http_usage_sign_covers(ctx, header)) {
            continue;
        }

        if (ngx_http_usage_key_add(md, name->data, name->len) != NGX_OK
            || ngx_http_usage_key_add(md, header->value.data,
                                      header->value.len)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (name == names && header->value.len) {
            rc = NGX_OK;
        }
    }

    return rc;
}


/*
 * With its length, so that no two sequences are one.
 */

static ngx_int_t
ngx_http_usage_key_add(EVP_MD_CTX *md, const void *data, size_t len)
{
    return EVP_DigestUpdate(md, &len, sizeof(size_t)) == 1
           && EVP_DigestUpdate(md, data, len) == 1
           ? NGX_OK : NGX_ERROR;
}
