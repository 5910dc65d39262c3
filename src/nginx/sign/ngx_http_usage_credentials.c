/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_credentials.  In: a file of access keys, which is read
 * with the configuration.  Out: the access keys of a location.
 */

#include "sign/ngx_http_usage_sign.h"


/* bytes of the largest file */
#define NGX_HTTP_USAGE_CREDENTIALS_MAX  (1024 * 1024)


static usage_credentials_t *ngx_http_usage_credentials_read(ngx_conf_t *cf,
    ngx_str_t *name);
static ngx_int_t ngx_http_usage_credentials_load(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);
static char *ngx_http_usage_credentials_check(ngx_file_t *file);
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
        || ngx_http_usage_credentials_load(cf, name, &text) != NGX_OK)
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


/*
 * Reads all of a file into the configuration's pool.  NGX_ERROR: it can't be
 * read, which is logged.
 */

static ngx_int_t
ngx_http_usage_credentials_load(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text)
{
    char       *reason;
    ssize_t     n;
    ngx_int_t   rc;
    ngx_file_t  file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;
    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;
    reason = ngx_http_usage_credentials_check(&file);

    if (reason) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_credentials \"%V\" %s", name, reason);
        goto done;
    }

    text->len = ngx_file_size(&file.info);
    text->data = ngx_pnalloc(cf->pool, text->len + 1);

    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, text->len, 0);

    if (n != (ssize_t) text->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, n == NGX_ERROR ? ngx_errno : 0,
                           ngx_read_file_n " \"%V\" failed", name);
        goto done;
    }

    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    return rc;
}


/*
 * Returns what is wrong with a file, or NULL.
 */

static char *
ngx_http_usage_credentials_check(ngx_file_t *file)
{
    if (ngx_fd_info(file->fd, &file->info) == NGX_FILE_ERROR) {
        return "has no attributes that can be read";
    }

    if (!ngx_is_file(&file->info)) {
        return "is not a file";
    }

    if (ngx_file_access(&file->info) & (S_IRWXG|S_IRWXO)) {
        return "can be read or changed by others than its owner; "
               "\"chmod 600\" it";
    }

    if (ngx_file_size(&file->info) > NGX_HTTP_USAGE_CREDENTIALS_MAX) {
        return "is larger than 1m";
    }

    return NULL;
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
