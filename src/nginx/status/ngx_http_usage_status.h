/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_status: the counters in two forms, Prometheus' text and JSON.  Metrics
 * have the same names in both.
 */

#ifndef NGX_HTTP_USAGE_STATUS_H
#define NGX_HTTP_USAGE_STATUS_H

#include "base/ngx_http_usage_metrics.h"


typedef enum {
    NGX_HTTP_USAGE_NUMBER = 0,
    NGX_HTTP_USAGE_MILLISECONDS   /* shown in seconds */
} ngx_http_usage_unit_t;


typedef struct ngx_http_usage_status_share_s  ngx_http_usage_status_share_t;


/*
 * A page.  It is written twice, first only to measure it.
 */
typedef struct {
    u_char                          *pos;     /* NULL: it is measured */
    size_t                           len;     /* bytes, so far */
    char                            *name;    /* of the metric */
    char                            *suffix;  /* of its samples' names */
    ngx_uint_t                       samples; /* of the series, so far */
    ngx_uint_t                       series;  /* of the page, so far */
    ngx_uint_t                       json;    /* unsigned  json:1; */
    ngx_http_usage_status_share_t   *share;   /* NULL: nothing is shared */
} ngx_http_usage_page_t;


/* ngx_http_usage_status.c: the directive usage_status, and its location */

/* Makes a location show the counters: the directive usage_status. */
char *ngx_http_usage_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Sends the page: the content handler of a location with usage_status. */
ngx_int_t ngx_http_usage_status_handler(ngx_http_request_t *r);


/* ngx_http_usage_status_page.c: all metrics */

/* Writes the page into memory of r's pool.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_status_page(ngx_http_request_t *r, ngx_uint_t json,
    ngx_str_t *text);


/* ngx_http_usage_status_share.c: the metrics of usage_share */

/*
 * Copies what they are written from; NULL: nothing is shared, they are left
 * out.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_status_share_copy(ngx_http_request_t *r,
    ngx_http_usage_status_share_t **share);

/* Writes them, from page->share. */
void ngx_http_usage_status_share(ngx_http_usage_page_t *page);


/* ngx_http_usage_status_write.c: the two forms */

/* Begins and ends a page, at pos; NULL: to measure it. */
void ngx_http_usage_page_begin(ngx_http_usage_page_t *page, u_char *pos);
void ngx_http_usage_page_end(ngx_http_usage_page_t *page);

/* Begins a metric.  The text form shows its type and help, too. */
void ngx_http_usage_page_metric(ngx_http_usage_page_t *page, char *name,
    char *type, char *help);

/* Begins and ends a series of samples whose names have that suffix. */
void ngx_http_usage_page_series(ngx_http_usage_page_t *page, char *suffix);
void ngx_http_usage_page_series_end(ngx_http_usage_page_t *page);

/* Writes a sample of a series.  The last of its labels has an empty key. */
void ngx_http_usage_page_sample(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, uint64_t value, ngx_http_usage_unit_t unit);

/* Writes the only sample of a metric that has no labels. */
void ngx_http_usage_page_single(ngx_http_usage_page_t *page, uint64_t value,
    ngx_http_usage_unit_t unit);

/*
 * Escapes a label's value as both forms need it.  What one of them can't have
 * (control characters, what isn't UTF-8) becomes "?".  NGX_ERROR: memory is
 * out.
 */
ngx_int_t ngx_http_usage_page_label(ngx_pool_t *pool, ngx_str_t *from,
    ngx_str_t *to);


#endif /* NGX_HTTP_USAGE_STATUS_H */
