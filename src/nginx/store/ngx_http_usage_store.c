/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The day store's zone: how it is defined, formatted and locked.
 */

#include "store/ngx_http_usage_store.h"

#include <openssl/rand.h>


#define NGX_HTTP_USAGE_STORE_MIN_SIZE  (8 * ngx_pagesize)

/* the bytes of the zone for which there is one bucket of partitions */
#define NGX_HTTP_USAGE_BUCKET_BYTES    (16 * 1024)


static ngx_int_t ngx_http_usage_store_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_http_usage_store_format(ngx_http_usage_store_t *store);
static void ngx_http_usage_store_reset(ngx_http_usage_store_t *store);


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
