/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What nginx -t says of directives that have no effect where they stand.  Only
 * what is certainly a mistake, in the very location: what is inherited may be
 * meant for others.
 */

#include "conf/ngx_http_usage_conf.h"


/* directives that do something only where calls are translated */

enum {
    NGX_HTTP_USAGE_OWN_MODE = 0,
    NGX_HTTP_USAGE_OWN_FALLBACK_FOR,
    NGX_HTTP_USAGE_OWN_COMPARE_SAMPLE,
    NGX_HTTP_USAGE_OWN_COMPARE_LOG,
    NGX_HTTP_USAGE_OWN_CONCURRENCY,
    NGX_HTTP_USAGE_OWN_TIMEOUT,
    NGX_HTTP_USAGE_OWN_USE_TIME,
    NGX_HTTP_USAGE_OWN_RETENTION,
    NGX_HTTP_USAGE_OWN_CONNECTIONS,
    NGX_HTTP_USAGE_OWN_LOOKBACK,
    NGX_HTTP_USAGE_OWN_HOUR_FORMAT,
    NGX_HTTP_USAGE_OWN_RESOURCE_ID,
    NGX_HTTP_USAGE_OWN_RATE,
    NGX_HTTP_USAGE_OWN_RETRIES,
    NGX_HTTP_USAGE_OWN_STORE,
    NGX_HTTP_USAGE_OWN_STORE_KEY,
    NGX_HTTP_USAGE_OWN_FINAL_AFTER,
    NGX_HTTP_USAGE_OWN_FRESH,
    NGX_HTTP_USAGE_OWN_CREDENTIALS,
    NGX_HTTP_USAGE_OWN_CLOCK_SKEW,
    NGX_HTTP_USAGE_OWN_SIGN_HOST,
    NGX_HTTP_USAGE_OWN_DEPRECATION,
    NGX_HTTP_USAGE_OWNS
};

static const char  *ngx_http_usage_own_names[NGX_HTTP_USAGE_OWNS] = {
    "usage_mode",
    "usage_fallback_for",
    "usage_compare_sample",
    "usage_compare_log",
    "usage_concurrency",
    "usage_timeout",
    "usage_use_time",
    "usage_retention",
    "usage_connections",
    "usage_connections_lookback",
    "usage_hour_format",
    "usage_resource_id",
    "usage_rate",
    "usage_retries",
    "usage_store",
    "usage_store_key",
    "usage_final_after",
    "usage_fresh",
    "usage_credentials",
    "usage_clock_skew",
    "usage_sign_host",
    "usage_deprecation"
};

