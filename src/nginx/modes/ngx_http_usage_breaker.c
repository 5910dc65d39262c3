/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The circuit breaker of usage_mode's fallback, for all workers.  In: whether a
 * legacy endpoint answered.  Out: whether it is to be asked.
 *
 * The zone is one table from the beginning: nothing is allocated, there are no
 * pointers.  If a worker is killed while it writes an entry, that entry is lost
 * or nobody's, and the endpoint is asked once more.
 */

#include "modes/ngx_http_usage_modes.h"


/*
 * An endpoint that doesn't answer.
 */
typedef struct {
    uint64_t                         upstream[2]; /* as in the location */
    ngx_msec_t                       until;       /* when it isn't asked */
    unsigned                         used:1;
    unsigned                         doubted:1;   /* a probe is under way */
} ngx_http_usage_breaker_entry_t;


typedef struct {
    ngx_uint_t                       count;
    ngx_http_usage_breaker_entry_t   entries[1];
} ngx_http_usage_breaker_table_t;


struct ngx_http_usage_breaker_s {
    ngx_http_usage_breaker_table_t  *sh;
    ngx_slab_pool_t                 *shpool;
};


static ngx_int_t ngx_http_usage_breaker_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_usage_breaker_entry_t *ngx_http_usage_breaker_lock(
    ngx_http_usage_ctx_t *ctx, ngx_uint_t create);
static ngx_uint_t ngx_http_usage_breaker_settle(ngx_http_usage_ctx_t *ctx,
    ngx_uint_t answers);
static void ngx_http_usage_breaker_unlock(ngx_http_usage_ctx_t *ctx);


/* nginx tells this zone from others by this variable's address */

static ngx_uint_t  ngx_http_usage_breaker_tag;


ngx_int_t
ngx_http_usage_breaker_zone(ngx_conf_t *cf)
{
    static ngx_str_t  name = ngx_string("usage_fallback");

    ngx_shm_zone_t              *shm_zone;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    if (umcf->breaker) {
        return NGX_OK;
    }

    umcf->breaker = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_breaker_t));
    if (umcf->breaker == NULL) {
        return NGX_ERROR;
    }

    shm_zone = ngx_shared_memory_add(cf, &name, 8 * ngx_pagesize,
                                     &ngx_http_usage_breaker_tag);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_usage_breaker_init_zone;
    shm_zone->data = umcf->breaker;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_breaker_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t                     size;
    ngx_slab_pool_t           *shpool;
    ngx_http_usage_breaker_t  *breaker;

    breaker = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    breaker->shpool = shpool;

    if (data || shm_zone->shm.exists) {
        breaker->sh = shpool->data;
        return NGX_OK;
    }

    size = ngx_pagesize;

    breaker->sh = ngx_slab_calloc(shpool, size);
    if (breaker->sh == NULL) {
        return NGX_ERROR;
    }

    breaker->sh->count = (size - offsetof(ngx_http_usage_breaker_table_t,
                                          entries))
                         / sizeof(ngx_http_usage_breaker_entry_t);
    shpool->data = breaker->sh;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_breaker_ask(ngx_http_usage_ctx_t *ctx, ngx_msec_t time)
{
    ngx_int_t                        rc;
    ngx_msec_t                       longest;
    ngx_msec_int_t                   left;
    ngx_http_usage_breaker_entry_t  *entry;

    rc = NGX_OK;
    entry = ngx_http_usage_breaker_lock(ctx, 0);

    if (entry == NULL || entry->doubted) {
        ngx_http_usage_breaker_unlock(ctx);
        return NGX_OK;
    }

    /* a time from before a reload may be longer than usage_fallback_for */

    longest = ngx_max((ngx_msec_t) ctx->conf->fallback_for * 1000, time);
    left = (ngx_msec_int_t) (entry->until - ngx_current_msec);

    if (left > 0 && (ngx_msec_t) left <= longest) {
        rc = NGX_DECLINED;

    } else {
        entry->until = ngx_current_msec + time;
        ctx->endpoint->half_open = 1;
    }

    ngx_http_usage_breaker_unlock(ctx);

    return rc;
}


