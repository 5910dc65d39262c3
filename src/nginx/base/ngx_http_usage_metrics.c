/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The counters.  In: what has to be counted.  Out: shared memory, to which all
 * workers add.
 */

#include "base/ngx_http_usage_metrics.h"


static ngx_int_t ngx_http_usage_metrics_init(ngx_shm_zone_t *zone, void *data);


/* nginx tells this zone from others by this variable's address */

static ngx_uint_t  ngx_http_usage_metrics_tag;


ngx_http_usage_bound_t  ngx_http_usage_bounds[NGX_HTTP_USAGE_BOUNDS] = {
    { 1, ngx_string("0.001") },
    { 2, ngx_string("0.002") },
    { 5, ngx_string("0.005") },
    { 10, ngx_string("0.01") },
    { 25, ngx_string("0.025") },
    { 50, ngx_string("0.05") },
    { 100, ngx_string("0.1") },
    { 250, ngx_string("0.25") },
    { 500, ngx_string("0.5") },
    { 1000, ngx_string("1") },
    { 2500, ngx_string("2.5") },
    { 5000, ngx_string("5") },
    { 10000, ngx_string("10") },
    { 30000, ngx_string("30") },
    { 60000, ngx_string("60") },
    { (ngx_msec_t) -1, ngx_string("+Inf") }
};


ngx_int_t
ngx_http_usage_metrics_add(ngx_conf_t *cf)
{
    static ngx_str_t  name = ngx_string("usage_status");

    size_t                       size;
    ngx_shm_zone_t              *zone;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    if (umcf->metrics) {
        return NGX_OK;
    }

    /* nginx's slab needs some pages for itself */

    size = ngx_align(sizeof(ngx_http_usage_counts_t), ngx_pagesize)
           + 8 * ngx_pagesize;

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_usage_metrics_tag);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    umcf->metrics = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_metrics_t));
    if (umcf->metrics == NULL) {
        return NGX_ERROR;
    }

    zone->init = ngx_http_usage_metrics_init;
    zone->data = umcf->metrics;

    return NGX_OK;
}


/*
 * Counting goes on over a reload.  If the reload brings another build of the
 * module, whose counters may lie elsewhere, counting begins anew: its tag is
 * another address, so nginx gives it another zone.
 */

static ngx_int_t
ngx_http_usage_metrics_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_usage_metrics_t  *old = data;

    ngx_slab_pool_t           *shpool;
    ngx_http_usage_metrics_t  *metrics;

    metrics = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (old) {
        metrics->counts = old->counts;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        metrics->counts = shpool->data;
        return NGX_OK;
    }

    metrics->counts = ngx_slab_calloc(shpool, sizeof(ngx_http_usage_counts_t));
    if (metrics->counts == NULL) {
        return NGX_ERROR;
    }

    metrics->counts->started = ngx_time();
    shpool->data = metrics->counts;

    return NGX_OK;
}


ngx_http_usage_counts_t *
ngx_http_usage_counts(ngx_http_request_t *r)
{
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);

    return umcf->metrics->counts;
}


void
ngx_http_usage_count(ngx_http_request_t *r, ngx_http_usage_counter_t counter,
    ngx_uint_t n)
{
    ngx_http_usage_counts_t  *counts;

    counts = ngx_http_usage_counts(r);

    if (n) {
        (void) ngx_atomic_fetch_add(&counts->counters[counter], n);
    }
}


/*
 * Only clients' own requests are counted, as in the access log.  A subrequest,
 * as of a mirror, is none.
 */

ngx_int_t
ngx_http_usage_count_request(ngx_http_request_t *r)
{
    ngx_uint_t                  i, status;
    ngx_time_t                 *tp;
    ngx_msec_int_t              ms;
    ngx_http_usage_ctx_t       *ctx;
    ngx_http_usage_mode_t       mode;
    ngx_http_usage_counts_t    *counts;
    ngx_http_usage_loc_conf_t  *ulcf;

    /* a request that was passed on is in another location now */

    ctx = ngx_http_usage_find_ctx(r);
    ulcf = ctx ? ctx->conf
               : ngx_http_get_module_loc_conf(r, ngx_http_usage_module);

    if (!ulcf->translate || r != r->main) {
        return NGX_OK;
    }

    counts = ngx_http_usage_counts(r);
    mode = ctx ? ngx_http_usage_mode_done(ctx) : NGX_HTTP_USAGE_MODE_TRANSLATE;

    status = r->err_status ? r->err_status : r->headers_out.status;
    status = ngx_min(status, NGX_HTTP_USAGE_STATUSES - 1);

    tp = ngx_timeofday();
    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                           + (tp->msec - r->start_msec));
    ms = ngx_max(ms, 0);

    i = 0;

    while ((ngx_msec_t) ms > ngx_http_usage_bounds[i].ms) {
        i++;
    }

    (void) ngx_atomic_fetch_add(&counts->requests[mode][status], 1);
    (void) ngx_atomic_fetch_add(&counts->durations[mode][i], 1);
    (void) ngx_atomic_fetch_add(&counts->duration_ms[mode], ms);

    if (ctx && ctx->answerer.passed && mode != NGX_HTTP_USAGE_MODE_FALLBACK) {
        (void) ngx_atomic_fetch_add(
                          &counts->calls[NGX_HTTP_USAGE_API_LEGACY][status], 1);
    }

    return NGX_OK;
}
