/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ngx_http_usage_module: answers the discarded "desktop usage duration" call
 * of the Huawei Cloud Workspace API from the APIs that succeed it.
 *
 * This file is the module's face: its directives, its filters and their
 * registration.  src/nginx/ has what is behind them: conf reads the directives'
 * values, noeffect warns of those that do nothing; then in the order in which a request meets them handler, mode, sign,
 * stored, call and advance, pace, fetch and retry, reply; variables tell about
 * it.  legacy, gone, compare and detached are what modes need.  metrics counts,
 * and status shows that.  src/core/ has the translation.
 */

#include "base/ngx_http_usage_metrics.h"
#include "conf/ngx_http_usage_conf.h"
#include "handler/ngx_http_usage_handler.h"
#include "modes/ngx_http_usage_modes.h"
#include "pace/ngx_http_usage_pace.h"
#include "reply/ngx_http_usage_reply.h"
#include "sign/ngx_http_usage_sign.h"
#include "status/ngx_http_usage_status.h"

#include <openssl/rand.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif


#define NGX_HTTP_USAGE_CONCURRENCY_MAX  512
#define NGX_HTTP_USAGE_RETRIES_MAX      10

/* what a worker keeps of freed memory, and the pieces that it doesn't */
#define NGX_HTTP_USAGE_TRIM             (4 * 1024 * 1024)
#define NGX_HTTP_USAGE_MMAP             (1024 * 1024)


static void *ngx_http_usage_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_usage_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_usage_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_usage_add_handler(ngx_conf_t *cf,
    ngx_http_phases phase, ngx_http_handler_pt handler);
static ngx_int_t ngx_http_usage_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_usage_init_process(ngx_cycle_t *cycle);


static ngx_conf_num_bounds_t  ngx_http_usage_concurrency_bounds = {
    ngx_conf_check_num_bounds, 1, NGX_HTTP_USAGE_CONCURRENCY_MAX
};

static ngx_conf_num_bounds_t  ngx_http_usage_retries_bounds = {
    ngx_conf_check_num_bounds, 0, NGX_HTTP_USAGE_RETRIES_MAX
};

static ngx_conf_post_t  ngx_http_usage_timeout_post = {
    ngx_http_usage_timeout
};

static ngx_conf_post_t  ngx_http_usage_clock_skew_post = {
    ngx_http_usage_clock_skew
};


static ngx_conf_post_t  ngx_http_usage_memory_post = {
    ngx_http_usage_memory
};


