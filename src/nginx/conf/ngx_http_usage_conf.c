/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The values of those directives that nginx has no reader for.
 */

#include "conf/ngx_http_usage_conf.h"
#include "base/ngx_http_usage_metrics.h"
#include "call/ngx_http_usage_call.h"
#include "handler/ngx_http_usage_handler.h"
#include "modes/ngx_http_usage_modes.h"
#include "store/ngx_http_usage_store.h"


/* a leap year: its hours have all names that the hours of any year have */
#define NGX_HTTP_USAGE_SAMPLE_DAY   21184  /* 2028-01-01 */
#define NGX_HTTP_USAGE_SAMPLE_DAYS  366


static ngx_uint_t ngx_http_usage_conf_local(const char *format);
static ngx_uint_t ngx_http_usage_conf_ambiguous(const char *format);
static ngx_int_t ngx_http_usage_conf_date(ngx_conf_t *cf, ngx_str_t *value,
    size_t skip, usage_day_t *day);
static char *ngx_http_usage_deprecation_link(ngx_conf_t *cf,
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

    if (ngx_http_usage_metrics_add(cf) != NGX_OK
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
        && ngx_strcmp(value[1].data, "number") != 0
        && ngx_strcmp(value[1].data, "string") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"number\", "
                           "\"string\" or a variable", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_retention(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    time_t      *field;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (ulcf->retention_desktops != NGX_CONF_UNSET
        || ulcf->retention_users != NGX_CONF_UNSET)
    {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->retention_desktops = 0;
        ulcf->retention_users = 0;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "desktops=", 9) == 0) {
            field = &ulcf->retention_desktops;
            s.data = value[i].data + 9;
            s.len = value[i].len - 9;

        } else if (ngx_strncmp(value[i].data, "users=", 6) == 0) {
            field = &ulcf->retention_users;
            s.data = value[i].data + 6;
            s.len = value[i].len - 6;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\", it must be "
                               "\"desktops=time\", \"users=time\" or \"off\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (*field != NGX_CONF_UNSET) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        *field = ngx_parse_time(&s, 1);

        if (*field == (time_t) NGX_ERROR || *field == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time in \"%V\", it must be longer than "
                               "0, as \"180d\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_hour_format(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char        *rv, label[USAGE_LABEL_MAX + 1];
    int64_t      hour;
    ngx_str_t   *value;
    ngx_uint_t   i;
    const char  *format;

    rv = ngx_conf_set_str_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = cf->args->elts;
    format = (char *) value[1].data;

    if (ngx_http_usage_conf_local(format)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid format \"%V\", \"%%s\" would depend on the "
                           "time zone of this machine", &value[1]);
        return NGX_CONF_ERROR;
    }

    hour = (int64_t) NGX_HTTP_USAGE_SAMPLE_DAY * USAGE_SECONDS_PER_DAY;

    for (i = 0; i < NGX_HTTP_USAGE_SAMPLE_DAYS * USAGE_HOURS_PER_DAY; i++) {

        if (usage_hour_label(hour, format, label) == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid format \"%V\", it must give 1 to %d "
                               "bytes for any hour, as strftime() does for "
                               "\"%%Y-%%m-%%dT%%H:00:00Z\"",
                               &value[1], USAGE_LABEL_MAX);
            return NGX_CONF_ERROR;
        }

        hour += USAGE_SECONDS_PER_HOUR;
    }

    if (ngx_http_usage_conf_ambiguous(format)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "format \"%V\" gives two hours of a day the same "
                           "name", &value[1]);
    }

    return NGX_CONF_OK;
}


/*
 * Whether a format of strftime() has a "%s", which takes the time for one of
 * the machine's time zone; everything else is as UTC has it.
 */

static ngx_uint_t
ngx_http_usage_conf_local(const char *format)
{
    for ( ;; ) {
        format = strchr(format, '%');

        if (format == NULL) {
            return 0;
        }

        /* flags, a width, a modifier */

        format++;
        format += strspn(format, "_-0^#+123456789EO");

        if (*format == 's') {
            return 1;
        }

        if (*format) {
            format++;
        }
    }
}


