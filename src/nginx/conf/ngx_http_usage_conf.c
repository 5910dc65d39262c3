/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Directives for which nginx has no reader.  In: their arguments.  Out: fields
 * of the configuration.
 */

#include "conf/ngx_http_usage_conf.h"
#include "base/ngx_http_usage_metrics.h"
#include "call/ngx_http_usage_call.h"
#include "handler/ngx_http_usage_handler.h"
#include "modes/ngx_http_usage_modes.h"

#include "base/usage_tolerance.h"


static char *ngx_http_usage_retention_parameter(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value);


char *
ngx_http_usage_translate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t                   *value;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_usage_main_conf_t  *umcf;

    if (ulcf->translate) {
        return "is duplicate";
    }

    if (ulcf->status) {
        return "has no place beside \"usage_status\"";
    }

    value = cf->args->elts;

    if (value[1].len == 0 || value[1].data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid prefix \"%V\", it has to be the path of a "
                           "location, as \"/workspace\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    umcf->translates = 1;

    if (ngx_http_usage_request_id_index(cf) != NGX_OK
        || ngx_http_usage_metrics_add(cf) != NGX_OK
        || ngx_http_usage_known_zone(cf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ulcf->translate = 1;
    ulcf->prefix = value[1];

    while (ulcf->prefix.len && ulcf->prefix.data[ulcf->prefix.len - 1] == '/') {
        ulcf->prefix.len--;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_usage_handler;

    return NGX_CONF_OK;
}


char *
ngx_http_usage_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ulcf->mode->lengths == NULL
        && ngx_http_usage_mode_named(&value[1]) == NGX_HTTP_USAGE_MODES)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"translate\", "
                           "\"passthrough\", \"compare\", \"fallback\" or a "
                           "variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    if ((ulcf->mode->lengths
         || ngx_http_usage_mode_named(&value[1])
            == NGX_HTTP_USAGE_MODE_FALLBACK)
        && ngx_http_usage_breaker_zone(cf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *timeout = data;

    return *timeout == 0 ? "must not be 0" : NGX_CONF_OK;
}


char *
ngx_http_usage_clock_skew(ngx_conf_t *cf, void *post, void *data)
{
    time_t *skew = data;

    if (*skew == 0) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"usage_clock_skew\" is 0: only what is signed in "
                           "this very second is accepted");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_memory(ngx_conf_t *cf, void *post, void *data)
{
    size_t *memory = data;

    return *memory < NGX_HTTP_USAGE_MEMORY_MIN ? "must be at least 1m"
                                               : NGX_CONF_OK;
}


char *
ngx_http_usage_use_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;

    if (ulcf->use_time->lengths == NULL
        && ngx_strcmp(value[1].data, "auto") != 0
        && ngx_strcmp(value[1].data, "number") != 0
        && ngx_strcmp(value[1].data, "string") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"auto\", "
                           "\"number\", \"string\" or a variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (ulcf->retention_desktops != NGX_CONF_UNSET
        || ulcf->retention_users != NGX_CONF_UNSET
        || ulcf->retention_records != NGX_CONF_UNSET)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->retention_desktops = 0;
        ulcf->retention_users = 0;
        ulcf->retention_records = 0;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_usage_retention_parameter(cf, ulcf, &value[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_retention_parameter(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value)
{
    time_t     *field;
    ngx_str_t   s;

    if (ngx_strncmp(value->data, "desktops=", 9) == 0) {
        field = &ulcf->retention_desktops;
        s.data = value->data + 9;
        s.len = value->len - 9;

    } else if (ngx_strncmp(value->data, "users=", 6) == 0) {
        field = &ulcf->retention_users;
        s.data = value->data + 6;
        s.len = value->len - 6;

    } else if (ngx_strncmp(value->data, "records=", 8) == 0) {
        field = &ulcf->retention_records;
        s.data = value->data + 8;
        s.len = value->len - 8;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be "
                           "\"desktops=time\", \"users=time\", "
                           "\"records=time\" or \"off\"", value);
        return NGX_CONF_ERROR;
    }

    if (*field != NGX_CONF_UNSET) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate parameter \"%V\"", value);
        return NGX_CONF_ERROR;
    }

    *field = ngx_parse_time(&s, 1);

    if (*field == (time_t) NGX_ERROR || *field == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time in \"%V\", it must be longer than "
                           "0, as \"180d\"", value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * Reads a share, as "1%" or "0.25%", and a time for each day.
 */

char *
ngx_http_usage_tolerance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    size_t      len;
    ngx_str_t  *value;

    if (ulcf->tolerance_share != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    len = value[1].len;

    ulcf->tolerance_share = len && value[1].data[len - 1] == '%'
                            ? ngx_atofp(value[1].data, len - 1, 2) : NGX_ERROR;

    if (ulcf->tolerance_share == NGX_ERROR
        || ulcf->tolerance_share > NGX_HTTP_USAGE_SHARE_ALL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid share \"%V\", it must be \"0%%\" to "
                           "\"100%%\", with two decimals at most", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 2) {
        ulcf->tolerance_time = USAGE_TOLERANCE_SECONDS;
        return NGX_CONF_OK;
    }

    ulcf->tolerance_time = ngx_parse_time(&value[2], 1);

    if (ulcf->tolerance_time == (time_t) NGX_ERROR
        || ulcf->tolerance_time > USAGE_SECONDS_PER_DAY)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\", it must be at most a day, as "
                           "\"1m\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
