/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_share on the page of usage_status.  In: its zone.  Out: its metrics, if
 * a location shares anything.
 */

#include "status/ngx_http_usage_status.h"
#include "share/ngx_http_usage_share.h"


/*
 * A Redis at this moment.
 */
typedef struct {
    ngx_str_t                        uri; /* escaped */
    ngx_uint_t                       up;  /* unsigned  up:1; */
} ngx_http_usage_status_redis_t;


struct ngx_http_usage_status_share_s {
    ngx_http_usage_share_counts_t    counts;
    ngx_array_t                      redis; /* of status_redis_t */
};


static ngx_int_t ngx_http_usage_status_share_redis(ngx_http_request_t *r,
    ngx_http_usage_shared_t *shared, ngx_array_t *all);
static void ngx_http_usage_status_share_up(ngx_http_usage_page_t *page,
    ngx_array_t *redis);
static void ngx_http_usage_status_share_operations(ngx_http_usage_page_t *page,
    ngx_http_usage_share_counts_t *counts);
static void ngx_http_usage_status_share_counters(ngx_http_usage_page_t *page,
    ngx_http_usage_share_counts_t *counts);
static void ngx_http_usage_status_share_row(ngx_http_usage_page_t *page,
    char *label, ngx_str_t *names, ngx_atomic_t *cells, ngx_uint_t n,
    ngx_http_usage_unit_t unit);


/* names of ngx_http_usage_share_outcome_t */

static ngx_str_t  ngx_http_usage_status_outcomes[] = {
    ngx_string("done"),
    ngx_string("refused"),
    ngx_string("failed"),
    ngx_string("timeout"),
    ngx_string("skipped")
};


/* names of ngx_http_usage_share_level_t */

static ngx_str_t  ngx_http_usage_status_levels[] = {
    ngx_string("memory"),
    ngx_string("shared")
};


ngx_int_t
ngx_http_usage_status_share_copy(ngx_http_request_t *r,
    ngx_http_usage_status_share_t **share)
{
    ngx_http_usage_shared_t     *shared;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_usage_module);
    shared = umcf->shared;
    *share = NULL;

    if (shared == NULL) {
        return NGX_OK;
    }

    *share = ngx_palloc(r->pool, sizeof(ngx_http_usage_status_share_t));
    if (*share == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(&(*share)->counts, &shared->sh->counts,
               sizeof(ngx_http_usage_share_counts_t));

    return ngx_http_usage_status_share_redis(r, shared, &(*share)->redis);
}


/*
 * Lists each URI once, however many locations share through it.
 */

