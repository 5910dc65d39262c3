/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What usage_status shows of the counters, in two forms: Prometheus' text, and
 * JSON, where each metric has the name that it has in the text.
 */

#ifndef NGX_HTTP_USAGE_STATUS_H
#define NGX_HTTP_USAGE_STATUS_H

#include "base/ngx_http_usage_metrics.h"


typedef enum {
    NGX_HTTP_USAGE_NUMBER = 0,
    NGX_HTTP_USAGE_MILLISECONDS   /* shown in seconds */
} ngx_http_usage_unit_t;


/*
 * A page that is written twice: first only to measure it.
 */
typedef struct {
    u_char                   *pos;     /* NULL: it is measured */
    size_t                    len;
    char                     *name;    /* of the metric, */
    char                     *suffix;  /* of its series */
    ngx_uint_t                samples; /* of the series, so far */
    ngx_uint_t                series;  /* of the page */
    ngx_uint_t                json;    /* unsigned  json:1; */
} ngx_http_usage_page_t;


/* ngx_http_usage_status.c: the directive usage_status, and its location */

char *ngx_http_usage_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The content handler of a location with usage_status. */
ngx_int_t ngx_http_usage_status_handler(ngx_http_request_t *r);


/* ngx_http_usage_status_page.c: all metrics */

/*
 * Writes them into one piece of memory of r's pool.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_status_page(ngx_http_request_t *r, ngx_uint_t json,
    ngx_str_t *text);


/* ngx_http_usage_status_write.c: the two forms */

/* Begins and ends a page. */
void ngx_http_usage_page_begin(ngx_http_usage_page_t *page, u_char *pos);
void ngx_http_usage_page_end(ngx_http_usage_page_t *page);

/* Begins a metric: its name, and for the text its type and what it is. */
void ngx_http_usage_page_metric(ngx_http_usage_page_t *page, char *name,
    char *type, char *help);

/* Begins and ends samples of the metric whose names end so, with labels. */
void ngx_http_usage_page_series(ngx_http_usage_page_t *page, char *suffix);
void ngx_http_usage_page_series_end(ngx_http_usage_page_t *page);

/* A sample with labels; the last of these has an empty key. */
void ngx_http_usage_page_sample(ngx_http_usage_page_t *page,
    ngx_keyval_t *labels, uint64_t value, ngx_http_usage_unit_t unit);

/* The only sample of the metric, without labels. */
void ngx_http_usage_page_single(ngx_http_usage_page_t *page, uint64_t value,
    ngx_http_usage_unit_t unit);

/*
 * A label's value, of what an operator has written: escaped as both forms have
 * it.  What one of them has no form for (control characters, what isn't UTF-8)
 * becomes "?".  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_page_label(ngx_pool_t *pool, ngx_str_t *from,
    ngx_str_t *to);


#endif /* NGX_HTTP_USAGE_STATUS_H */
