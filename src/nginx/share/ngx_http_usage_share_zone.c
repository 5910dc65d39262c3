/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all workers know of Redis, and what they count.  In: operations that are
 * over, and what others found out.  Out: whether Redis is to be asked (the
 * breaker), and the figures of usage_status.
 *
 * Each word changes in one step of the processor.  So no lock is needed, and a
 * worker that is killed leaves nothing unfinished.  In the zone, nothing is
 * ever freed: there is one entry for each URI that a configuration had.
 */

#include "share/ngx_http_usage_share.h"


/* pages of the zone */
#define NGX_HTTP_USAGE_SHARE_PAGES  16

/* milliseconds for which nothing is sent to a Redis that failed */
#define NGX_HTTP_USAGE_SHARE_PAUSE  2000


static ngx_int_t ngx_http_usage_share_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_usage_share_peer_t *ngx_http_usage_share_peer(
    ngx_http_usage_shared_sh_t *sh, ngx_slab_pool_t *shpool, ngx_str_t *uri);
static ngx_http_usage_share_counts_t *ngx_http_usage_share_counts(
    ngx_http_usage_ctx_t *ctx);


/* nginx tells this zone from others by this variable's address */

static ngx_uint_t  ngx_http_usage_share_tag;


ngx_int_t
ngx_http_usage_share_zone(ngx_conf_t *cf, ngx_http_usage_share_t *share)
{
    static ngx_str_t  name = ngx_string("usage_share");

    ngx_shm_zone_t               *shm_zone;
    ngx_http_usage_share_t      **added;
    ngx_http_usage_shared_t      *shared;
    ngx_http_usage_main_conf_t   *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);
    shared = umcf->shared;

    if (shared == NULL) {
        shared = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_shared_t));

        if (shared == NULL
            || ngx_array_init(&shared->shares, cf->pool, 2, sizeof(void *))
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        shm_zone = ngx_shared_memory_add(cf, &name,
                                         NGX_HTTP_USAGE_SHARE_PAGES
                                         * ngx_pagesize,
                                         &ngx_http_usage_share_tag);
        if (shm_zone == NULL) {
            return NGX_ERROR;
        }

        shm_zone->init = ngx_http_usage_share_init_zone;
        shm_zone->data = shared;
        umcf->shared = shared;
    }

    added = ngx_array_push(&shared->shares);
    if (added == NULL) {
        return NGX_ERROR;
    }

    *added = share;
    share->shared = shared;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_share_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_uint_t                 i;
    ngx_slab_pool_t           *shpool;
    ngx_http_usage_share_t   **share;
    ngx_http_usage_shared_t   *shared;

    shared = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data == NULL && !shm_zone->shm.exists) {
        shpool->data = ngx_slab_calloc(shpool,
                                       sizeof(ngx_http_usage_shared_sh_t));
        if (shpool->data == NULL) {
            return NGX_ERROR;
        }
    }

    shared->sh = shpool->data;
    share = shared->shares.elts;

    for (i = 0; i < shared->shares.nelts; i++) {
        share[i]->peer = ngx_http_usage_share_peer(shared->sh, shpool,
                                                   &share[i]->uri);
        if (share[i]->peer == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Finds the entry of a URI, or adds it.  NULL: memory is out.
 */

static ngx_http_usage_share_peer_t *
ngx_http_usage_share_peer(ngx_http_usage_shared_sh_t *sh,
    ngx_slab_pool_t *shpool, ngx_str_t *uri)
{
    ngx_http_usage_share_peer_t  *peer;

    for (peer = sh->peers; peer; peer = peer->next) {

        if (peer->len == uri->len
            && ngx_memcmp(peer->uri, uri->data, uri->len) == 0)
        {
            return peer;
        }
    }

    peer = ngx_slab_calloc(shpool, offsetof(ngx_http_usage_share_peer_t, uri)
                                   + uri->len);
    if (peer == NULL) {
        return NULL;
    }

    ngx_memcpy(peer->uri, uri->data, uri->len);
    peer->len = uri->len;
    peer->next = sh->peers;
    sh->peers = peer;

    return peer;
}


/*
 * Once the pause is over, who puts a new pause in its place is the probe.
 */

ngx_uint_t
ngx_http_usage_share_open(ngx_http_usage_share_peer_t *peer, ngx_uint_t *probe)
{
    ngx_atomic_uint_t  until;

    *probe = 0;
    until = peer->closed_until;

    if (until == 0) {
        return 1;
    }

    if ((ngx_msec_int_t) (until - ngx_current_msec) > 0) {
        return 0;
    }

    *probe = ngx_atomic_cmp_set(&peer->closed_until, until,
                                ngx_current_msec + NGX_HTTP_USAGE_SHARE_PAUSE);
    return *probe;
}


void
ngx_http_usage_share_settle(ngx_http_usage_op_t *op)
{
    ngx_http_usage_share_peer_t    *peer;
    ngx_http_usage_share_counts_t  *counts;

    counts = ngx_http_usage_share_counts(op->fetch.ctx);
    peer = op->fetch.ctx->conf->share->peer;

    (void) ngx_atomic_fetch_add(&counts->operations[op->kind][op->outcome], 1);
    (void) ngx_atomic_fetch_add(&counts->operation_ms[op->kind],
                                ngx_current_msec - op->started);

    if (op->starved) {
        ngx_http_usage_share_leave(op);
        return;
    }

    switch (op->outcome) {

    case NGX_HTTP_USAGE_SHARE_SKIPPED:
        break;

    case NGX_HTTP_USAGE_SHARE_FAILED:
    case NGX_HTTP_USAGE_SHARE_TIMED_OUT:
        peer->closed_until = ngx_current_msec + NGX_HTTP_USAGE_SHARE_PAUSE;
        break;

    default: /* DONE, REFUSED */

        /* others may have been sent before Redis went: they prove nothing */

        if (op->probe) {
            peer->closed_until = 0;
        }
    }
}


void
ngx_http_usage_share_leave(ngx_http_usage_op_t *op)
{
    if (op->probe) {
        op->fetch.ctx->conf->share->peer->closed_until = ngx_current_msec;
    }
}


ngx_uint_t
ngx_http_usage_share_up(ngx_http_usage_share_peer_t *peer)
{
    return peer->closed_until == 0;
}


void
ngx_http_usage_share_rejected(ngx_http_usage_ctx_t *ctx, const char *why)
{
    ngx_http_usage_share_t  *share;

    share = ctx->conf->share;

    (void) ngx_atomic_fetch_add(&share->shared->sh->counts.rejected, 1);

    if (ngx_http_usage_share_may_log(share->peer,
                                     NGX_HTTP_USAGE_SHARE_REJECTED))
    {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "usage: a value of Redis at \"%V\" is not used: %s",
                      &share->uri, why);
    }
}


void
ngx_http_usage_share_clock(ngx_http_usage_ctx_t *ctx, int64_t us)
{
    us = us < 0 ? -us : us;

    ngx_http_usage_share_counts(ctx)->clock_ms = (ngx_atomic_uint_t)
                                                 (us / 1000);
}


void
ngx_http_usage_share_degraded(ngx_http_usage_ctx_t *ctx, ngx_msec_t ms)
{
    (void) ngx_atomic_fetch_add(&ngx_http_usage_share_counts(ctx)->degraded_ms,
                                ms);
}


void
ngx_http_usage_share_hits(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_level_t level, ngx_uint_t n)
{
    (void) ngx_atomic_fetch_add(&ngx_http_usage_share_counts(ctx)->hits[level],
                                n);
}


static ngx_http_usage_share_counts_t *
ngx_http_usage_share_counts(ngx_http_usage_ctx_t *ctx)
{
    return &ctx->conf->share->shared->sh->counts;
}
