/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What nginx -t says of directives that have no effect where they stand, and of
 * zones that nothing defines or uses.
 */

#ifndef NGX_HTTP_USAGE_NOEFFECT_H
#define NGX_HTTP_USAGE_NOEFFECT_H

#include "base/ngx_http_usage.h"


/* Tells a block of the configuration, as it begins, where it stands. */
void ngx_http_usage_block_begin(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);

/*
 * Finds out which directives stand in this very block.  Has to come before
 * they are merged with those of the block around, prev.
 */
ngx_int_t ngx_http_usage_block_end(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *prev, ngx_http_usage_loc_conf_t *conf);

/*
 * Notes that a directive of usage_store or usage_rate (then with its rate)
 * names a zone, and whether it uses it.
 */
ngx_int_t ngx_http_usage_zone_named(ngx_conf_t *cf, ngx_shm_zone_t *zone,
    ngx_http_usage_rate_t *rate, ngx_uint_t used);

/*
 * Check all of it, once the configuration is read: warn of what has no effect.
 * NGX_ERROR: a zone is not defined.
 */
void ngx_http_usage_check_blocks(ngx_conf_t *cf);
ngx_int_t ngx_http_usage_check_zones(ngx_conf_t *cf);


#endif /* NGX_HTTP_USAGE_NOEFFECT_H */
