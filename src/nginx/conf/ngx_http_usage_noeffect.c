/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What nginx -t says of directives that have no effect.  In: the blocks of the
 * configuration.  Out: warnings.  Only what is certainly a mistake is told, for
 * the very location in which it stands: what is inherited may be meant for
 * other locations.
 */

#include "conf/ngx_http_usage_conf.h"


/*
 * What a directive needs to have an effect: usage_translate, or more than that.
 */
typedef enum {
    NGX_HTTP_USAGE_NEEDS_TRANSLATE = 0,
    NGX_HTTP_USAGE_NEEDS_STORE,
    NGX_HTTP_USAGE_NEEDS_COMPARE,
    NGX_HTTP_USAGE_NEEDS_FALLBACK,
    NGX_HTTP_USAGE_NEEDS_CREDENTIALS,
    NGX_HTTP_USAGE_NEEDS_CONNECTIONS,
    NGX_HTTP_USAGE_NEEDS_HOURS
} ngx_http_usage_needs_t;


/*
 * A directive, and whether it stands in a block.
 */
struct ngx_http_usage_own_s {
    const char                      *name;
    ngx_http_usage_needs_t           needs;
    ngx_uint_t                       set;
};


static ngx_http_usage_own_t *ngx_http_usage_block_own(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);
static void ngx_http_usage_check_block(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *conf);
static void ngx_http_usage_block_warn(ngx_conf_t *cf,
    ngx_http_usage_block_t *block, ngx_http_usage_needs_t missing,
    const char *why);


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

    if (clcf->name.len == 0 || clcf->noname || clcf->lmt_excpt) {
        return NGX_OK;
    }

    conf->block.name = clcf->name;
    conf->block.own = ngx_http_usage_block_own(cf, conf);

    if (conf->block.own == NULL) {
        return NGX_ERROR;
    }

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    own = ngx_array_push(&umcf->blocks);
    if (own == NULL) {
        return NGX_ERROR;
    }

    *own = conf;

    return NGX_OK;
}


/*
 * Lists the directives, and which of them stand in the block: those that have a
 * value before the block is merged.  NULL: memory is out.
 */

static ngx_http_usage_own_t *
ngx_http_usage_block_own(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    ngx_http_usage_own_t  *own, all[] = {
        { "usage_mode", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->mode != NGX_CONF_UNSET_PTR },
        { "usage_fallback_for", NGX_HTTP_USAGE_NEEDS_FALLBACK,
          conf->fallback_for != NGX_CONF_UNSET },
        { "usage_compare_sample", NGX_HTTP_USAGE_NEEDS_COMPARE,
          conf->compare_sample != NGX_CONF_UNSET },
        { "usage_compare_log", NGX_HTTP_USAGE_NEEDS_COMPARE,
          conf->compare_log != NGX_CONF_UNSET_PTR },
        { "usage_concurrency", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->concurrency != NGX_CONF_UNSET },
        { "usage_timeout", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->timeout != NGX_CONF_UNSET_MSEC },
        { "usage_use_time", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->use_time != NGX_CONF_UNSET_PTR },
        { "usage_retention", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->retention_desktops != NGX_CONF_UNSET
          || conf->retention_users != NGX_CONF_UNSET
          || conf->retention_records != NGX_CONF_UNSET },
        { "usage_connections", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->connections != NGX_CONF_UNSET },
        { "usage_connections_lookback", NGX_HTTP_USAGE_NEEDS_CONNECTIONS,
          conf->lookback != NGX_CONF_UNSET },
        { "usage_connections_tolerance", NGX_HTTP_USAGE_NEEDS_HOURS,
          conf->tolerance_share != NGX_CONF_UNSET },
        { "usage_monitoring", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->monitoring != NGX_CONF_UNSET },
        { "usage_hour_format", NGX_HTTP_USAGE_NEEDS_HOURS,
          conf->hour_format.data != NULL },
        { "usage_enterprise_project", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->enterprise_project != NGX_CONF_UNSET_PTR },
        { "usage_resource_id", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->resource_id != NGX_CONF_UNSET },
        { "usage_rate", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->rate != NGX_CONF_UNSET_PTR },
        { "usage_retries", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->retries != NGX_CONF_UNSET },
        { "usage_share", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->share != NGX_CONF_UNSET_PTR },
        { "usage_store", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->store != NGX_CONF_UNSET_PTR },
        { "usage_store_key", NGX_HTTP_USAGE_NEEDS_STORE,
          conf->store_key != NGX_CONF_UNSET_PTR },
        { "usage_final_after", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->final_after != NGX_CONF_UNSET },
        { "usage_fresh", NGX_HTTP_USAGE_NEEDS_STORE,
          conf->fresh != NGX_CONF_UNSET },
        { "usage_credentials", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->credentials != NGX_CONF_UNSET_PTR },
        { "usage_clock_skew", NGX_HTTP_USAGE_NEEDS_CREDENTIALS,
          conf->clock_skew != NGX_CONF_UNSET },
        { "usage_sign_host", NGX_HTTP_USAGE_NEEDS_CREDENTIALS,
          conf->sign_host != NGX_CONF_UNSET_PTR },
        { "usage_deprecation", NGX_HTTP_USAGE_NEEDS_TRANSLATE,
          conf->deprecation.data != NULL },
        { NULL, NGX_HTTP_USAGE_NEEDS_TRANSLATE, 0 }
    };

    own = ngx_palloc(cf->pool, sizeof(all));

    if (own) {
        ngx_memcpy(own, all, sizeof(all));
    }

    return own;
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
            ngx_http_usage_block_warn(cf, &own[i]->block,
                                      NGX_HTTP_USAGE_NEEDS_TRANSLATE,
                                      "there is no usage_translate in it");

        } else if (own[i]->translate) {
            ngx_http_usage_check_block(cf, own[i]);
        }
    }
}


