/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Makes keys.  In: a request, with its credential and its location.  Out: a
 * salted hash that tells callers from each other, and what they call.  Nothing
 * leads back from it to the credential.
 */

#include "base/ngx_http_usage.h"

#include <ngx_md5.h>

#include <openssl/evp.h>


static ngx_int_t ngx_http_usage_key_place(EVP_MD_CTX *md,
    ngx_http_usage_ctx_t *ctx, ngx_http_usage_scope_t scope);
static ngx_int_t ngx_http_usage_key_credential(EVP_MD_CTX *md,
    ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_key_add(EVP_MD_CTX *md, const void *data,
    size_t len);
static void ngx_http_usage_key_upstream_address(
    ngx_http_usage_loc_conf_t *conf, ngx_http_core_srv_conf_t *cscf,
    ngx_http_conf_addr_t *addr);
static void ngx_http_usage_key_upstream_add(ngx_http_usage_loc_conf_t *conf,
    const char *what, ngx_str_t *name);


ngx_int_t
ngx_http_usage_key(ngx_http_usage_ctx_t *ctx, ngx_http_usage_scope_t scope,
    ngx_http_complex_value_t *value, u_char *salt, u_char *key)
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
        || ngx_http_usage_key_place(md, ctx, scope) != NGX_OK)
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
 * The same credential gets other data in another project or enterprise project,
 * at another upstream, or for another host, which the operator's location may
 * pass on.  Its quota is the same for all of these but the project.  What tells
 * this gateway's servers from each other is of no use to another gateway.
 */

static ngx_int_t
ngx_http_usage_key_place(EVP_MD_CTX *md, ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_scope_t scope)
{
    ngx_str_t    *host, *prefix;
    usage_str_t  *project, *part;

    host = &ctx->request->headers_in.server;
    prefix = &ctx->conf->prefix;
    project = &ctx->inbound.project_id;
    part = &ctx->inbound.enterprise_project;

    if (ngx_http_usage_key_add(md, project->data, project->len) != NGX_OK
        || ngx_http_usage_key_add(md, prefix->data, prefix->len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (scope == NGX_HTTP_USAGE_SCOPE_QUOTA) {
        return NGX_OK;
    }

    if (scope == NGX_HTTP_USAGE_SCOPE_DATA
        && ngx_http_usage_key_add(md, ctx->conf->upstream,
                                  sizeof(ctx->conf->upstream))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_usage_key_add(md, part->data, part->len) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_key_add(md, host->data, host->len);
}


/*
 * Adds the caller's credential to a digest: the access key of a signed request,
 * a token, and what else the service may know a caller by.  NGX_DECLINED: there
 * is none.
 */

static ngx_int_t
ngx_http_usage_key_credential(EVP_MD_CTX *md, ngx_http_usage_ctx_t *ctx)
{
    static ngx_str_t  access_key = ngx_string("access key");

    static ngx_str_t  names[] = {
        ngx_string("x-auth-token"),
        ngx_string("x-security-token"),
        ngx_null_string
    };

    ngx_str_t          *name;
    ngx_int_t           rc;
    ngx_uint_t          i;
    ngx_list_part_t    *part;
    ngx_table_elt_t    *header;
    const usage_str_t  *id;

    rc = NGX_DECLINED;

    if (ctx->caller.credential) {
        id = &ctx->caller.credential->access_key;

        if (ngx_http_usage_key_add(md, access_key.data, access_key.len)
            != NGX_OK
            || ngx_http_usage_key_add(md, id->data, id->len) != NGX_OK)
        {
            return NGX_ERROR;
        }

        rc = NGX_OK;
    }

    part = &ctx->request->headers_in.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i, names)) != NULL) {

        if (!ngx_http_usage_vouches(ctx, header)) {
            continue;
        }

        name = ngx_http_usage_header_in(header, names);

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
 * Adds data to a digest, with its length: no other sequence of data gives the
 * same bytes.  The length is written alike by all machines, as gateways may share
 * a key.
 */

static ngx_int_t
ngx_http_usage_key_add(EVP_MD_CTX *md, const void *data, size_t len)
{
    u_char      size[8];
    ngx_uint_t  i;

    for (i = 0; i < 8; i++) {
        size[i] = (u_char) ((uint64_t) len >> (8 * i));
    }

    return EVP_DigestUpdate(md, size, sizeof(size)) == 1
           && EVP_DigestUpdate(md, data, len) == 1
           ? NGX_OK : NGX_ERROR;
}


/*
 * A server is known by its names and addresses.  If two servers have the same,
 * nginx chooses the first, or the one that is the default of an address.  The
 * hashes are added up, so neither the order matters, nor in which file and line
 * something stands.
 */

void
ngx_http_usage_key_upstream(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    const char                 *what;
    ngx_uint_t                  i, n;
    ngx_http_conf_addr_t       *addr;
    ngx_http_conf_port_t       *port;
    ngx_http_server_name_t     *name;
    ngx_http_core_srv_conf_t   *cscf;
    ngx_http_core_main_conf_t  *cmcf;

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    ngx_http_usage_key_upstream_add(conf, "prefix", &conf->prefix);

    name = cscf->server_names.elts;

    for (i = 0; i < cscf->server_names.nelts; i++) {
        what = "name";
#if (NGX_PCRE)
        if (name[i].regex) {
            what = "regex";
        }
#endif
        ngx_http_usage_key_upstream_add(conf, what, &name[i].name);
    }

    port = cmcf->ports ? cmcf->ports->elts : NULL;

    for (i = 0; port && i < cmcf->ports->nelts; i++) {
        addr = port[i].addrs.elts;

        for (n = 0; n < port[i].addrs.nelts; n++) {
            ngx_http_usage_key_upstream_address(conf, cscf, &addr[n]);
        }
    }
}


static void
ngx_http_usage_key_upstream_address(ngx_http_usage_loc_conf_t *conf,
    ngx_http_core_srv_conf_t *cscf, ngx_http_conf_addr_t *addr)
{
    const char                 *what;
    ngx_uint_t                  i;
    ngx_http_core_srv_conf_t  **servers;

    what = addr->opt.default_server && addr->default_server == cscf
               ? "default" : "listen";

    servers = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        if (servers[i] == cscf) {
            ngx_http_usage_key_upstream_add(conf, what, &addr->opt.addr_text);
        }
    }
}


static void
ngx_http_usage_key_upstream_add(ngx_http_usage_loc_conf_t *conf,
    const char *what, ngx_str_t *name)
{
    uint64_t   hash[2];
    ngx_md5_t  md5;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, what, ngx_strlen(what) + 1);
    ngx_md5_update(&md5, name->data, name->len);
    ngx_md5_final((u_char *) hash, &md5);

    conf->upstream[0] += hash[0];
    conf->upstream[1] += hash[1];
}
