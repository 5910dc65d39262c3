/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The configuration as nginx creates and merges it.  In: what directives have
 * set.  Out: a value for each field, inherited or a default.
 */

#include "conf/ngx_http_usage_conf.h"
#include "handler/ngx_http_usage_handler.h"
#include "pace/ngx_http_usage_pace.h"
#include "redis/ngx_http_usage_redis.h"
#include "sign/ngx_http_usage_sign.h"
#include "status/ngx_http_usage_status.h"

#include "base/usage_tolerance.h"

#include <openssl/rand.h>


static void ngx_http_usage_free_patterns(void *data);
static void ngx_http_usage_inherit_handler(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *prev, ngx_http_usage_loc_conf_t *conf);


void *
ngx_http_usage_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_main_conf_t));
    if (umcf == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (cln == NULL
        || ngx_array_init(&umcf->blocks, cf->pool, 4,
                          sizeof(ngx_http_usage_loc_conf_t *))
           != NGX_OK
        || ngx_array_init(&umcf->zones, cf->pool, 2,
                          sizeof(ngx_http_usage_zone_t))
           != NGX_OK)
    {
        return NULL;
    }

    if (RAND_bytes((u_char *) umcf->seed, sizeof(umcf->seed)) != 1) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "RAND_bytes() failed");
        return NULL;
    }

    umcf->patterns = usage_patterns_create();
    if (umcf->patterns == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_usage_free_patterns;
    cln->data = umcf->patterns;

    return umcf;
}


static void
ngx_http_usage_free_patterns(void *data)
{
    usage_patterns_free(data);
}


void *
ngx_http_usage_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_usage_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->block = { NULL, NULL, 0, { 0, NULL },
     *                     { 0, NULL }, 0 };
     *     conf->status = 0;
     *     conf->translate = 0;
     *     conf->with_seconds = 0;
     *     conf->redis = NULL;
     *     conf->prefix = { 0, NULL };
     *     conf->upstream = { 0, 0 };
     *     conf->hour_format = { 0, NULL };
     *     conf->deprecation = { 0, NULL };
     *     conf->sunset = { 0, NULL };
     *     conf->link = { 0, NULL };
     */

    conf->concurrency = NGX_CONF_UNSET;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->memory = NGX_CONF_UNSET_SIZE;
    conf->use_time = NGX_CONF_UNSET_PTR;
    conf->retention_desktops = NGX_CONF_UNSET;
    conf->retention_users = NGX_CONF_UNSET;
    conf->retention_records = NGX_CONF_UNSET;
    conf->connections = NGX_CONF_UNSET;
    conf->lookback = NGX_CONF_UNSET;
    conf->enterprise_project = NGX_CONF_UNSET_PTR;
    conf->tolerance_share = NGX_CONF_UNSET;
    conf->tolerance_time = NGX_CONF_UNSET;
    conf->monitoring = NGX_CONF_UNSET;
    conf->resource_id = NGX_CONF_UNSET;
    conf->rate = NGX_CONF_UNSET_PTR;
    conf->retries = NGX_CONF_UNSET;
    conf->share = NGX_CONF_UNSET_PTR;
    conf->store = NGX_CONF_UNSET_PTR;
    conf->store_key = NGX_CONF_UNSET_PTR;
    conf->final_after = NGX_CONF_UNSET;
    conf->fresh = NGX_CONF_UNSET;
    conf->credentials = NGX_CONF_UNSET_PTR;
    conf->clock_skew = NGX_CONF_UNSET;
    conf->replay = NGX_CONF_UNSET_PTR;
    conf->sign_host = NGX_CONF_UNSET_PTR;
    conf->mode = NGX_CONF_UNSET_PTR;
    conf->fallback_for = NGX_CONF_UNSET;
    conf->compare_sample = NGX_CONF_UNSET;
    conf->compare_log = NGX_CONF_UNSET_PTR;

    ngx_http_usage_block_begin(cf, conf);

    return conf;
}