static ngx_command_t  ngx_http_usage_commands[] = {

    { ngx_string("usage_translate"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_translate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_mode"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_mode,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, mode),
      NULL },

    { ngx_string("usage_fallback_for"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, fallback_for),
      NULL },

    { ngx_string("usage_compare_sample"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_compare_sample,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_compare_log"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_compare_log,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_concurrency"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, concurrency),
      &ngx_http_usage_concurrency_bounds },

    { ngx_string("usage_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, timeout),
      &ngx_http_usage_timeout_post },

    { ngx_string("usage_memory"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, memory),
      &ngx_http_usage_memory_post },

    { ngx_string("usage_use_time"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_use_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, use_time),
      NULL },

    { ngx_string("usage_retention"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_usage_retention,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_connections"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, connections),
      NULL },

    { ngx_string("usage_connections_lookback"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, lookback),
      NULL },

    { ngx_string("usage_hour_format"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_hour_format,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, hour_format),
      NULL },

    { ngx_string("usage_resource_id"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, resource_id),
      NULL },

    { ngx_string("usage_store"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_store,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, store),
      NULL },

    { ngx_string("usage_store_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, store_key),
      NULL },

    { ngx_string("usage_final_after"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, final_after),
      NULL },

    { ngx_string("usage_fresh"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, fresh),
      NULL },

    { ngx_string("usage_credentials"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_credentials,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_clock_skew"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, clock_skew),
      &ngx_http_usage_clock_skew_post },

    { ngx_string("usage_replay"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_replay,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_sign_host"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, sign_host),
      NULL },

    { ngx_string("usage_deprecation"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_usage_deprecation,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_rate"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_usage_rate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_retries"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, retries),
      &ngx_http_usage_retries_bounds },

    { ngx_string("usage_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_usage_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_usage_module_ctx = {
    ngx_http_usage_add_variables,          /* preconfiguration */
    ngx_http_usage_init,                   /* postconfiguration */

    ngx_http_usage_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_usage_create_loc_conf,        /* create location configuration */
    ngx_http_usage_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_usage_module = {
    NGX_MODULE_V1,
    &ngx_http_usage_module_ctx,            /* module context */
    ngx_http_usage_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_usage_build_log,              /* init module */
    ngx_http_usage_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/*
 * Subrequests of a legacy call end here, their replies with the fetch that
 * wants them.  Error pages of nginx itself in a location with usage_translate
 * get the legacy form.
 */

static ngx_int_t
ngx_http_usage_header_filter(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_fetch_t     *fetch;
    ngx_http_usage_loc_conf_t  *ulcf;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch) {
        return ngx_http_usage_fetch_header(fetch, r);
    }

    ctx = ngx_http_usage_find_ctx(r);

    if (ctx && ctx->answerer.passed) {
        return ngx_http_usage_pass_header(ctx, r) == NGX_OK
                   ? ngx_http_next_header_filter(r) : NGX_ERROR;
    }

    ulcf = ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    if (ulcf->translate && r->err_status >= NGX_HTTP_BAD_REQUEST) {
        if ((ctx == NULL || !ctx->answer.begun)
            && ngx_http_usage_reply_replace(r) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_usage_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t             *cl, *out;
    ngx_http_usage_ctx_t    *ctx;
    ngx_http_usage_fetch_t  *fetch;

    fetch = ngx_http_usage_fetch_of(r);

    if (fetch) {
        return ngx_http_usage_fetch_body(fetch, in);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (ctx && ctx->endpoint && ctx->endpoint->capture && r == r->main) {
        ngx_http_usage_capture_body(ctx, in);
    }

    if (ctx == NULL || ctx->answer.replacement == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    /* the page of nginx itself makes room for the replacement, sent once */

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    out = ctx->answer.replacement->buf ? ctx->answer.replacement : NULL;

    if (out) {
        ctx->answer.replacement = ngx_alloc_chain_link(r->pool);
        if (ctx->answer.replacement == NULL) {
            return NGX_ERROR;
        }

        ctx->answer.replacement->buf = NULL;
        ctx->answer.replacement->next = NULL;
    }

    return ngx_http_next_body_filter(r, out);
}


static void
ngx_http_usage_free_patterns(void *data)
{
    usage_patterns_free(data);
}


static void *
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


static void *
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
     *     conf->block = { NULL, 0, 0, { 0, NULL }, { 0, NULL }, 0 };
     *     conf->prefix = { 0, NULL };
     *     conf->translate = 0;
     *     conf->status = 0;
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
    conf->connections = NGX_CONF_UNSET;
    conf->lookback = NGX_CONF_UNSET;
    conf->resource_id = NGX_CONF_UNSET;
    conf->rate = NGX_CONF_UNSET_PTR;
    conf->retries = NGX_CONF_UNSET;
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


static char *
ngx_http_usage_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_usage_loc_conf_t *prev = parent;
    ngx_http_usage_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

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
    ngx_conf_merge_value(conf->connections, prev->connections, 0);
    ngx_conf_merge_sec_value(conf->lookback, prev->lookback, 7 * 24 * 60 * 60);
    ngx_conf_merge_str_value(conf->hour_format, prev->hour_format,
                             "%Y-%m-%dT%H:00:00Z");
    ngx_conf_merge_value(conf->resource_id, prev->resource_id, 0);
    ngx_conf_merge_ptr_value(conf->rate, prev->rate, NULL);
    ngx_conf_merge_value(conf->retries, prev->retries, 2);
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
                         NGX_HTTP_USAGE_SAMPLE_ALL);
    ngx_conf_merge_ptr_value(conf->compare_log, prev->compare_log, NULL);

    if (conf->deprecation.data == NULL) {
        conf->deprecation = prev->deprecation;
        conf->sunset = prev->sunset;
        conf->link = prev->link;
    }

    /* "if" and "limit_except" blocks do what their location does */

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if ((clcf->noname || clcf->lmt_excpt) && clcf->handler == NULL) {

        if (prev->translate) {
            conf->translate = 1;
            conf->prefix = prev->prefix;
            clcf->handler = ngx_http_usage_handler;

        } else if (prev->status) {
            conf->status = 1;
            clcf->handler = ngx_http_usage_status_handler;
        }
    }

    if (conf->translate) {
        ngx_http_usage_key_server(cf, conf);
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_usage_add_handler(ngx_conf_t *cf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_init(ngx_conf_t *cf)
{
    ngx_http_usage_main_conf_t  *umcf;

    if (ngx_http_usage_check_zones(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_usage_check_blocks(cf);

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    if (umcf->translates
        && (ngx_http_usage_add_handler(cf, NGX_HTTP_PRECONTENT_PHASE,
                                       ngx_http_usage_sign_phase_handler)
            != NGX_OK
            || ngx_http_usage_add_handler(cf, NGX_HTTP_LOG_PHASE,
                                          ngx_http_usage_count_request)
               != NGX_OK))
    {
        return NGX_ERROR;
    }

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_usage_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_usage_body_filter;

    return NGX_OK;
}


/*
 * A reply takes more than glibc keeps of what was freed: it gives the memory
 * back to the kernel, which has to clear it again for the next reply, page by
 * page.  That took as long as all of a reply from the store.
 */

static ngx_int_t
ngx_http_usage_init_process(ngx_cycle_t *cycle)
{
#ifdef __GLIBC__

    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_usage_module);

    if (umcf && umcf->translates) {
        (void) mallopt(M_MMAP_THRESHOLD, NGX_HTTP_USAGE_MMAP);
        (void) mallopt(M_TRIM_THRESHOLD, NGX_HTTP_USAGE_TRIM);
    }

#endif

    return NGX_OK;
}
