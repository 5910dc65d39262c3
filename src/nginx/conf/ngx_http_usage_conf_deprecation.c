/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_deprecation.  In: its dates and its URL.  Out: the values
 * of the headers Deprecation, Sunset and Link.
 */

#include "conf/ngx_http_usage_conf.h"


static char *ngx_http_usage_deprecation_parameter(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value, usage_day_t deprecated);
static char *ngx_http_usage_deprecation_sunset(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value, usage_day_t deprecated);
static char *ngx_http_usage_deprecation_link(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value);
static ngx_int_t ngx_http_usage_deprecation_date(ngx_conf_t *cf,
    ngx_str_t *value, size_t skip, usage_day_t *day);


char *
ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    u_char       *p;
    ngx_str_t    *value;
    ngx_uint_t    i;
    usage_day_t   day;

    if (ulcf->deprecation.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_usage_deprecation_date(cf, &value[1], 0, &day) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    p = ngx_pnalloc(cf->pool, NGX_INT64_LEN + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ulcf->deprecation.data = p;
    ulcf->deprecation.len = ngx_sprintf(p, "@%L", (int64_t) day
                                                  * USAGE_SECONDS_PER_DAY)
                            - p;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_usage_deprecation_parameter(cf, ulcf, &value[i], day)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_deprecation_parameter(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value, usage_day_t deprecated)
{
    if (ngx_strncmp(value->data, "sunset=", 7) == 0
        && ulcf->sunset.data == NULL)
    {
        return ngx_http_usage_deprecation_sunset(cf, ulcf, value, deprecated);
    }

    if (ngx_strncmp(value->data, "link=", 5) == 0 && ulcf->link.data == NULL) {
        return ngx_http_usage_deprecation_link(cf, ulcf, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", it must be "
                       "\"sunset=date\" or \"link=url\", each once", value);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_usage_deprecation_sunset(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *ulcf, ngx_str_t *value, usage_day_t deprecated)
{
    ngx_str_t    *args;
    usage_day_t   day;

    if (ngx_http_usage_deprecation_date(cf, value, 7, &day) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    args = cf->args->elts;

    if (day < deprecated) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is before the deprecation on \"%V\"",
                           value, &args[1]);
        return NGX_CONF_ERROR;
    }

    ulcf->sunset.len = USAGE_HTTP_DATE_LEN;
    ulcf->sunset.data = ngx_pnalloc(cf->pool, USAGE_HTTP_DATE_LEN);

    if (ulcf->sunset.data == NULL) {
        return NGX_CONF_ERROR;
    }

    usage_day_write_http(day, (char *) ulcf->sunset.data);

    return NGX_CONF_OK;
}


static char *
ngx_http_usage_deprecation_link(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *ulcf,
    ngx_str_t *value)
{
    size_t   i;
    u_char  *p;

    for (i = 5; i < value->len; i++) {
        if (value->data[i] <= 0x20 || value->data[i] >= 0x7f
            || value->data[i] == '<' || value->data[i] == '>'
            || value->data[i] == '"')
        {
            i = 0;
            break;
        }
    }

    if (i <= 5) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL in \"%V\"", value);
        return NGX_CONF_ERROR;
    }

    p = ngx_pnalloc(cf->pool, value->len
                              + sizeof("<>; rel=\"successor-version\""));
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ulcf->link.data = p;
    ulcf->link.len = ngx_sprintf(p, "<%*s>; rel=\"successor-version\"",
                                 value->len - 5, value->data + 5)
                     - p;

    return NGX_CONF_OK;
}


/*
 * Reads a date in a directive's value, behind the first skip characters.
 * NGX_ERROR: it is none, which is logged.
 */

static ngx_int_t
ngx_http_usage_deprecation_date(ngx_conf_t *cf, ngx_str_t *value,
    size_t skip, usage_day_t *day)
{
    usage_str_t                  text;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    text.data = (char *) value->data + skip;
    text.len = value->len - skip;

    if (!usage_patterns_date(umcf->patterns, text)
        || !usage_day_parse(text.data, day))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid date in \"%V\", it must be a day of the "
                           "calendar, as \"2025-07-14\"", value);
        return NGX_ERROR;
    }

    return NGX_OK;
}
