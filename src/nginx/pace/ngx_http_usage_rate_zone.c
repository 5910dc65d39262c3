/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The shared memory of a zone of usage_rate: how it is made, and what all
 * buckets of the zone have in common.
 */

#include "pace/ngx_http_usage_gcra.h"

#include <openssl/rand.h>


ngx_int_t
ngx_http_usage_rate_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_usage_rate_t  *old = data;

    size_t                  size;
    ngx_slab_pool_t        *shpool;
    ngx_http_usage_rate_t  *rate;

    rate = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    ngx_http_usage_rate_compute(rate);

    rate->shpool = shpool;

    if (old) {
        rate->sh = old->sh;
        rate->reloads = old->reloads + 1;
        return NGX_OK;
    }

    if (shm_zone->shm.exists) {
        rate->sh = shpool->data;
        return NGX_OK;
    }

    size = shpool->pfree * ngx_pagesize;

    rate->sh = ngx_slab_alloc(shpool, size);
    if (rate->sh == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(rate->sh, size);
    shpool->data = rate->sh;

    rate->sh->interval = rate->interval;
    rate->sh->sets = (size - offsetof(ngx_http_usage_buckets_t, buckets))
                     / (NGX_HTTP_USAGE_RATE_WAYS
                        * sizeof(ngx_http_usage_bucket_t));

    if (RAND_bytes(rate->sh->salt, NGX_HTTP_USAGE_KEY_LEN) != 1) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "RAND_bytes() failed for usage_rate zone \"%V\"",
                      &rate->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


u_char *
ngx_http_usage_rate_salt(ngx_http_usage_rate_t *rate)
{
    return rate->sh->salt;
}


uint64_t
ngx_http_usage_rate_lose(ngx_http_usage_rate_t *rate)
{
    uint64_t                   now, since;
    ngx_http_usage_buckets_t  *sh;

    sh = rate->sh;

    ngx_shmtx_lock(&rate->shpool->mutex);

    now = ngx_http_usage_rate_now();

    /* if it wasn't asked for long, others may have been with it meanwhile */

    if (sh->lost == 0 || now > sh->failed + NGX_HTTP_USAGE_RATE_HORIZON) {
        sh->lost = now;
        sh->failed = now;
    }

    since = now > sh->failed ? now - sh->failed : 0;
    sh->failed += since;

    ngx_shmtx_unlock(&rate->shpool->mutex);

    return since;
}


uint64_t
ngx_http_usage_rate_lost(ngx_http_usage_rate_t *rate)
{
    return rate->sh->lost;
}


uint64_t
ngx_http_usage_rate_regain(ngx_http_usage_rate_t *rate)
{
    uint64_t  now, since;

    ngx_shmtx_lock(&rate->shpool->mutex);

    now = ngx_http_usage_rate_now();

    since = rate->sh->lost && now > rate->sh->failed ? now - rate->sh->failed
                                                     : 0;
    rate->sh->lost = 0;

    ngx_shmtx_unlock(&rate->shpool->mutex);

    return since;
}


void
ngx_http_usage_rate_born(ngx_http_usage_rate_t *rate, u_char *born)
{
    ngx_shmtx_lock(&rate->shpool->mutex);
    ngx_memcpy(born, rate->sh->born, NGX_HTTP_USAGE_RATE_BORN);
    ngx_shmtx_unlock(&rate->shpool->mutex);
}


void
ngx_http_usage_rate_set_born(ngx_http_usage_rate_t *rate, u_char *born)
{
    ngx_shmtx_lock(&rate->shpool->mutex);
    ngx_memcpy(rate->sh->born, born, NGX_HTTP_USAGE_RATE_BORN);
    ngx_shmtx_unlock(&rate->shpool->mutex);
}
