/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The day store's memory: its zone, partitions and windows, and what has to go
 * where there is no room.
 */

#include "store/ngx_http_usage_store.h"

#include <openssl/rand.h>


#define NGX_HTTP_USAGE_STORE_MIN_SIZE  (8 * ngx_pagesize)

/* a bucket of partitions for so many bytes of the zone */
#define NGX_HTTP_USAGE_BUCKET_BYTES    (16 * 1024)

/* seconds after which a window that nobody used goes before all others */
#define NGX_HTTP_USAGE_STORE_IDLE      (60 * 60)

/* so many windows are looked at for one to throw out */
#define NGX_HTTP_USAGE_STORE_LOOK      64

/* so many seconds after there was no room, nobody waits for what is stored */
#define NGX_HTTP_USAGE_NO_ROOM         10


static ngx_int_t ngx_http_usage_store_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_http_usage_store_format(ngx_http_usage_store_t *store);
static void ngx_http_usage_store_reset(ngx_http_usage_store_t *store);
static void ngx_http_usage_store_no_room(ngx_http_usage_store_t *store,
    u_char *key);
static ngx_http_usage_store_bucket_t *ngx_http_usage_store_bucket(
    ngx_http_usage_store_t *store, u_char *key);
static ngx_http_usage_window_t *ngx_http_usage_store_victim(
    ngx_http_usage_store_t *store, ngx_http_usage_partition_t *partition,
    uint64_t owner);


ngx_shm_zone_t *
ngx_http_usage_store_zone(ngx_conf_t *cf, ngx_str_t *name, ssize_t size)
{
    ngx_shm_zone_t          *zone;
    ngx_http_usage_store_t  *store;

    if (size && size < (ssize_t) NGX_HTTP_USAGE_STORE_MIN_SIZE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small; allowed: at least %uz",
                           name, (size_t) NGX_HTTP_USAGE_STORE_MIN_SIZE);
        return NULL;
    }

    zone = ngx_shared_memory_add(cf, name, size, &ngx_http_usage_module);

    if (zone == NULL || size == 0) {
        return zone;
    }

    if (zone->init) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is defined twice", name);
        return NULL;
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_store_t));
    if (store == NULL) {
        return NULL;
    }

    zone->init = ngx_http_usage_store_init;
    zone->data = store;

    return zone;
}


ngx_uint_t
ngx_http_usage_store_is(ngx_shm_zone_t *zone)
{
    return zone->init == ngx_http_usage_store_init;
}


/*
 * Without the lock: each figure is a word, and one of a moment ago will do.
 */

void
ngx_http_usage_store_room(ngx_shm_zone_t *zone, size_t *size, size_t *used)
{
    size_t            left;
    ngx_slab_pool_t  *shpool;

    shpool = ((ngx_http_usage_store_t *) zone->data)->shpool;

    *size = shpool->end - shpool->start;

    left = shpool->pfree * ngx_pagesize;
    *used = *size - ngx_min(left, *size);
}


static ngx_int_t
ngx_http_usage_store_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_usage_store_t  *old = data;

    ngx_http_usage_store_t  *store;

    store = zone->data;
    store->shpool = (ngx_slab_pool_t *) zone->shm.addr;
    store->shpool->log_nomem = 0;

    if (old) {
        store->sh = old->sh;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        store->sh = store->shpool->data;
        return NGX_OK;
    }

    if (ngx_http_usage_store_format(store) != NGX_OK
        || RAND_bytes(store->sh->salt, NGX_HTTP_USAGE_KEY_LEN) != 1)
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "usage: the store \"%V\" could not be made",
                      &zone->shm.name);
        return NGX_ERROR;
    }

    store->shpool->data = store->sh;
    store->sh->updating = 0;

    return NGX_OK;
}


/*
 * An empty store, that is said to be changing.
 */