ngx_int_t
ngx_http_usage_breaker_doubt(ngx_http_usage_ctx_t *ctx, ngx_msec_t time)
{
    ngx_int_t                        rc;
    ngx_http_usage_breaker_entry_t  *entry;

    if (ctx->conf->fallback_for == 0) {
        return NGX_DECLINED;
    }

    entry = ngx_http_usage_breaker_lock(ctx, 1);

    rc = NGX_OK;

    if (!entry->used) {
        entry->used = 1;
        entry->doubted = 1;

    } else if (!entry->doubted
               || (ngx_msec_int_t) (entry->until - ngx_current_msec) > 0)
    {
        rc = NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        entry->until = ngx_current_msec + time;
    }

    ngx_http_usage_breaker_unlock(ctx);

    return rc;
}


void
ngx_http_usage_breaker_open(ngx_http_usage_ctx_t *ctx, const char *why)
{
    ngx_uint_t                       known;
    ngx_http_usage_breaker_entry_t  *entry;

    if (ctx->conf->fallback_for == 0) {
        return;
    }

    entry = ngx_http_usage_breaker_lock(ctx, 1);

    known = entry->used && !entry->doubted;

    entry->used = 1;
    entry->doubted = 0;
    entry->until = ngx_current_msec
                   + (ngx_msec_t) ctx->conf->fallback_for * 1000;

    ngx_http_usage_breaker_unlock(ctx);

    ctx->endpoint->half_open = 0;

    if (!known) {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "usage: %s; calls are translated, and it is asked again "
                      "each %T s", why, ctx->conf->fallback_for);
    }
}


void
ngx_http_usage_breaker_close(ngx_http_usage_ctx_t *ctx)
{
    if (ngx_http_usage_breaker_settle(ctx, 1)) {
        ngx_log_error(NGX_LOG_NOTICE, ctx->request->connection->log, 0,
                      "usage: the legacy endpoint answers again");
    }
}


void
ngx_http_usage_breaker_leave(ngx_http_usage_ctx_t *ctx)
{
    (void) ngx_http_usage_breaker_settle(ctx, 0);
}


/*
 * Settles what a half-open request, or a probe, was to find out.  If the
 * endpoint answers, its entry is cleared; otherwise another request may ask at
 * once.  All other requests may have been made before the endpoint went, so
 * they prove nothing.  Returns 1 if the request was half-open.
 */

static ngx_uint_t
ngx_http_usage_breaker_settle(ngx_http_usage_ctx_t *ctx, ngx_uint_t answers)
{
    ngx_uint_t                       half_open;
    ngx_http_usage_breaker_entry_t  *entry;

    half_open = ctx->endpoint->half_open;

    if (!half_open && !ctx->endpoint->probe) {
        return 0;
    }

    ctx->endpoint->half_open = 0;
    entry = ngx_http_usage_breaker_lock(ctx, 0);

    if (entry && (half_open || entry->doubted)) {
        if (answers) {
            ngx_memzero(entry, sizeof(ngx_http_usage_breaker_entry_t));

        } else {
            entry->until = ngx_current_msec;
        }
    }

    ngx_http_usage_breaker_unlock(ctx);

    return half_open;
}


/*
 * Locks the zone, and returns the entry of the request's endpoint.  If there is
 * none, returns NULL, or creates one, which isn't used yet.  In a full table,
 * it takes the place of the endpoint that would be asked again first.
 */

static ngx_http_usage_breaker_entry_t *
ngx_http_usage_breaker_lock(ngx_http_usage_ctx_t *ctx, ngx_uint_t create)
{
    size_t                           len;
    uint64_t                        *upstream;
    ngx_uint_t                       i;
    ngx_http_usage_breaker_t        *breaker;
    ngx_http_usage_main_conf_t      *umcf;
    ngx_http_usage_breaker_entry_t  *entry, *other;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);
    breaker = umcf->breaker;

    upstream = ctx->conf->upstream;
    len = sizeof(ctx->conf->upstream);

    ngx_shmtx_lock(&breaker->shpool->mutex);

    other = breaker->sh->entries;

    for (i = 0; i < breaker->sh->count; i++) {
        entry = &breaker->sh->entries[i];

        if (entry->used && ngx_memcmp(entry->upstream, upstream, len) == 0) {
            return entry;
        }

        if (other->used
            && (!entry->used
                || (ngx_msec_int_t) (entry->until - other->until) < 0))
        {
            other = entry;
        }
    }

    if (!create) {
        return NULL;
    }

    other->used = 0;
    ngx_memcpy(other->upstream, upstream, len);

    return other;
}


static void
ngx_http_usage_breaker_unlock(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    ngx_shmtx_unlock(&umcf->breaker->shpool->mutex);
}
