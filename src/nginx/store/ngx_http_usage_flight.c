/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Single flight, one fetch for many: of the requests in a partition that need
 * the same days one is the leader, which fetches them, and the others follow.
 */

#include "store/ngx_http_usage_store.h"


/* milliseconds that a request for some desktops follows one for all, which may
 * take far longer than what it needs itself */
#define NGX_HTTP_USAGE_PATIENCE  2000


static ngx_uint_t ngx_http_usage_flight_blocks(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_flight_t *flight, int32_t first, int32_t last);
static ngx_uint_t ngx_http_usage_flight_lost(ngx_http_usage_flight_t *flight);
static ngx_int_t ngx_http_usage_flight_add(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition, int32_t first, int32_t last);


ngx_int_t
ngx_http_usage_flight_take(ngx_http_usage_ctx_t *ctx, int32_t first,
    int32_t last)
{
    ngx_int_t                    rc;
    ngx_queue_t                 *q, *next;
    ngx_http_usage_store_t      *store;
    ngx_http_usage_flight_t     *flight;
    ngx_http_usage_lookup_t     *lookup;
    ngx_http_usage_partition_t  *partition;

    lookup = ctx->lookup;
    store = lookup->store;

    ngx_http_usage_store_lock(store);

    if (ngx_http_usage_store_had_no_room(store, lookup->key)) {
        ngx_http_usage_store_unlock(store);
        return NGX_DECLINED;
    }

    ngx_http_usage_store_change(store);

    /* who has shown nothing changes nothing for others */

    rc = ctx->caller.trusted ? NGX_OK : NGX_DONE;

    partition = ctx->caller.trusted
                ? ngx_http_usage_store_create(store, lookup->key,
                                              lookup->owner)
                : ngx_http_usage_store_partition(store, lookup->key);

    if (partition == NULL) {
        ngx_http_usage_store_unlock(store);
        return ctx->caller.trusted ? NGX_DECLINED : NGX_DONE;
    }

    for (q = ngx_queue_head(&partition->flights);
         q != ngx_queue_sentinel(&partition->flights) && rc != NGX_AGAIN;
         q = next)
    {
        next = ngx_queue_next(q);
        flight = ngx_queue_data(q, ngx_http_usage_flight_t, queue);

        if (ngx_http_usage_flight_lost(flight)) {
            ngx_queue_remove(q);
            ngx_slab_free_locked(store->shpool, flight);

        } else if (ngx_http_usage_flight_blocks(ctx, flight, first, last)) {
            rc = NGX_AGAIN;
        }
    }

    if (rc == NGX_OK) {
        rc = ngx_http_usage_flight_add(ctx, partition, first, last);
        lookup->leads = rc == NGX_OK;

    } else if (rc == NGX_DONE) {
        ngx_http_usage_store_release(store, partition);
    }

    ngx_http_usage_store_unlock(store);

    return rc;
}


static ngx_uint_t
ngx_http_usage_flight_blocks(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_flight_t *flight, int32_t first, int32_t last)
{
    if (flight->last < first || flight->first > last) {
        return 0;
    }

    if (flight->subject == ctx->lookup->subject) {
        return 1;
    }

    return flight->subject == 0
           && ngx_current_msec - ctx->lookup->started < NGX_HTTP_USAGE_PATIENCE;
}


/*
 * Tells whether the leader was killed.
 */

static ngx_uint_t
ngx_http_usage_flight_lost(ngx_http_usage_flight_t *flight)
{
    return flight->deadline < ngx_time()
           || (flight->pid != ngx_pid && kill(flight->pid, 0) == -1
               && ngx_errno == NGX_ESRCH);
}


static ngx_int_t
ngx_http_usage_flight_add(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_partition_t *partition, int32_t first, int32_t last)
{
    ngx_http_usage_flight_t  *flight;

    /* the partition has to outlive what may be thrown out for it */

    partition->busy = 1;
    flight = ngx_http_usage_store_alloc(ctx->lookup->store, NULL,
                                        sizeof(ngx_http_usage_flight_t),
                                        ctx->lookup->owner);
    partition->busy = 0;

    if (flight == NULL) {
        ngx_http_usage_store_release(ctx->lookup->store, partition);
        return NGX_DECLINED;
    }

    flight->owner = ctx->lookup->owner;
    flight->subject = ctx->lookup->subject;
    flight->first = first;
    flight->last = last;
    flight->pid = ngx_pid;
    flight->deadline = ngx_time() + ctx->conf->timeout / 1000 + 1;

    ngx_queue_insert_tail(&partition->flights, &flight->queue);

    return NGX_OK;
}


void
ngx_http_usage_flight_drop(ngx_http_usage_ctx_t *ctx)
{
    ngx_queue_t                 *q, *next;
    ngx_http_usage_store_t      *store;
    ngx_http_usage_flight_t     *flight;
    ngx_http_usage_partition_t  *partition;

    if (!ctx->lookup->leads) {
        return;
    }

    ctx->lookup->leads = 0;

    store = ctx->lookup->store;

    ngx_http_usage_store_lock(store);

    partition = ngx_http_usage_store_partition(store, ctx->lookup->key);

    if (partition) {
        ngx_http_usage_store_change(store);

        for (q = ngx_queue_head(&partition->flights);
             q != ngx_queue_sentinel(&partition->flights);
             q = next)
        {
            next = ngx_queue_next(q);
            flight = ngx_queue_data(q, ngx_http_usage_flight_t, queue);

            if (flight->owner == ctx->lookup->owner) {
                ngx_queue_remove(q);
                ngx_slab_free_locked(store->shpool, flight);
            }
        }

        ngx_http_usage_store_release(store, partition);
    }

    ngx_http_usage_store_unlock(store);
}
