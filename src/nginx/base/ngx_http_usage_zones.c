/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The zones that directives of usage_store and usage_rate name.
 */

#include "base/ngx_http_usage.h"


ngx_int_t
ngx_http_usage_zone_named(ngx_conf_t *cf, ngx_shm_zone_t *zone,
    ngx_http_usage_rate_t *rate, ngx_uint_t used)
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
    named->rate = rate;
    named->used = used;
    named->file = cf->conf_file->file.name;
    named->line = cf->conf_file->line;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_check_zones(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_http_usage_zone_t       *named;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    named = umcf->zones.elts;

    for (i = 0; i < umcf->zones.nelts; i++) {

        if (named[i].zone->shm.size == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "%s zone \"%V\" is not defined by \"%s "
                          "zone=%V:size\", in %V:%ui",
                          named[i].rate ? "usage_rate" : "usage_store",
                          &named[i].zone->shm.name,
                          named[i].rate ? "usage_rate" : "usage_store",
                          &named[i].zone->shm.name, &named[i].file,
                          named[i].line);
            return NGX_ERROR;
        }

        if (named[i].rate && named[i].rate->calls == 0) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "usage_rate zone \"%V\" has no rate, in %V:%ui",
                          &named[i].zone->shm.name, &named[i].file,
                          named[i].line);
            return NGX_ERROR;
        }

        if (!named[i].used) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "usage_store zone \"%V\" is used nowhere: it takes "
                          "\"usage_store %V;\", in %V:%ui",
                          &named[i].zone->shm.name, &named[i].zone->shm.name,
                          &named[i].file, named[i].line);
        }
    }

    return NGX_OK;
}
