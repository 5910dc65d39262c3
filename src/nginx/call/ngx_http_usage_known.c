/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What all workers know of credentials: which ones the service took lately, and
 * which ones it refused a moment ago.
 *
 * If a credential isn't known to be good, its request begins with one upstream
 * call alone.  So a bogus one costs one call, and then none for some seconds.
 *
 * The zone is two tables from the beginning: nothing is allocated, there are no
 * pointers.  An entry that a worker was killed over counts as not used.
 */

#include "call/ngx_http_usage_call.h"

#include <openssl/rand.h>


#define NGX_HTTP_USAGE_KNOWN_SIZE     (512 * 1024)
#define NGX_HTTP_USAGE_KNOWN_WAYS     8

/* sets of so many entries, in each of the tables */
#define NGX_HTTP_USAGE_KNOWN_GOOD     1024
#define NGX_HTTP_USAGE_KNOWN_REFUSED  32

/* milliseconds that it is remembered */
#define NGX_HTTP_USAGE_KNOWN_GOOD_FOR     (10 * 60 * 1000)
#define NGX_HTTP_USAGE_KNOWN_REFUSED_FOR  (5 * 1000)

/* the largest reply that is remembered as it came */
#define NGX_HTTP_USAGE_KNOWN_BODY     480


typedef struct {
    uint64_t                          key[2];
    ngx_msec_t                        until; /* behind: not used */
} ngx_http_usage_known_entry_t;


/*
 * What a credential is good for.
 */
typedef struct {
    ngx_http_usage_known_entry_t      entry;
    ngx_uint_t                        domain; /* whether the service knows the
                                               * filter by domain */
} ngx_http_usage_good_t;


/*
 * The reply of the service that refused a credential, in the form of its
 * errors; empty: it hadn't that, or was too large.
 */
typedef struct {
    ngx_http_usage_known_entry_t      entry;
    size_t                            len;
    u_char                            body[NGX_HTTP_USAGE_KNOWN_BODY];
} ngx_http_usage_refused_t;


typedef struct {
    u_char                            salt[NGX_HTTP_USAGE_KEY_LEN];
    ngx_http_usage_good_t             good[NGX_HTTP_USAGE_KNOWN_GOOD
                                           * NGX_HTTP_USAGE_KNOWN_WAYS];
    ngx_http_usage_refused_t          refused[NGX_HTTP_USAGE_KNOWN_REFUSED
                                              * NGX_HTTP_USAGE_KNOWN_WAYS];
} ngx_http_usage_known_sh_t;


struct ngx_http_usage_known_s {
    ngx_http_usage_known_sh_t        *sh;
    ngx_slab_pool_t                  *shpool;
};


static ngx_int_t ngx_http_usage_known_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_usage_known_t *ngx_http_usage_known(ngx_http_usage_ctx_t *ctx);
static ngx_http_usage_known_entry_t *ngx_http_usage_known_good(
    ngx_http_usage_ctx_t *ctx, ngx_uint_t create);
static ngx_http_usage_known_entry_t *ngx_http_usage_known_bad(
    ngx_http_usage_ctx_t *ctx, usage_call_api_t api, ngx_uint_t create);
static ngx_http_usage_known_entry_t *ngx_http_usage_known_find(u_char *set,
    size_t size, uint64_t *key, ngx_uint_t create);
static ngx_uint_t ngx_http_usage_known_valid(
    ngx_http_usage_known_entry_t *entry);


/* the zone is told from others by its address */

static ngx_uint_t  ngx_http_usage_known_tag;


ngx_int_t
ngx_http_usage_known_zone(ngx_conf_t *cf)
{
    static ngx_str_t  name = ngx_string("usage_known");

    ngx_shm_zone_t              *shm_zone;
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_usage_module);

    if (umcf->known) {
        return NGX_OK;
    }

    umcf->known = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_known_t));
    if (umcf->known == NULL) {
        return NGX_ERROR;
    }

    shm_zone = ngx_shared_memory_add(cf, &name, NGX_HTTP_USAGE_KNOWN_SIZE,
                                     &ngx_http_usage_known_tag);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = ngx_http_usage_known_init_zone;
    shm_zone->data = umcf->known;

    return NGX_OK;
}


