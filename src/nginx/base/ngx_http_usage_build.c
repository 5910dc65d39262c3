/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which build of the module runs: a line in the error log.  Replacing the
 * module's file doesn't change what runs, so an operator has to be able to see
 * it.
 */

#include "base/ngx_http_usage.h"


ngx_str_t  ngx_http_usage_build = ngx_string(NGX_HTTP_USAGE_BUILD);


ngx_int_t
ngx_http_usage_build_log(ngx_cycle_t *cycle)
{
    if (!ngx_test_config) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "ngx_http_usage_module " USAGE_VERSION
                      ", build " NGX_HTTP_USAGE_BUILD
                      ", for nginx " NGINX_VERSION);
    }

    return NGX_OK;
}