char *
ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_usage_loc_conf_t *prev = parent;
    ngx_http_usage_loc_conf_t *conf = child;

    if (ngx_http_usage_block_end(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_value(conf->concurrency, prev->concurrency, 8);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 60000);
    ngx_conf_merge_size_value(conf->memory, prev->memory, 64 * 1024 * 1024);
    ngx_conf_merge_ptr_value(conf->use_time, prev->use_time, NULL);
    ngx_conf_merge_sec_value(conf->retention_desktops,
                             prev->retention_desktops, 180 * 24 * 60 * 60);
    ngx_conf_merge_sec_value(conf->retention_users, prev->retention_users,
                             30 * 24 * 60 * 60);
    ngx_conf_merge_sec_value(conf->retention_records, prev->retention_records,
                             30 * 24 * 60 * 60);
    ngx_conf_merge_value(conf->connections, prev->connections, 0);
    ngx_conf_merge_sec_value(conf->lookback, prev->lookback, 7 * 24 * 60 * 60);
    ngx_conf_merge_value(conf->tolerance_share, prev->tolerance_share,
                         USAGE_TOLERANCE_SHARE * NGX_HTTP_USAGE_SHARE_ALL);
    ngx_conf_merge_sec_value(conf->tolerance_time, prev->tolerance_time,
                             USAGE_TOLERANCE_SECONDS);
    ngx_conf_merge_value(conf->monitoring, prev->monitoring, 0);
    ngx_conf_merge_str_value(conf->hour_format, prev->hour_format,
                             "%Y-%m-%dT%H:00:00Z");
    ngx_conf_merge_ptr_value(conf->enterprise_project,
                             prev->enterprise_project, NULL);
    ngx_conf_merge_value(conf->resource_id, prev->resource_id, 0);
    ngx_conf_merge_ptr_value(conf->rate, prev->rate, NULL);
    ngx_conf_merge_value(conf->retries, prev->retries, 2);
    ngx_conf_merge_ptr_value(conf->share, prev->share, NULL);
    ngx_conf_merge_ptr_value(conf->store, prev->store, NULL);
    ngx_conf_merge_ptr_value(conf->store_key, prev->store_key, NULL);
    ngx_conf_merge_sec_value(conf->final_after, prev->final_after,
                             USAGE_FINAL_AFTER);
    ngx_conf_merge_sec_value(conf->fresh, prev->fresh, 60);
    ngx_conf_merge_ptr_value(conf->credentials, prev->credentials, NULL);
    ngx_conf_merge_sec_value(conf->clock_skew, prev->clock_skew, 15 * 60);
    ngx_conf_merge_ptr_value(conf->replay, prev->replay, NULL);
    ngx_conf_merge_ptr_value(conf->sign_host, prev->sign_host, NULL);

    if (conf->credentials && conf->sign_host == NULL
        && ngx_http_usage_default_host(cf, &conf->sign_host) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_ptr_value(conf->mode, prev->mode, NULL);
    ngx_conf_merge_sec_value(conf->fallback_for, prev->fallback_for, 300);
    ngx_conf_merge_value(conf->compare_sample, prev->compare_sample,
                         NGX_HTTP_USAGE_SHARE_ALL);
    ngx_conf_merge_ptr_value(conf->compare_log, prev->compare_log, NULL);

    if (conf->deprecation.data == NULL) {
        conf->deprecation = prev->deprecation;
        conf->sunset = prev->sunset;
        conf->link = prev->link;
    }

    ngx_http_usage_inherit_handler(cf, prev, conf);

    if (ngx_http_usage_redis_check(cf, conf) != NGX_OK
        || ngx_http_usage_rate_check(cf, conf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->translate) {
        ngx_http_usage_key_upstream(cf, conf);
    }

    return NGX_CONF_OK;
}


/*
 * Blocks of "if" and "limit_except" do what their location does.
 */

static void
ngx_http_usage_inherit_handler(ngx_conf_t *cf,
    ngx_http_usage_loc_conf_t *prev, ngx_http_usage_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!(clcf->noname || clcf->lmt_excpt) || clcf->handler) {
        return;
    }

    if (prev->translate) {
        conf->translate = 1;
        conf->prefix = prev->prefix;
        clcf->handler = ngx_http_usage_handler;

    } else if (prev->status) {
        conf->status = 1;
        clcf->handler = ngx_http_usage_status_handler;

    } else if (prev->redis) {
        conf->redis = prev->redis;
        clcf->handler = ngx_http_usage_redis_handler;
    }
}