#define ngx_http_usage_own(bit, is)                                           \
    ((is) ? (ngx_uint_t) 1 << NGX_HTTP_USAGE_OWN_##bit : 0)


static ngx_uint_t ngx_http_usage_block_own(ngx_http_usage_loc_conf_t *conf);
static void ngx_http_usage_check_block(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);
static void ngx_http_usage_block_warn(ngx_conf_t *cf,
    ngx_http_usage_block_t *block, ngx_uint_t bits, const char *why);


void
ngx_http_usage_block_begin(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    if (cf->conf_file) {
        conf->block.file = cf->conf_file->file.name;
        conf->block.line = cf->conf_file->line;
    }
}


ngx_int_t
ngx_http_usage_block_end(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *prev,
    ngx_http_usage_loc_conf_t *conf)
{
    ngx_http_usage_block_t      *block;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_usage_loc_conf_t  **own;
    ngx_http_usage_main_conf_t  *umcf;

    conf->block.parent = &prev->block;

    if (conf->translate) {
        for (block = &conf->block; block; block = block->parent) {
            block->translates = 1;
        }
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    conf->block.own = ngx_http_usage_block_own(conf);

    if (conf->block.own == 0 || clcf->name.len == 0 || clcf->noname
        || clcf->lmt_excpt)
    {
        return NGX_OK;
    }

    conf->block.name = clcf->name;
    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    own = ngx_array_push(&umcf->blocks);
    if (own == NULL) {
        return NGX_ERROR;
    }

    *own = conf;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_usage_block_own(ngx_http_usage_loc_conf_t *conf)
{
    return ngx_http_usage_own(MODE, conf->mode != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(FALLBACK_FOR,
                             conf->fallback_for != NGX_CONF_UNSET)
        | ngx_http_usage_own(COMPARE_SAMPLE,
                             conf->compare_sample != NGX_CONF_UNSET)
        | ngx_http_usage_own(COMPARE_LOG,
                             conf->compare_log != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(CONCURRENCY, conf->concurrency != NGX_CONF_UNSET)
        | ngx_http_usage_own(TIMEOUT, conf->timeout != NGX_CONF_UNSET_MSEC)
        | ngx_http_usage_own(USE_TIME, conf->use_time != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(RETENTION,
                             conf->retention_desktops != NGX_CONF_UNSET
                             || conf->retention_users != NGX_CONF_UNSET)
        | ngx_http_usage_own(CONNECTIONS, conf->connections != NGX_CONF_UNSET)
        | ngx_http_usage_own(LOOKBACK, conf->lookback != NGX_CONF_UNSET)
        | ngx_http_usage_own(HOUR_FORMAT, conf->hour_format.data != NULL)
        | ngx_http_usage_own(RESOURCE_ID, conf->resource_id != NGX_CONF_UNSET)
        | ngx_http_usage_own(RATE, conf->rate != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(RETRIES, conf->retries != NGX_CONF_UNSET)
        | ngx_http_usage_own(STORE, conf->store != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(STORE_KEY, conf->store_key != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(FINAL_AFTER, conf->final_after != NGX_CONF_UNSET)
        | ngx_http_usage_own(FRESH, conf->fresh != NGX_CONF_UNSET)
        | ngx_http_usage_own(CREDENTIALS,
                             conf->credentials != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(CLOCK_SKEW, conf->clock_skew != NGX_CONF_UNSET)
        | ngx_http_usage_own(SIGN_HOST, conf->sign_host != NGX_CONF_UNSET_PTR)
        | ngx_http_usage_own(DEPRECATION, conf->deprecation.data != NULL);
}


void
ngx_http_usage_check_blocks(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_http_usage_loc_conf_t  **own;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    own = umcf->blocks.elts;

    for (i = 0; i < umcf->blocks.nelts; i++) {

        if (!own[i]->block.translates) {
            ngx_http_usage_block_warn(cf, &own[i]->block, own[i]->block.own,
                                      "there is no usage_translate in it");

        } else if (own[i]->translate) {
            ngx_http_usage_check_block(cf, own[i]);
        }
    }
}


/*
 * A location that translates, whose settings are merged by now.
 */

static void
ngx_http_usage_check_block(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    ngx_http_usage_block_t  *block;

    block = &conf->block;

    if (conf->store == NULL) {
        ngx_http_usage_block_warn(cf, block,
                                  ngx_http_usage_own(STORE_KEY, 1)
                                  | ngx_http_usage_own(FINAL_AFTER, 1)
                                  | ngx_http_usage_own(FRESH, 1),
                                  "usage_store is off");
    }

    if (!ngx_http_usage_mode_may_be(conf, NGX_HTTP_USAGE_MODE_COMPARE)) {
        ngx_http_usage_block_warn(cf, block,
                                  ngx_http_usage_own(COMPARE_SAMPLE, 1)
                                  | ngx_http_usage_own(COMPARE_LOG, 1),
                                  "usage_mode is not \"compare\"");
    }

    if (!ngx_http_usage_mode_may_be(conf, NGX_HTTP_USAGE_MODE_FALLBACK)) {
        ngx_http_usage_block_warn(cf, block,
                                  ngx_http_usage_own(FALLBACK_FOR, 1),
                                  "usage_mode is not \"fallback\"");
    }

    if (conf->credentials == NULL) {
        ngx_http_usage_block_warn(cf, block,
                                  ngx_http_usage_own(CLOCK_SKEW, 1)
                                  | ngx_http_usage_own(SIGN_HOST, 1),
                                  "usage_credentials is off");
    }

    if (!conf->connections) {
        ngx_http_usage_block_warn(cf, block,
                                  ngx_http_usage_own(LOOKBACK, 1)
                                  | ngx_http_usage_own(HOUR_FORMAT, 1),
                                  "usage_connections is off");
    }
}


static void
ngx_http_usage_block_warn(ngx_conf_t *cf, ngx_http_usage_block_t *block,
    ngx_uint_t bits, const char *why)
{
    ngx_uint_t  i;

    bits &= block->own;

    for (i = 0; i < NGX_HTTP_USAGE_OWNS; i++) {

        if (bits & (ngx_uint_t) 1 << i) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%s\" has no effect in the location \"%V\": %s, "
                          "in %V:%ui", ngx_http_usage_own_names[i],
                          &block->name, why, &block->file, block->line);
        }
    }
}