static ngx_uint_t
ngx_http_usage_conf_ambiguous(const char *format)
{
    char        labels[USAGE_HOURS_PER_DAY][USAGE_LABEL_MAX + 1];
    int64_t     hour;
    ngx_uint_t  i, k;

    hour = (int64_t) NGX_HTTP_USAGE_SAMPLE_DAY * USAGE_SECONDS_PER_DAY;

    for (i = 0; i < USAGE_HOURS_PER_DAY; i++) {
        (void) usage_hour_label(hour, format, labels[i]);

        for (k = 0; k < i; k++) {
            if (ngx_strcmp(labels[k], labels[i]) == 0) {
                return 1;
            }
        }

        hour += USAGE_SECONDS_PER_HOUR;
    }

    return 0;
}


/*
 * A date in a directive's value, from its skip-th character on.
 */

static ngx_int_t
ngx_http_usage_conf_date(ngx_conf_t *cf, ngx_str_t *value, size_t skip,
    usage_day_t *day)
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


char *
ngx_http_usage_deprecation(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    u_char       *p;
    ngx_str_t    *value;
    ngx_uint_t    i;
    usage_day_t   deprecated, sunset;

    if (ulcf->deprecation.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_usage_conf_date(cf, &value[1], 0, &deprecated) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    p = ngx_pnalloc(cf->pool, NGX_INT64_LEN + 1 + USAGE_HTTP_DATE_LEN);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    ulcf->deprecation.data = p;
    ulcf->deprecation.len = ngx_sprintf(p, "@%L", (int64_t) deprecated
                                                  * USAGE_SECONDS_PER_DAY)
                            - p;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "sunset=", 7) == 0
            && ulcf->sunset.data == NULL)
        {
            if (ngx_http_usage_conf_date(cf, &value[i], 7, &sunset)
                != NGX_OK)
            {
                return NGX_CONF_ERROR;
            }

            if (sunset < deprecated) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" is before the deprecation on \"%V\"",
                                   &value[i], &value[1]);
                return NGX_CONF_ERROR;
            }

            ulcf->sunset.data = p + NGX_INT64_LEN + 1;
            ulcf->sunset.len = USAGE_HTTP_DATE_LEN;
            usage_day_write_http(sunset, (char *) ulcf->sunset.data);
            continue;
        }

        if (ngx_strncmp(value[i].data, "link=", 5) == 0
            && ulcf->link.data == NULL)
        {
            if (ngx_http_usage_deprecation_link(cf, ulcf, &value[i])
                != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", it must be "
                           "\"sunset=date\" or \"link=url\", each once",
                           &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_usage_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    u_char          *p;
    ssize_t          size;
    ngx_str_t       *value, name, s;
    ngx_shm_zone_t  *zone;

    value = cf->args->elts;
    name = value[1];

    if (ngx_strncmp(value[1].data, "zone=", 5) == 0) {

        name.data = value[1].data + 5;
        p = (u_char *) ngx_strchr(name.data, ':');

        if (p == NULL || p == name.data) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\", it must be "
                               "\"zone=name:size\"", &value[1]);
            return NGX_CONF_ERROR;
        }

        name.len = p - name.data;
        s.data = p + 1;
        s.len = value[1].data + value[1].len - s.data;
        size = ngx_parse_size(&s);

        if (size == NGX_ERROR || size == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid size \"%V\"", &s);
            return NGX_CONF_ERROR;
        }

        if (!(cf->cmd_type & NGX_HTTP_MAIN_CONF)) {
            return "defines a zone, which is allowed in \"http\" only";
        }

        zone = ngx_http_usage_store_zone(cf, &name, size);

        return zone && ngx_http_usage_zone_named(cf, zone, NULL, 0) == NGX_OK
                   ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ulcf->store != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->store = NULL;
        return NGX_CONF_OK;
    }

    ulcf->store = ngx_http_usage_store_zone(cf, &name, 0);

    return ulcf->store
           && ngx_http_usage_zone_named(cf, ulcf->store, NULL, 1) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
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
