/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The shared memory of a zone of usage_rate: private to ngx_http_usage_gcra.c,
 * which has the algorithm, and ngx_http_usage_rate_zone.c, which makes the zone.
 *
 * The zone is one table from the beginning: nothing is allocated, there are no
 * pointers, and each time is one word.  If a worker is killed, nginx's master
 * frees its lock, and the table is in order.
 */

#ifndef NGX_HTTP_USAGE_GCRA_H
#define NGX_HTTP_USAGE_GCRA_H

#include "pace/ngx_http_usage_pace.h"


#define NGX_HTTP_USAGE_RATE_WAYS  16  /* buckets of a set */


struct ngx_http_usage_bucket_s {
    uint64_t                       key[2];
    uint64_t                       next; /* microseconds */
    uint64_t                       sent; /* microseconds */
};


struct ngx_http_usage_buckets_s {
    u_char                         salt[NGX_HTTP_USAGE_KEY_LEN];
    uint64_t                       interval; /* in which the times count */
    ngx_uint_t                     reloads;  /* up to the one that set it */
    uint64_t                       lost;     /* since when Redis doesn't answer,
                                              * microseconds; 0: it does */
    uint64_t                       failed;   /* when that was last found */
    u_char                         born[NGX_HTTP_USAGE_RATE_BORN];
    ngx_uint_t                     sets;     /* of NGX_HTTP_USAGE_RATE_WAYS */
    ngx_http_usage_bucket_t        buckets[1];
};


#endif /* NGX_HTTP_USAGE_GCRA_H */
