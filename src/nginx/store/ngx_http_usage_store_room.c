/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The room in the day store: partitions, their memory, and which window is
 * thrown out if there is none left.
 *
 * The window goes that was used least lately.  But a partition that has less
 * than half of what the growing one has is left alone, unless nobody used its
 * window for an hour.  So who holds most pays for more, and no caller takes
 * from another what that one needs.
 */

#include "store/ngx_http_usage_store.h"


/* seconds after which a window that nobody used goes before all others */
#define NGX_HTTP_USAGE_STORE_IDLE  (60 * 60)

/* windows that are looked at for one to throw out */
#define NGX_HTTP_USAGE_STORE_LOOK  64

/* seconds after there was no room in which nobody follows the request */
#define NGX_HTTP_USAGE_NO_ROOM     10


static void ngx_http_usage_store_no_room(ngx_http_usage_store_t *store,
    u_char *key);
static ngx_http_usage_store_bucket_t *ngx_http_usage_store_bucket(
    ngx_http_usage_store_t *store, u_char *key);
static ngx_http_usage_window_t *ngx_http_usage_store_victim(
    ngx_http_usage_store_t *store, ngx_http_usage_partition_t *partition,
    uint64_t owner);


void *
ngx_http_usage_store_alloc(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, size_t size, uint64_t owner)
{
    void                     *p;
    ngx_http_usage_window_t  *window;

    for ( ;; ) {
        p = ngx_slab_alloc_locked(store->shpool, size);

        if (p) {
            break;
        }

        window = ngx_http_usage_store_victim(store, partition, owner);

        if (window == NULL) {
            break;
        }

        ngx_http_usage_store_remove(store, window);
    }

    if (partition && p) {
        partition->size += size;

    } else if (partition) {
        ngx_http_usage_store_no_room(store, partition->key);
    }

    return p;
}


/*
 * A bucket remembers the latest one that had no room, so that others in it,
 * who may need little, aren't taken for it.
 */

static void
ngx_http_usage_store_no_room(ngx_http_usage_store_t *store, u_char *key)
{
    ngx_http_usage_store_bucket_t  *bucket;

    bucket = ngx_http_usage_store_bucket(store, key);

    bucket->no_room = ngx_time();
    ngx_memcpy(bucket->no_room_key, key, NGX_HTTP_USAGE_KEY_LEN);
}


ngx_uint_t
ngx_http_usage_store_had_no_room(ngx_http_usage_store_t *store, u_char *key)
{
    ngx_http_usage_store_bucket_t  *bucket;

    bucket = ngx_http_usage_store_bucket(store, key);

    return ngx_time() - bucket->no_room < NGX_HTTP_USAGE_NO_ROOM
           && ngx_memcmp(bucket->no_room_key, key, NGX_HTTP_USAGE_KEY_LEN) == 0;
}


void
ngx_http_usage_store_free(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, void *p, size_t size)
{
    ngx_slab_free_locked(store->shpool, p);
    partition->size -= size;
}


void
ngx_http_usage_store_remove(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window)
{
    uint32_t                     place;
    ngx_http_usage_partition_t  *partition;

    partition = window->partition;
    place = ngx_http_usage_store_place(partition, window->first, window->last);

    partition->windows_count--;
    ngx_memmove(&partition->windows[place], &partition->windows[place + 1],
                (partition->windows_count - place)
                * sizeof(ngx_http_usage_window_t *));

    ngx_queue_remove(&window->queue);
    ngx_queue_remove(&window->own);
    ngx_http_usage_store_free(store, partition, window,
                              ngx_http_usage_window_size(window));

    ngx_http_usage_store_release(store, partition);
}


/*
 * The window to throw out for a partition, or for a new one (NULL); none that
 * owner stored.
 */

static ngx_http_usage_window_t *
ngx_http_usage_store_victim(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, uint64_t owner)
{
    ngx_uint_t                n;
    ngx_queue_t              *q;
    ngx_http_usage_window_t  *window;

    q = ngx_queue_last(&store->sh->windows);

    for (n = 0; n < NGX_HTTP_USAGE_STORE_LOOK; n++) {

        if (q == ngx_queue_sentinel(&store->sh->windows)) {
            break;
        }

        window = ngx_queue_data(q, ngx_http_usage_window_t, queue);

        if (partition == NULL
            || window->partition->size >= partition->size / 2
            || ngx_time() - window->used > NGX_HTTP_USAGE_STORE_IDLE)
        {
            return window->owner == owner ? NULL : window;
        }

        q = ngx_queue_prev(q);
    }

    if (partition == NULL || ngx_queue_empty(&partition->used)) {
        return NULL;
    }

    q = ngx_queue_last(&partition->used);
    window = ngx_queue_data(q, ngx_http_usage_window_t, own);

    return window->owner == owner ? NULL : window;
}


static ngx_http_usage_store_bucket_t *
ngx_http_usage_store_bucket(ngx_http_usage_store_t *store, u_char *key)
{
    uint32_t  hash;

    ngx_memcpy(&hash, key, sizeof(uint32_t));

    return &store->sh->buckets[hash % store->sh->buckets_count];
}


ngx_http_usage_partition_t *
ngx_http_usage_store_partition(ngx_http_usage_store_t *store, u_char *key)
{
    ngx_queue_t                 *q, *bucket;
    ngx_http_usage_partition_t  *partition;

    bucket = &ngx_http_usage_store_bucket(store, key)->partitions;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        partition = ngx_queue_data(q, ngx_http_usage_partition_t, queue);

        if (ngx_memcmp(partition->key, key, NGX_HTTP_USAGE_KEY_LEN) == 0) {
            return partition;
        }
    }

    return NULL;
}


ngx_http_usage_partition_t *
ngx_http_usage_store_create(ngx_http_usage_store_t *store, u_char *key,
    uint64_t owner)
{
    ngx_http_usage_partition_t  *partition;

    partition = ngx_http_usage_store_partition(store, key);

    if (partition) {
        return partition;
    }

    partition = ngx_http_usage_store_alloc(store, NULL,
                                           sizeof(ngx_http_usage_partition_t),
                                           owner);
    if (partition == NULL) {
        ngx_http_usage_store_no_room(store, key);
        return NULL;
    }

    ngx_memzero(partition, sizeof(ngx_http_usage_partition_t));
    ngx_memcpy(partition->key, key, NGX_HTTP_USAGE_KEY_LEN);
    partition->size = sizeof(ngx_http_usage_partition_t);
    ngx_queue_init(&partition->used);
    ngx_queue_init(&partition->flights);
    ngx_queue_insert_head(&ngx_http_usage_store_bucket(store, key)->partitions,
                          &partition->queue);

    return partition;
}


void
ngx_http_usage_store_release(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition)
{
    uint32_t  i;

    if (partition->busy || partition->windows_count
        || !ngx_queue_empty(&partition->flights))
    {
        return;
    }

    for (i = 0; i < partition->ids_count; i++) {
        ngx_slab_free_locked(store->shpool, partition->ids[i]);
    }

    if (partition->ids) {
        ngx_slab_free_locked(store->shpool, partition->ids);
    }

    if (partition->order) {
        ngx_slab_free_locked(store->shpool, partition->order);
    }

    if (partition->windows) {
        ngx_slab_free_locked(store->shpool, partition->windows);
    }

    ngx_queue_remove(&partition->queue);
    ngx_slab_free_locked(store->shpool, partition);
}
