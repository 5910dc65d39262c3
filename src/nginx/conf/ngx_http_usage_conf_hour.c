/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_hour_format.  In: a format of strftime().  Out: the same,
 * if it gives every hour a name.
 */

#include "conf/ngx_http_usage_conf.h"


/* a leap year: its hours have all names that the hours of any year have */
#define NGX_HTTP_USAGE_SAMPLE_DAY   21184  /* 2028-01-01 */
#define NGX_HTTP_USAGE_SAMPLE_DAYS  366


static ngx_uint_t ngx_http_usage_hour_local(const char *format);
static ngx_uint_t ngx_http_usage_hour_ambiguous(const char *format);


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

    if (ngx_http_usage_hour_local(format)) {
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

    if (ngx_http_usage_hour_ambiguous(format)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "format \"%V\" gives two hours of a day the same "
                           "name", &value[1]);
    }

    return NGX_CONF_OK;
}


/*
 * Tells if a format of strftime() has a "%s": that alone depends on the time
 * zone of the machine.
 */

static ngx_uint_t
ngx_http_usage_hour_local(const char *format)
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


/*
 * Tells if a format gives two hours of a day the same name.
 */

static ngx_uint_t
ngx_http_usage_hour_ambiguous(const char *format)
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
