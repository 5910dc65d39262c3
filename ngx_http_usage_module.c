/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * ngx_http_usage_module answers a discarded call of the Huawei Cloud Workspace
 * API, "desktop usage duration", from the APIs that succeed it.
 *
 * This file registers the module with nginx: its directives, its filters and
 * its handlers.  The work is done in the folders of src/nginx.  A request goes
 * through them in this order:
 *
 *   handler   takes its path, its method and its body
 *   modes     pass it on to the legacy endpoint, or ask that first (usage_mode)
 *   sign      verifies its signature, and signs its upstream calls
 *   call      translates it: reads it, and makes its upstream calls
 *   planner   decides which upstream calls it takes
 *   store     keeps finished days, so that fewer calls will do (usage_store)
 *   pace      decides when a call may start (usage_rate)
 *   fetch     makes the call, a subrequest
 *   share     what it shares with other gateways (usage_share)
 *   redis     sends the operations of share to Redis
 *   reply     sends the reply
 *
 * conf reads directives and has the variables, status shows the counters, and
 * base has what all of these share.  How usage is found out, which calls that
 * takes, and what is listed, is decided in src/core, which knows nothing of
 * nginx.
 */

#include "base/ngx_http_usage_metrics.h"
#include "conf/ngx_http_usage_conf.h"
#include "handler/ngx_http_usage_handler.h"
#include "modes/ngx_http_usage_modes.h"
#include "pace/ngx_http_usage_pace.h"
#include "redis/ngx_http_usage_redis.h"
#include "reply/ngx_http_usage_reply.h"
#include "share/ngx_http_usage_share.h"
#include "sign/ngx_http_usage_sign.h"
#include "status/ngx_http_usage_status.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif


#define NGX_HTTP_USAGE_CONCURRENCY_MAX  512
#define NGX_HTTP_USAGE_RETRIES_MAX      10

/* bytes of freed memory that a worker keeps, and of a piece that it doesn't */
#define NGX_HTTP_USAGE_TRIM             (4 * 1024 * 1024)
#define NGX_HTTP_USAGE_MMAP             (1024 * 1024)


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
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
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

    { ngx_string("usage_connections_tolerance"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_usage_tolerance,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_monitoring"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, monitoring),
      NULL },

    { ngx_string("usage_hour_format"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_hour_format,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, hour_format),
      NULL },

    { ngx_string("usage_enterprise_project"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_usage_loc_conf_t, enterprise_project),
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
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1234,
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

    { ngx_string("usage_share"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_usage_share,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_redis_pass"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_redis_pass,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("usage_redis_auth"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_usage_redis_auth,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

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
 * Replies of upstream calls end here: the fetch takes them.  In a location with
 * usage_translate, error pages of nginx itself get the legacy form.
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

    /* the replacement is sent once, and nothing of nginx's own page */

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
 * Makes glibc keep as much freed memory as one reply takes.  Otherwise the
 * kernel gets it back, and has to clear it page by page for the next reply.
 * That took as long as all else of a reply from the store.
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
