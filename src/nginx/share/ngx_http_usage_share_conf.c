/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_share.  In: its arguments, and the file with the secret.
 * Out: what a location shares with other gateways, and how it is sealed.
 */

#include "share/ngx_http_usage_share.h"


#define NGX_HTTP_USAGE_SHARE_NAMESPACE_MAX  64
#define NGX_HTTP_USAGE_SHARE_GATEWAYS_MAX   1000
#define NGX_HTTP_USAGE_SHARE_GATEWAYS       2
#define NGX_HTTP_USAGE_SHARE_TIMEOUT        250


static ngx_http_usage_share_t *ngx_http_usage_share_new(ngx_conf_t *cf);
static void ngx_http_usage_share_wipe(void *data);
static char *ngx_http_usage_share_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_usage_share_t *share, ngx_str_t *secret);
static ngx_uint_t ngx_http_usage_share_namespace_is(ngx_str_t *name);
static ngx_int_t ngx_http_usage_share_seal(ngx_conf_t *cf,
    ngx_http_usage_share_t *share, ngx_str_t *name);


char *
ngx_http_usage_share(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t               *value, secret;
    ngx_uint_t               i;
    ngx_http_usage_share_t  *share;

    if (ulcf->share != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->share = NULL;
        return NGX_CONF_OK;
    }

    if (value[1].len == 0 || value[1].data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URI \"%V\", it has to be the path of a "
                           "location with usage_redis_pass, as \"/redis\", or "
                           "\"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    share = ngx_http_usage_share_new(cf);
    if (share == NULL) {
        return NGX_CONF_ERROR;
    }

    share->uri = value[1];
    ngx_str_null(&secret);

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_usage_share_parameter(cf, &value[i], share, &secret)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (share->namespace.len == 0) {
        return "must have a \"namespace\" parameter";
    }

    if (secret.len == 0) {
        return "must have a \"secret\" parameter";
    }

    if (ngx_http_usage_share_seal(cf, share, &secret) != NGX_OK
        || ngx_http_usage_share_zone(cf, share) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (share->gateways == 0) {
        share->gateways = NGX_HTTP_USAGE_SHARE_GATEWAYS;
    }

    if (share->timeout == 0) {
        share->timeout = NGX_HTTP_USAGE_SHARE_TIMEOUT;
    }

    ulcf->share = share;

    return NGX_CONF_OK;
}


/*
 * The keys are wiped with the configuration.
 */

static ngx_http_usage_share_t *
ngx_http_usage_share_new(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_usage_share_t));
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_usage_share_wipe;
    ngx_memzero(cln->data, sizeof(ngx_http_usage_share_t));

    return cln->data;
}


static void
ngx_http_usage_share_wipe(void *data)
{
    ngx_http_usage_share_t *share = data;

    ngx_explicit_memzero(&share->seal, sizeof(usage_seal_t));
}


static char *
ngx_http_usage_share_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_usage_share_t *share, ngx_str_t *secret)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (ngx_strncmp(value->data, "namespace=", 10) == 0
        && share->namespace.len == 0)
    {
        share->namespace.data = value->data + 10;
        share->namespace.len = value->len - 10;

        if (ngx_http_usage_share_namespace_is(&share->namespace)) {
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "secret=", 7) == 0 && secret->len == 0)
    {
        secret->data = value->data + 7;
        secret->len = value->len - 7;

        if (secret->len) {
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "gateways=", 9) == 0
               && share->gateways == 0)
    {
        n = ngx_atoi(value->data + 9, value->len - 9);

        if (n > 0 && n <= NGX_HTTP_USAGE_SHARE_GATEWAYS_MAX) {
            share->gateways = n;
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "timeout=", 8) == 0
               && share->timeout == 0)
    {
        s.data = value->data + 8;
        s.len = value->len - 8;
        n = ngx_parse_time(&s, 0);

        if (n > 0) {
            share->timeout = n;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", it must be a \"namespace\" "
                       "of 1 to 64 letters, digits, \".\", \"_\" and \"-\", "
                       "\"secret=file\", \"gateways\" from 1 to 1000, or a "
                       "\"timeout\" longer than 0, as \"250ms\", each once",
                       value);

    return NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_usage_share_namespace_is(ngx_str_t *name)
{
    u_char  *p, *last;

    last = name->data + name->len;

    for (p = name->data; p < last; p++) {

        if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z')
            && !(*p >= '0' && *p <= '9')
            && *p != '.' && *p != '_' && *p != '-')
        {
            return 0;
        }
    }

    return name->len > 0 && name->len <= NGX_HTTP_USAGE_SHARE_NAMESPACE_MAX;
}


/*
 * Makes the keys from the secret, whose text is wiped at once.
 */

static ngx_int_t
ngx_http_usage_share_seal(ngx_conf_t *cf, ngx_http_usage_share_t *share,
    ngx_str_t *name)
{
    ngx_int_t    rc;
    ngx_str_t    text;
    usage_str_t  secret, namespace;

    if (ngx_conf_full_name(cf->cycle, name, 1) != NGX_OK
        || ngx_http_usage_secret_read(cf, "usage_share: the secret", name,
                                      &text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    secret.data = (char *) text.data;
    secret.len = text.len;
    namespace.data = (char *) share->namespace.data;
    namespace.len = share->namespace.len;

    while (secret.len && ngx_strchr(" \t\r\n", secret.data[secret.len - 1])) {
        secret.len--;
    }

    rc = NGX_ERROR;

    if (secret.len < USAGE_SEAL_SECRET_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_share: the secret \"%V\" has %uz bytes, it "
                           "must have at least %uz: \"openssl rand -hex "
                           "32\" makes one", name, secret.len,
                           (size_t) USAGE_SEAL_SECRET_MIN);

    } else if (usage_seal_init(&share->seal, secret, namespace) != USAGE_OK
               || usage_seal_name(&share->seal, "born", NULL, 0, share->born)
                  != USAGE_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_share: libcrypto can't make keys");

    } else {
        rc = NGX_OK;
    }

    ngx_explicit_memzero(text.data, text.len);

    return rc;
}