static ngx_int_t
ngx_http_usage_known_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t         *shpool;
    ngx_http_usage_known_t  *known;

    known = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    known->shpool = shpool;

    if (data || shm_zone->shm.exists) {
        known->sh = shpool->data;
        return NGX_OK;
    }

    known->sh = ngx_slab_calloc(shpool, sizeof(ngx_http_usage_known_sh_t));

    if (known->sh == NULL
        || RAND_bytes(known->sh->salt, NGX_HTTP_USAGE_KEY_LEN) != 1)
    {
        return NGX_ERROR;
    }

    shpool->data = known->sh;

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_known_open(ngx_http_usage_ctx_t *ctx)
{
    u_char                         key[NGX_HTTP_USAGE_KEY_LEN];
    ngx_http_usage_known_t        *known;
    ngx_http_usage_known_entry_t  *entry;

    known = ngx_http_usage_known(ctx);

    if (ngx_http_usage_key(ctx, NGX_HTTP_USAGE_SCOPE_DATA, NULL,
                           known->sh->salt, key)
        == NGX_ERROR)
    {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the caller's key could not be made");
        return NGX_ERROR;
    }

    ngx_memcpy(ctx->caller.key, key, sizeof(ctx->caller.key));

    ngx_shmtx_lock(&known->shpool->mutex);

    entry = ngx_http_usage_known_good(ctx, 0);
    ctx->caller.trusted = ngx_http_usage_known_valid(entry);

    if (ctx->caller.trusted) {
        ctx->caller.domain = ((ngx_http_usage_good_t *) entry)->domain;
    }

    ngx_shmtx_unlock(&known->shpool->mutex);

    return NGX_OK;
}


void
ngx_http_usage_known_set(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_known_t        *known;
    ngx_http_usage_known_entry_t  *entry;

    known = ngx_http_usage_known(ctx);

    ngx_shmtx_lock(&known->shpool->mutex);

    entry = ngx_http_usage_known_good(ctx, 1);
    ((ngx_http_usage_good_t *) entry)->domain = ctx->caller.domain;
    entry->until = ngx_current_msec + NGX_HTTP_USAGE_KNOWN_GOOD_FOR;

    ngx_shmtx_unlock(&known->shpool->mutex);
}


void
ngx_http_usage_known_learn(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_known_t        *known;
    ngx_http_usage_known_entry_t  *entry;

    known = ngx_http_usage_known(ctx);

    ngx_shmtx_lock(&known->shpool->mutex);

    entry = ngx_http_usage_known_good(ctx, 0);

    if (ngx_http_usage_known_valid(entry)) {
        ((ngx_http_usage_good_t *) entry)->domain = ctx->caller.domain;
    }

    ngx_shmtx_unlock(&known->shpool->mutex);
}


void
ngx_http_usage_known_refuse(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_uint_t passed)
{
    ngx_http_usage_known_t        *known;
    ngx_http_usage_refused_t      *refused;
    ngx_http_usage_known_entry_t  *entry;

    /* what the operator's location answers itself, the service didn't */

    if (fetch->own || fetch->cached || fetch->request->upstream == NULL
        || (fetch->status != NGX_HTTP_UNAUTHORIZED
            && fetch->status != NGX_HTTP_FORBIDDEN))
    {
        return;
    }

    known = ngx_http_usage_known(ctx);

    ngx_shmtx_lock(&known->shpool->mutex);

    entry = ngx_http_usage_known_good(ctx, 0);

    if (entry) {
        entry->until = ngx_current_msec;
    }

    if (fetch->status == NGX_HTTP_UNAUTHORIZED) {
        entry = ngx_http_usage_known_bad(ctx, fetch->call.api, 1);
        refused = (ngx_http_usage_refused_t *) entry;

        entry->until = ngx_current_msec;
        refused->len = 0;

        if (passed && fetch->body.len <= NGX_HTTP_USAGE_KNOWN_BODY) {
            ngx_memcpy(refused->body, fetch->body.data, fetch->body.len);
            refused->len = fetch->body.len;
        }

        entry->until = ngx_current_msec + NGX_HTTP_USAGE_KNOWN_REFUSED_FOR;
    }

    ngx_shmtx_unlock(&known->shpool->mutex);
}


