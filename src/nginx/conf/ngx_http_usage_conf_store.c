/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The directive usage_store.  In: a zone to define, the name of one, or "off".
 * Out: the zone of a location.
 */

#include "conf/ngx_http_usage_conf.h"
#include "store/ngx_http_usage_store.h"


static char *ngx_http_usage_store_define(ngx_conf_t *cf, ngx_str_t *value);


char *
ngx_http_usage_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strncmp(value[1].data, "zone=", 5) == 0) {
        return ngx_http_usage_store_define(cf, &value[1]);
    }

    if (ulcf->store != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->store = NULL;
        return NGX_CONF_OK;
    }

    ulcf->store = ngx_http_usage_store_zone(cf, &value[1], 0);

    return ulcf->store
           && ngx_http_usage_zone_named(cf, ulcf->store, NULL, 1) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_usage_store_define(ngx_conf_t *cf, ngx_str_t *value)
{
    ssize_t          size;
    ngx_str_t        name, text;
    ngx_shm_zone_t  *zone;

    size = ngx_http_usage_zone_value(value, &name, &text);

    if (name.len == 0 || text.data == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be "
                           "\"zone=name:size\"", value);
        return NGX_CONF_ERROR;
    }

    if (size == NGX_ERROR || size == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid size \"%V\"",
                           &text);
        return NGX_CONF_ERROR;
    }

    if (!(cf->cmd_type & NGX_HTTP_MAIN_CONF)) {
        return "defines a zone, which is allowed in \"http\" only";
    }

    zone = ngx_http_usage_store_zone(cf, &name, size);

    return zone && ngx_http_usage_zone_named(cf, zone, NULL, 0) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
}