static ngx_int_t
ngx_http_usage_status_share_redis(ngx_http_request_t *r,
    ngx_http_usage_shared_t *shared, ngx_array_t *all)
{
    ngx_uint_t                      i, j;
    ngx_http_usage_share_t        **share;
    ngx_http_usage_status_redis_t  *redis;

    if (ngx_array_init(all, r->pool, shared->shares.nelts,
                       sizeof(ngx_http_usage_status_redis_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    share = shared->shares.elts;

    for (i = 0; i < shared->shares.nelts; i++) {

        for (j = 0; share[j]->peer != share[i]->peer; j++) { /* void */ }

        if (j < i) {
            continue;
        }

        redis = ngx_array_push(all);

        if (redis == NULL
            || ngx_http_usage_page_label(r->pool, &share[i]->uri, &redis->uri)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        redis->up = ngx_http_usage_share_up(share[i]->peer);
    }

    return NGX_OK;
}


void
ngx_http_usage_status_share(ngx_http_usage_page_t *page)
{
    ngx_http_usage_status_share_t  *share;

    share = page->share;

    if (share == NULL) {
        return;
    }

    ngx_http_usage_status_share_up(page, &share->redis);
    ngx_http_usage_status_share_operations(page, &share->counts);
    ngx_http_usage_status_share_counters(page, &share->counts);
}


static void
ngx_http_usage_status_share_up(ngx_http_usage_page_t *page, ngx_array_t *redis)
{
    ngx_uint_t                      i;
    ngx_keyval_t                    labels[2];
    ngx_http_usage_status_redis_t  *elts;

    ngx_memzero(labels, sizeof(labels));
    ngx_str_set(&labels[0].key, "location");
    elts = redis->elts;

    ngx_http_usage_page_metric(page, "usage_share_up", "gauge",
                               "0 from an operation that Redis did not reply "
                               "to until one that it did, else 1.");
    ngx_http_usage_page_series(page, "");

    for (i = 0; i < redis->nelts; i++) {
        labels[0].value = elts[i].uri;
        ngx_http_usage_page_sample(page, labels, elts[i].up,
                                   NGX_HTTP_USAGE_NUMBER);
    }

    ngx_http_usage_page_series_end(page);
}


static void
ngx_http_usage_status_share_operations(ngx_http_usage_page_t *page,
    ngx_http_usage_share_counts_t *counts)
{
    ngx_uint_t    i, j;
    ngx_keyval_t  labels[3];

    ngx_memzero(labels, sizeof(labels));
    ngx_str_set(&labels[0].key, "operation");
    ngx_str_set(&labels[1].key, "outcome");

    ngx_http_usage_page_metric(page, "usage_share_operations_total", "counter",
                               "Operations on Redis, by what they are for and "
                               "what became of them.");
    ngx_http_usage_page_series(page, "");

    for (i = 0; i < NGX_HTTP_USAGE_SHARE_OPS; i++) {
        labels[0].value = ngx_http_usage_share_kinds[i];

        for (j = 0; j < NGX_HTTP_USAGE_SHARE_OUTCOMES; j++) {
            labels[1].value = ngx_http_usage_status_outcomes[j];
            ngx_http_usage_page_sample(page, labels, counts->operations[i][j],
                                       NGX_HTTP_USAGE_NUMBER);
        }
    }

    ngx_http_usage_page_series_end(page);

    ngx_http_usage_page_metric(page, "usage_share_operation_seconds_total",
                               "counter",
                               "How long operations on Redis took.");
    ngx_http_usage_status_share_row(page, "operation",
                                    ngx_http_usage_share_kinds,
                                    counts->operation_ms,
                                    NGX_HTTP_USAGE_SHARE_OPS,
                                    NGX_HTTP_USAGE_MILLISECONDS);
}


static void
ngx_http_usage_status_share_counters(ngx_http_usage_page_t *page,
    ngx_http_usage_share_counts_t *counts)
{
    ngx_http_usage_page_metric(page, "usage_share_hits_total", "counter",
                               "Days of replies that were found in the zone "
                               "of usage_store (memory) or in Redis (shared).");
    ngx_http_usage_status_share_row(page, "level",
                                    ngx_http_usage_status_levels,
                                    counts->hits, NGX_HTTP_USAGE_SHARE_LEVELS,
                                    NGX_HTTP_USAGE_NUMBER);

    ngx_http_usage_page_metric(page, "usage_share_rejected_total", "counter",
                               "Values of Redis that were not used as they "
                               "do not verify or can not be read.");
    ngx_http_usage_page_single(page, counts->rejected, NGX_HTTP_USAGE_NUMBER);

    ngx_http_usage_page_metric(page, "usage_share_degraded_seconds_total",
                               "counter",
                               "For how long rates were not shared, as Redis "
                               "was away.");
    ngx_http_usage_page_single(page, counts->degraded_ms,
                               NGX_HTTP_USAGE_MILLISECONDS);

    ngx_http_usage_page_metric(page, "usage_share_clock_difference_seconds",
                               "gauge",
                               "How far the clocks of the gateway and of Redis "
                               "were apart when last compared.");
    ngx_http_usage_page_single(page, counts->clock_ms,
                               NGX_HTTP_USAGE_MILLISECONDS);
}


/*
 * Writes a sample for each of n cells, with its name as a label.
 */

static void
ngx_http_usage_status_share_row(ngx_http_usage_page_t *page, char *label,
    ngx_str_t *names, ngx_atomic_t *cells, ngx_uint_t n,
    ngx_http_usage_unit_t unit)
{
    ngx_uint_t    i;
    ngx_keyval_t  labels[2];

    ngx_memzero(labels, sizeof(labels));
    labels[0].key.data = (u_char *) label;
    labels[0].key.len = ngx_strlen(label);

    ngx_http_usage_page_series(page, "");

    for (i = 0; i < n; i++) {
        labels[0].value = names[i];
        ngx_http_usage_page_sample(page, labels, cells[i], unit);
    }

    ngx_http_usage_page_series_end(page);
}