static ngx_int_t
ngx_http_usage_store_format(ngx_http_usage_store_t *store)
{
    size_t                      size;
    ngx_uint_t                  i, n;
    ngx_http_usage_store_sh_t  *sh;

    size = store->shpool->end - store->shpool->start;
    n = ngx_max(size / NGX_HTTP_USAGE_BUCKET_BYTES, 1);

    sh = ngx_slab_alloc_locked(store->shpool,
                               sizeof(ngx_http_usage_store_sh_t)
                               + (n - 1)
                                 * sizeof(ngx_http_usage_store_bucket_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->updating = 1;
    sh->buckets_count = n;
    ngx_queue_init(&sh->windows);

    for (i = 0; i < n; i++) {
        ngx_queue_init(&sh->buckets[i].partitions);
        sh->buckets[i].no_room = 0;
    }

    store->sh = sh;

    return NGX_OK;
}


/*
 * nginx's own slab may be in the middle of a change, too.
 */

static void
ngx_http_usage_store_reset(ngx_http_usage_store_t *store)
{
    u_char  salt[NGX_HTTP_USAGE_KEY_LEN];

    ngx_memcpy(salt, store->sh->salt, NGX_HTTP_USAGE_KEY_LEN);

    ngx_slab_init(store->shpool);
    store->shpool->log_nomem = 0;

    (void) ngx_http_usage_store_format(store);

    ngx_memcpy(store->sh->salt, salt, NGX_HTTP_USAGE_KEY_LEN);
    store->shpool->data = store->sh;
    ngx_memory_barrier();
    store->sh->updating = 0;
}


void
ngx_http_usage_store_lock(ngx_http_usage_store_t *store)
{
    ngx_shmtx_lock(&store->shpool->mutex);

    if (store->sh->updating) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "usage: a process ended while it changed the store, "
                      "which is emptied");
        ngx_http_usage_store_reset(store);
    }
}


void
ngx_http_usage_store_change(ngx_http_usage_store_t *store)
{
    store->sh->updating = 1;
    ngx_memory_barrier();
}


void
ngx_http_usage_store_unlock(ngx_http_usage_store_t *store)
{
    ngx_memory_barrier();
    store->sh->updating = 0;

    ngx_shmtx_unlock(&store->shpool->mutex);
}


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


/*
 * What is thrown out: what was used least lately, but not of a partition that
 * has less than half of what the one has that grows, unless nobody used it for
 * long.  So who holds most pays for more.
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


uint32_t
ngx_http_usage_store_place(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last)
{
    uint32_t                  low, high, middle;
    ngx_http_usage_window_t  *window;

    low = 0;
    high = partition->windows_count;

    while (low < high) {
        middle = (low + high) / 2;
        window = partition->windows[middle];

        if (window->first < first
            || (window->first == first && window->last < last))
        {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


ngx_http_usage_window_t *
ngx_http_usage_store_window(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last)
{
    uint32_t                  place;
    ngx_http_usage_window_t  *window;

    place = ngx_http_usage_store_place(partition, first, last);

    if (place == partition->windows_count) {
        return NULL;
    }

    window = partition->windows[place];

    return window->first == first && window->last == last ? window : NULL;
}


void
ngx_http_usage_store_used(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window)
{
    window->used = ngx_time();

    ngx_queue_remove(&window->queue);
    ngx_queue_insert_head(&store->sh->windows, &window->queue);

    ngx_queue_remove(&window->own);
    ngx_queue_insert_head(&window->partition->used, &window->own);
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
 * translation.md, "Days": a day is final two hours after its end.
 */

time_t
ngx_http_usage_store_until(ngx_http_usage_ctx_t *ctx, int32_t last,
    time_t fetched)
{
    time_t  start;

    start = (time_t) last * USAGE_SECONDS_PER_DAY;

    if (last != NGX_HTTP_USAGE_DIRECTORY
        && fetched >= start + ctx->conf->final_after)
    {
        return 0;
    }

    return fetched + ctx->conf->fresh;
}