ngx_uint_t
ngx_http_usage_known_refused(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_str_t *body)
{
    u_char                         data[NGX_HTTP_USAGE_KNOWN_BODY];
    ngx_uint_t                     rc;
    ngx_http_usage_known_t        *known;
    ngx_http_usage_refused_t      *refused;
    ngx_http_usage_known_entry_t  *entry;

    rc = 0;
    known = ngx_http_usage_known(ctx);
    ngx_str_null(body);

    ngx_shmtx_lock(&known->shpool->mutex);

    entry = ngx_http_usage_known_bad(ctx, api, 0);

    if (ngx_http_usage_known_valid(entry)) {
        rc = 1;
        refused = (ngx_http_usage_refused_t *) entry;
        body->len = refused->len;
        body->data = data;
        ngx_memcpy(data, refused->body, refused->len);
    }

    ngx_shmtx_unlock(&known->shpool->mutex);

    if (body->len) {
        body->data = ngx_pstrdup(ctx->request->pool, body);

        if (body->data == NULL) {
            body->len = 0;
        }
    }

    return rc;
}


static ngx_http_usage_known_t *
ngx_http_usage_known(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_usage_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(ctx->request, ngx_http_usage_module);

    return umcf->known;
}


static ngx_http_usage_known_entry_t *
ngx_http_usage_known_good(ngx_http_usage_ctx_t *ctx, ngx_uint_t create)
{
    ngx_uint_t                  set;
    ngx_http_usage_known_sh_t  *sh;

    sh = ngx_http_usage_known(ctx)->sh;
    set = ctx->caller.key[0] % NGX_HTTP_USAGE_KNOWN_GOOD;

    return ngx_http_usage_known_find(
               (u_char *) &sh->good[set * NGX_HTTP_USAGE_KNOWN_WAYS],
               sizeof(ngx_http_usage_good_t), ctx->caller.key,
               create);
}


/*
 * One API may refuse whom another takes.
 */

static ngx_http_usage_known_entry_t *
ngx_http_usage_known_bad(ngx_http_usage_ctx_t *ctx, usage_call_api_t api,
    ngx_uint_t create)
{
    uint64_t                    key[2];
    ngx_uint_t                  set;
    ngx_http_usage_known_sh_t  *sh;

    sh = ngx_http_usage_known(ctx)->sh;

    key[0] = ctx->caller.key[0] ^ api;
    key[1] = ctx->caller.key[1];
    set = key[0] % NGX_HTTP_USAGE_KNOWN_REFUSED;

    return ngx_http_usage_known_find(
               (u_char *) &sh->refused[set * NGX_HTTP_USAGE_KNOWN_WAYS],
               sizeof(ngx_http_usage_refused_t), key, create);
}


/*
 * The entry of a key in its set, or NULL.  One that is created takes the place
 * of what is to be forgotten soonest, and counts as not used.
 */

static ngx_http_usage_known_entry_t *
ngx_http_usage_known_find(u_char *set, size_t size, uint64_t *key,
    ngx_uint_t create)
{
    ngx_uint_t                     i;
    ngx_http_usage_known_entry_t  *entry, *oldest;

    oldest = (ngx_http_usage_known_entry_t *) set;

    for (i = 0; i < NGX_HTTP_USAGE_KNOWN_WAYS; i++) {
        entry = (ngx_http_usage_known_entry_t *) (set + i * size);

        if (entry->key[0] == key[0] && entry->key[1] == key[1]) {
            return entry;
        }

        if ((ngx_msec_int_t) (entry->until - oldest->until) < 0) {
            oldest = entry;
        }
    }

    if (!create) {
        return NULL;
    }

    oldest->until = ngx_current_msec;
    oldest->key[0] = key[0];
    oldest->key[1] = key[1];

    return oldest;
}


static ngx_uint_t
ngx_http_usage_known_valid(ngx_http_usage_known_entry_t *entry)
{
    return entry && (ngx_msec_int_t) (entry->until - ngx_current_msec) > 0;
}