/*
 * Warns of directives in a location that translates.  Its settings are merged
 * by now.
 */

static void
ngx_http_usage_check_block(ngx_conf_t *cf, ngx_http_usage_loc_conf_t *conf)
{
    if (conf->store == NULL) {
        ngx_http_usage_block_warn(cf, &conf->block, NGX_HTTP_USAGE_NEEDS_STORE,
                                  "usage_store is off");
    }

    if (!ngx_http_usage_mode_may_be(conf, NGX_HTTP_USAGE_MODE_COMPARE)) {
        ngx_http_usage_block_warn(cf, &conf->block,
                                  NGX_HTTP_USAGE_NEEDS_COMPARE,
                                  "usage_mode is not \"compare\"");
    }

    if (!ngx_http_usage_mode_may_be(conf, NGX_HTTP_USAGE_MODE_FALLBACK)) {
        ngx_http_usage_block_warn(cf, &conf->block,
                                  NGX_HTTP_USAGE_NEEDS_FALLBACK,
                                  "usage_mode is not \"fallback\"");
    }

    if (conf->credentials == NULL) {
        ngx_http_usage_block_warn(cf, &conf->block,
                                  NGX_HTTP_USAGE_NEEDS_CREDENTIALS,
                                  "usage_credentials is off");
    }

    if (!conf->connections) {
        ngx_http_usage_block_warn(cf, &conf->block,
                                  NGX_HTTP_USAGE_NEEDS_CONNECTIONS,
                                  "usage_connections is off");
    }

    if (!conf->connections && !conf->monitoring) {
        ngx_http_usage_block_warn(cf, &conf->block, NGX_HTTP_USAGE_NEEDS_HOURS,
                                  "usage_connections and usage_monitoring "
                                  "are off");
    }
}


/*
 * Warns of those directives in a block that need something that is missing.
 */

static void
ngx_http_usage_block_warn(ngx_conf_t *cf, ngx_http_usage_block_t *block,
    ngx_http_usage_needs_t missing, const char *why)
{
    ngx_http_usage_own_t  *own;

    for (own = block->own; own->name; own++) {

        if (own->set
            && (missing == NGX_HTTP_USAGE_NEEDS_TRANSLATE
                || own->needs == missing))
        {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%s\" has no effect in the location \"%V\": %s, "
                          "in %V:%ui", own->name, &block->name, why,
                          &block->file, block->line);
        }
    }
}
