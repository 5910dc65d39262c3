/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_credentials.  In: a file of access keys, which is read
 * with the configuration.  Out: the access keys of a location.
 */

#include "sign/ngx_http_usage_sign.h"


static usage_credentials_t *ngx_http_usage_credentials_read(ngx_conf_t *cf,
    ngx_str_t *name);
static void ngx_http_usage_credentials_wipe(void *data);


char *
ngx_http_usage_credentials(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t  *value, name;

    if (ulcf->credentials != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->credentials = NULL;
        return NGX_CONF_OK;
    }

    name = value[1];

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ulcf->credentials = ngx_http_usage_credentials_read(cf, &name);

    if (ulcf->credentials == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ulcf->credentials->count == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "usage_credentials \"%V\" has no access key: each "
                           "signed call is refused", &name);
    }

    return NGX_CONF_OK;
}


/*
 * Reads the access keys of a file.  They are wiped with the configuration, the
 * text of the file at once.  NULL: an error, which is logged.
 */

static usage_credentials_t *
ngx_http_usage_credentials_read(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_int_t             rc;
    ngx_str_t             text;
    usage_str_t           str;
    usage_pool_t          pool;
    usage_error_t         error;
    ngx_pool_cleanup_t   *cln;
    usage_credentials_t  *credentials;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(usage_credentials_t));

    if (cln == NULL
        || ngx_http_usage_secret_read(cf, "usage_credentials", name, &text)
           != NGX_OK)
    {
        return NULL;
    }

    credentials = cln->data;

    ngx_memzero(&pool, sizeof(usage_pool_t));

    pool.alloc = ngx_http_usage_alloc;
    pool.data = cf->pool;

    str.data = (char *) text.data;
    str.len = text.len;

    rc = usage_credentials_read(credentials, str, &pool, &error);

    cln->handler = ngx_http_usage_credentials_wipe;

    ngx_explicit_memzero(text.data, text.len);

    if (rc != USAGE_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_credentials \"%V\": %s", name,
                           error.detail);
        return NULL;
    }

    return credentials;
}


static void
ngx_http_usage_credentials_wipe(void *data)
{
    usage_credentials_wipe(data);
}


/*
 * $proxy_host is what nginx sends as Host, unless the configuration says
 * otherwise.
 */

ngx_int_t
ngx_http_usage_default_host(ngx_conf_t *cf, ngx_http_complex_value_t **host)
{
    static ngx_str_t  proxy_host = ngx_string("$proxy_host");

    ngx_http_compile_complex_value_t  ccv;

    *host = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*host == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &proxy_host;
    ccv.complex_value = *host;

    return ngx_http_compile_complex_value(&ccv);
}
