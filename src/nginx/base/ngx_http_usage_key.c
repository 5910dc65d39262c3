/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Who a call's caller is, as a key: a hash of the credential, which can't be
 * had back from it.
 */

#include "base/ngx_http_usage.h"

#include <ngx_md5.h>


static void ngx_http_usage_key_server_add(ngx_http_usage_loc_conf_t *conf,
    const char *what, ngx_str_t *name);
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

    if (rc != NGX_ERROR && EVP_DigestFinal_ex(md, key, NULL) != 1) {
        rc = NGX_ERROR;
    }

done:

    EVP_MD_CTX_free(md);

    return rc;
}


/*
 * What leads to other data with the same credential: the project, the location
 * and the server, which may have another upstream, and the host, which the
 * operator's location may pass on.
 */

static ngx_int_t
ngx_http_usage_key_place(EVP_MD_CTX *md, ngx_http_usage_ctx_t *ctx)
{
    ngx_str_t  *host;

    host = &ctx->request->headers_in.server;

    if (ngx_http_usage_key_add(md, ctx->inbound.project_id.data, ctx->inbound.project_id.len)
        != NGX_OK
        || ngx_http_usage_key_add(md, ctx->conf->prefix.data, ctx->conf->prefix.len)
           != NGX_OK
        || ngx_http_usage_key_add(md, ctx->conf->server, sizeof(ctx->conf->server))
           != NGX_OK
        || ngx_http_usage_key_add(md, host->data, host->len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * A server is what its names and addresses lead to.  Of two that have the same,
 * nginx chooses the first, unless the other is the default one of an address.
 * File and line don't matter, nor does the order.
 */

void
ngx_http_usage_key_server(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    ngx_uint_t                  i, n, s;
    ngx_http_conf_addr_t       *addr;
    ngx_http_conf_port_t       *port;
    ngx_http_server_name_t     *name;
    ngx_http_core_srv_conf_t   *cscf, **servers;
    ngx_http_core_main_conf_t  *cmcf;

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    name = cscf->server_names.elts;

    for (i = 0; i < cscf->server_names.nelts; i++) {
#if (NGX_PCRE)
        if (name[i].regex) {
            ngx_http_usage_key_server_add(conf, "regex", &name[i].name);
            continue;
        }
#endif
        ngx_http_usage_key_server_add(conf, "name", &name[i].name);
    }

    port = cmcf->ports ? cmcf->ports->elts : NULL;

    for (i = 0; port && i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (n = 0; n < port[i].addrs.nelts; n++) {
            servers = addr[n].servers.elts;

            for (s = 0; s < addr[n].servers.nelts; s++) {
                if (servers[s] == cscf) {
                    ngx_http_usage_key_server_add(conf,
                                   addr[n].opt.default_server
                                   && addr[n].default_server == cscf
                                   ? "default" : "listen",
                                   &addr[n].opt.addr_text);
                }
            }
        }
    }
}


static void
ngx_http_usage_key_server_add(ngx_http_usage_loc_conf_t *conf,
    const char *what, ngx_str_t *name)
{
    uint64_t   hash[2];
    ngx_md5_t  md5;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, what, ngx_strlen(what) + 1);
    ngx_md5_update(&md5, name->data, name->len);
    ngx_md5_final((u_char *) hash, &md5);

    conf->server[0] += hash[0];
    conf->server[1] += hash[1];
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

    if (ctx->caller.credential) {
        if (ngx_http_usage_key_add(md, access_key.data, access_key.len)
            != NGX_OK
            || ngx_http_usage_key_add(md, ctx->caller.credential->access_key.data,
                                      ctx->caller.credential->access_key.len)
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

        if (name == NULL || !ngx_http_usage_vouches(ctx, header)) {
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
