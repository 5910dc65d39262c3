/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Files with secrets, which only their owner may read.  In: the name of a file.
 * Out: its text, read with the configuration.
 */

#include "base/ngx_http_usage.h"


/* bytes of the largest file */
#define NGX_HTTP_USAGE_SECRET_MAX  (1024 * 1024)


static char *ngx_http_usage_secret_check(ngx_file_t *file);


ngx_int_t
ngx_http_usage_secret_read(ngx_conf_t *cf, const char *directive,
    ngx_str_t *name, ngx_str_t *text)
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
    reason = ngx_http_usage_secret_check(&file);

    if (reason) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s \"%V\" %s", directive,
                           name, reason);
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
ngx_http_usage_secret_check(ngx_file_t *file)
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

    if (ngx_file_size(&file->info) > NGX_HTTP_USAGE_SECRET_MAX) {
        return "is larger than 1m";
    }

    return NULL;
}
