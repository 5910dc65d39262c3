/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Zones in the configuration.  In: values as "zone=name:size", and the zones
 * that usage_store and usage_rate name.  Out: names and sizes, and once all of
 * the configuration is read, what is wrong with the zones.
 */

#include "base/ngx_http_usage.h"


ssize_t
ngx_http_usage_zone_value(ngx_str_t *value, ngx_str_t *name, ngx_str_t *size)
{
    u_char  *p;

    name->data = value->data + sizeof("zone=") - 1;
    name->len = value->len - (sizeof("zone=") - 1);
    ngx_str_null(size);

    p = ngx_strlchr(name->data, name->data + name->len, ':');

    if (p == NULL) {
        return 0;
    }

    size->data = p + 1;
    size->len = name->data + name->len - size->data;
    name->len = p - name->data;

    return ngx_parse_size(size);
}


ngx_int_t
ngx_http_usage_zone_named(ngx_conf_t *cf, ngx_shm_zone_t *zone,
    ngx_uint_t *calls, ngx_uint_t used)
{
    ngx_uint_t                   i;
    ngx_http_usage_zone_t       *named;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    named = umcf->zones.elts;

    for (i = 0; i < umcf->zones.nelts; i++) {
        if (named[i].zone == zone) {
            named[i].used |= used;
            return NGX_OK;
        }
    }

    named = ngx_array_push(&umcf->zones);
    if (named == NULL) {
        return NGX_ERROR;
    }

    named->zone = zone;
    named->calls = calls;
    named->used = used;
    named->file = cf->conf_file->file.name;
    named->line = cf->conf_file->line;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_check_zones(ngx_conf_t *cf)
{
    ngx_str_t                   *name;
    ngx_uint_t                   i;
    const char                  *directive;
    ngx_http_usage_zone_t       *named;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    named = umcf->zones.elts;

    for (i = 0; i < umcf->zones.nelts; i++) {
        name = &named[i].zone->shm.name;
        directive = named[i].calls ? "usage_rate" : "usage_store";

        if (named[i].zone->shm.size == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s zone \"%V\" is not defined by \"%s "
                          "zone=%V:size\", in %V:%ui", directive, name,
                          directive, name, &named[i].file, named[i].line);
            return NGX_ERROR;
        }

        if (named[i].calls && *named[i].calls == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "usage_rate zone \"%V\" has no rate, in %V:%ui",
                          name, &named[i].file, named[i].line);
            return NGX_ERROR;
        }

        if (!named[i].used) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "usage_store zone \"%V\" is used nowhere: it takes "
                          "\"usage_store %V;\", in %V:%ui", name, name,
                          &named[i].file, named[i].line);
        }
    }

    return NGX_OK;
}
