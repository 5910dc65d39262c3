/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days on their way into a partition, which is locked.  Not for other files than
 * ngx_http_usage_store_{fill,begun,add,enter}.c.
 */

#ifndef NGX_HTTP_USAGE_STORE_FILL_H
#define NGX_HTTP_USAGE_STORE_FILL_H

#include "store/ngx_http_usage_store.h"


typedef struct {
    ngx_http_usage_ctx_t           *ctx;
    ngx_http_usage_store_t         *store;
    ngx_http_usage_partition_t     *partition;
    usage_plan_t                   *plan;     /* NULL: they come from Redis */
    time_t                          now;      /* when they were fetched */
    uint32_t                       *places;   /* of the table's desktops */
    uint64_t                        stored;   /* bits: columns that are */
    ngx_uint_t                      ends;     /* the plan goes no further */
} ngx_http_usage_fill_t;


/* ngx_http_usage_store_add.c */

/*
 * Keeps what the request has stored, and what others have stored of its days, if
 * room has to be made: the request needs it for its reply.
 */
void ngx_http_usage_fill_needed(ngx_http_usage_fill_t *fill);

/*
 * Adds a window of those days.  It takes the place of an older one, and takes
 * over what that tells, unless it is complete itself.  NULL: there is no room.
 */
ngx_http_usage_window_t *ngx_http_usage_fill_add(ngx_http_usage_fill_t *fill,
    int32_t first, int32_t last, ngx_uint_t complete, ngx_uint_t wide);

/* Tells whether any seconds of a column need a wide window. */
ngx_uint_t ngx_http_usage_fill_wide(ngx_http_usage_fill_t *fill,
    size_t column);

/* Enters in a window what a column shows. */
void ngx_http_usage_fill_shown(ngx_http_usage_fill_t *fill, size_t column,
    usage_cover_window_t *window);


/* ngx_http_usage_store_begun.c */

/* Removes what is begun of the days that the plan has, or leaves, itself. */
void ngx_http_usage_begun_drop(ngx_http_usage_fill_t *fill);

/* Adds what the plan has begun.  NGX_ERROR: there is no room. */
ngx_int_t ngx_http_usage_begun_fill(ngx_http_usage_fill_t *fill);


#endif /* NGX_HTTP_USAGE_STORE_FILL_H */
