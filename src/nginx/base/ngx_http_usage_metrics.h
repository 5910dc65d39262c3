/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is counted, from the start of nginx on.  The names of the counters, and
 * what is shown of them, are in ngx_http_usage_status_page.c.
 *
 * Each counter is one word, and adding to it is one step of the processor.  So
 * no lock is needed, and a worker that is killed leaves nothing unfinished.
 */

#ifndef NGX_HTTP_USAGE_METRICS_H
#define NGX_HTTP_USAGE_METRICS_H

#include "base/ngx_http_usage.h"

#include "gather/usage_call.h"


/*
 * What upstream calls are counted by: the successor's API, or the legacy
 * endpoint.
 */
#define NGX_HTTP_USAGE_API_LEGACY  USAGE_CALL_APIS
#define NGX_HTTP_USAGE_APIS        (USAGE_CALL_APIS + 1)


/*
 * How an upstream call ended: with a status, or as one of these.
 */
#define NGX_HTTP_USAGE_STATUSES  1000

enum {
    NGX_HTTP_USAGE_CALL_TIMEOUT = NGX_HTTP_USAGE_STATUSES,
    NGX_HTTP_USAGE_CALL_UNREACHABLE,
    NGX_HTTP_USAGE_CALL_NOT_MADE,   /* nginx itself failed, or refused it */
    NGX_HTTP_USAGE_CALL_INCOMPLETE, /* the reply ended early */
    NGX_HTTP_USAGE_CALL_CANCELLED,  /* the request ended before it */
    NGX_HTTP_USAGE_CALL_CACHED,     /* nginx's proxy_cache answered */
    NGX_HTTP_USAGE_OUTCOMES
};


/*
 * Counters that have no labels.
 */
typedef enum {
    NGX_HTTP_USAGE_RETRIES = 0,
    NGX_HTTP_USAGE_PACE_WAITS,
    NGX_HTTP_USAGE_PACE_WAIT_MS,
    NGX_HTTP_USAGE_PACE_REFUSALS,
    NGX_HTTP_USAGE_STORE_HITS,
    NGX_HTTP_USAGE_STORE_MISSES,
    NGX_HTTP_USAGE_COMPARES,
    NGX_HTTP_USAGE_COMPARE_DIFFERENCES,
    NGX_HTTP_USAGE_COMPARES_FAILED,
    NGX_HTTP_USAGE_SIGNATURES_REFUSED,
    NGX_HTTP_USAGE_COUNTERS
} ngx_http_usage_counter_t;


/*
 * The upper bounds of durations in a histogram.  The last has no bound.
 */
#define NGX_HTTP_USAGE_BOUNDS  16

typedef struct {
    ngx_msec_t                       ms;
    ngx_str_t                        seconds; /* the same, as it is shown */
} ngx_http_usage_bound_t;

extern ngx_http_usage_bound_t  ngx_http_usage_bounds[NGX_HTTP_USAGE_BOUNDS];


/*
 * The shared memory.
 */
typedef struct {
    ngx_atomic_t  started;     /* seconds since 1970 */
    ngx_atomic_t  counters[NGX_HTTP_USAGE_COUNTERS];
    ngx_atomic_t  requests[NGX_HTTP_USAGE_MODES][NGX_HTTP_USAGE_STATUSES];
    ngx_atomic_t  calls[NGX_HTTP_USAGE_APIS][NGX_HTTP_USAGE_OUTCOMES];
    ngx_atomic_t  durations[NGX_HTTP_USAGE_MODES][NGX_HTTP_USAGE_BOUNDS];
    ngx_atomic_t  duration_ms[NGX_HTTP_USAGE_MODES];
} ngx_http_usage_counts_t;


struct ngx_http_usage_metrics_s {
    ngx_http_usage_counts_t *counts;
};


/* ngx_http_usage_metrics.c */

/*
 * Adds the zone of the counters to the configuration, once.  NGX_ERROR: memory
 * is out.
 */
ngx_int_t ngx_http_usage_metrics_add(ngx_conf_t *cf);

/* Returns the counters that all workers share. */
ngx_http_usage_counts_t *ngx_http_usage_counts(ngx_http_request_t *r);

/* Adds n to a counter. */
void ngx_http_usage_count(ngx_http_request_t *r,
    ngx_http_usage_counter_t counter, ngx_uint_t n);

/* Counts a request and how long it took: a handler of the log phase. */
ngx_int_t ngx_http_usage_count_request(ngx_http_request_t *r);


#endif /* NGX_HTTP_USAGE_METRICS_H */
