/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_rate.  In: its parameters.  Out: the rate of a location.
 * All directives that name the same zone share it.
 */

#include "pace/ngx_http_usage_pace.h"
#include "share/ngx_http_usage_share.h"


#define NGX_HTTP_USAGE_RATE_MAX  1000000


static char *ngx_http_usage_rate_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_usage_rate_t *given);
static ngx_int_t ngx_http_usage_rate_calls(ngx_str_t *s,
    ngx_http_usage_rate_t *given);
static ngx_http_usage_rate_t *ngx_http_usage_rate_zone(ngx_conf_t *cf,
    ngx_str_t *value);
static char *ngx_http_usage_rate_define(ngx_conf_t *cf,
    ngx_http_usage_rate_t *rate, ngx_http_usage_rate_t *given);


/* nginx tells zones of usage_rate from others by this variable's address */

static ngx_uint_t  ngx_http_usage_rate_tag;


char *
ngx_http_usage_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t              *value;
    ngx_uint_t              i;
    ngx_http_usage_rate_t   given, *rate;

    if (ulcf->rate != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->rate = NULL;
        return NGX_CONF_OK;
    }

    ngx_memzero(&given, sizeof(ngx_http_usage_rate_t));
    rate = NULL;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "zone=", 5) == 0 && rate == NULL) {
            rate = ngx_http_usage_rate_zone(cf, &value[i]);

            if (rate == NULL) {
                return NGX_CONF_ERROR;
            }

        } else if (ngx_http_usage_rate_parameter(cf, &value[i], &given)
                   != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (rate == NULL) {
        return "must have a \"zone\" parameter, or be \"off\"";
    }

    ulcf->rate = rate;

    return ngx_http_usage_rate_define(cf, rate, &given);
}


static char *
ngx_http_usage_rate_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_usage_rate_t *given)
{
    ngx_int_t  n;
    ngx_str_t  s;

    if (ngx_strncmp(value->data, "rate=", 5) == 0 && given->calls == 0) {
        s.data = value->data + 5;
        s.len = value->len - 5;

        if (ngx_http_usage_rate_calls(&s, given) == NGX_OK) {
            return NGX_CONF_OK;
        }

    } else if (ngx_strncmp(value->data, "burst=", 6) == 0
               && given->burst == 0)
    {
        n = ngx_atoi(value->data + 6, value->len - 6);

        if (n > 0) {
            given->burst = n;
            return NGX_CONF_OK;
        }

    } else if (ngx_strcmp(value->data, "share") == 0 && !given->shared) {
        given->shared = 1;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", it must be "
                       "\"zone=name:size\", a \"rate\" as \"200r/m\" or "
                       "\"3r/s\", a \"burst\" of at least 1, or \"share\", "
                       "each once", value);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_usage_rate_calls(ngx_str_t *s, ngx_http_usage_rate_t *given)
{
    ngx_int_t  n;

    if (s->len < sizeof("1r/s") - 1) {
        return NGX_ERROR;
    }

    if (ngx_strncmp(s->data + s->len - 3, "r/m", 3) == 0) {
        given->window = NGX_HTTP_USAGE_RATE_MINUTE;

    } else if (ngx_strncmp(s->data + s->len - 3, "r/s", 3) == 0) {
        given->window = NGX_HTTP_USAGE_RATE_SECOND;

    } else {
        return NGX_ERROR;
    }

    n = ngx_atoi(s->data, s->len - 3);

    if (n < 1 || n > NGX_HTTP_USAGE_RATE_MAX) {
        return NGX_ERROR;
    }

    given->calls = n;
    given->text = *s;

    return NGX_OK;
}


/*
 * Finds or adds the zone of "zone=name:size", or of "zone=name" if another
 * directive defines it.  NULL: an error, which is logged.
 */

static ngx_http_usage_rate_t *
ngx_http_usage_rate_zone(ngx_conf_t *cf, ngx_str_t *value)
{
    ssize_t                 size;
    ngx_str_t               name, text;
    ngx_shm_zone_t         *shm_zone;
    ngx_http_usage_rate_t  *rate;

    size = ngx_http_usage_zone_value(value, &name, &text);

    if (text.data && size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size in \"%V\", it must be at "
                           "least %uz", value, 8 * ngx_pagesize);
        return NULL;
    }

    if (name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone name in \"%V\"", value);
        return NULL;
    }

    shm_zone = ngx_shared_memory_add(cf, &name, size,
                                     &ngx_http_usage_rate_tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data == NULL) {
        rate = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_rate_t));
        if (rate == NULL) {
            return NULL;
        }

        rate->name = name;
        shm_zone->data = rate;
        shm_zone->init = ngx_http_usage_rate_init_zone;
    }

    rate = shm_zone->data;

    return ngx_http_usage_zone_named(cf, shm_zone, &rate->calls, 1) == NGX_OK
           ? rate : NULL;
}


/*
 * Gives a zone the rate and burst of a directive, if it has any: all directives
 * have to tell the same.
 */

static char *
ngx_http_usage_rate_define(ngx_conf_t *cf, ngx_http_usage_rate_t *rate,
    ngx_http_usage_rate_t *given)
{
    if (given->calls == 0) {
        return given->burst || given->shared
               ? "must have a \"rate\" with its \"burst\", or with \"share\""
               : NGX_CONF_OK;
    }

    if (given->burst > given->calls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid burst %ui, it must not be larger than the "
                           "rate, \"%V\"", given->burst, &given->text);
        return NGX_CONF_ERROR;
    }

    if ((rate->calls
         && (rate->calls != given->calls || rate->window != given->window
             || rate->shared != given->shared))
        || (rate->burst && given->burst && rate->burst != given->burst))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_rate zone \"%V\" has another rate or burst "
                           "already, or is shared otherwise; allowed: another "
                           "zone, or to leave them out here", &rate->name);
        return NGX_CONF_ERROR;
    }

    rate->calls = given->calls;
    rate->window = given->window;
    rate->shared = given->shared;
    rate->text = given->text;

    if (given->burst) {
        rate->burst = given->burst;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_usage_rate_check(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    ngx_http_usage_rate_t  *rate;

    rate = conf->rate;

    if (!conf->translate || rate == NULL || !rate->shared) {
        return NGX_OK;
    }

    if (conf->share == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_rate zone \"%V\" has \"share\", but there "
                           "is no usage_share here", &rate->name);
        return NGX_ERROR;
    }

    if (conf->share->gateways > rate->calls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "usage_share has more \"gateways\", %ui, than "
                           "usage_rate zone \"%V\" has calls, %ui",
                           conf->share->gateways, &rate->name, rate->calls);
        return NGX_ERROR;
    }

    return NGX_OK;
}
