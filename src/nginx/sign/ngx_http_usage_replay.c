/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_replay: a signature is good for one request.  In: a signature that
 * verified, and its request.  Out: if another request had it.  All workers
 * remember it until its X-Sdk-Date is too old.
 *
 * The zone is one table from the beginning: nothing is allocated, there are no
 * pointers.  If a worker is killed while it writes an entry, that one is lost.
 */

#include "sign/ngx_http_usage_sign.h"


/* hexadecimal digits of a signature, and of $request_id: 128 bits */
#define NGX_HTTP_USAGE_REPLAY_KEY   32

/* entries of a set */
#define NGX_HTTP_USAGE_REPLAY_WAYS  32


typedef struct {
    u_char                         key[NGX_HTTP_USAGE_REPLAY_KEY];
    u_char                         request[NGX_HTTP_USAGE_REPLAY_KEY];
    time_t                         until;  /* 0: the entry isn't used */
} ngx_http_usage_replay_entry_t;


typedef struct {
    ngx_uint_t                     sets;   /* of NGX_HTTP_USAGE_REPLAY_WAYS */
    ngx_http_usage_replay_entry_t  entries[1];
} ngx_http_usage_replay_table_t;


struct ngx_http_usage_replay_s {
    ngx_http_usage_replay_table_t  *sh;
    ngx_slab_pool_t                *shpool;
    ngx_shm_zone_t                 *zone;
};


static ngx_http_usage_replay_t *ngx_http_usage_replay_zone(ngx_conf_t *cf,
    ngx_str_t *value);
static ngx_int_t ngx_http_usage_replay_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_usage_replay_request(ngx_http_request_t *r,
    u_char *request);
static ngx_int_t ngx_http_usage_replay_add(ngx_http_usage_replay_t *replay,
    ngx_http_usage_replay_entry_t *entry);


/* nginx tells zones of usage_replay from others by this variable's address */

static ngx_uint_t  ngx_http_usage_replay_tag;


char *
ngx_http_usage_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_usage_loc_conf_t *ulcf = conf;

    ngx_str_t  *value;

    if (ulcf->replay != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ulcf->replay = NULL;
        return NGX_CONF_OK;
    }

    ulcf->replay = ngx_http_usage_replay_zone(cf, &value[1]);

    return ulcf->replay ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/*
 * Finds or adds the zone of "zone=name:size", or of "zone=name" if another
 * directive tells the size.  NULL: an error, which is logged.
 */

static ngx_http_usage_replay_t *
ngx_http_usage_replay_zone(ngx_conf_t *cf, ngx_str_t *value)
{
    ssize_t                   size;
    ngx_str_t                 name, text;
    ngx_shm_zone_t           *shm_zone;
    ngx_http_usage_replay_t  *replay;

    if (ngx_strncmp(value->data, "zone=", 5) != 0) {
        goto invalid;
    }

    size = ngx_http_usage_zone_value(value, &name, &text);

    if (name.len == 0
        || (text.data && size < (ssize_t) (8 * ngx_pagesize)))
    {
        goto invalid;
    }

    shm_zone = ngx_shared_memory_add(cf, &name, size,
                                     &ngx_http_usage_replay_tag);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data == NULL) {
        replay = ngx_pcalloc(cf->pool, sizeof(ngx_http_usage_replay_t));
        if (replay == NULL) {
            return NULL;
        }

        replay->zone = shm_zone;
        shm_zone->data = replay;
        shm_zone->init = ngx_http_usage_replay_init_zone;
    }

    return shm_zone->data;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\", it must be \"zone=name:size\" "
                       "with a size of at least %uz, \"zone=name\" of one that "
                       "another line defines, or \"off\"", value,
                       8 * ngx_pagesize);

    return NULL;
}


static ngx_int_t
ngx_http_usage_replay_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_usage_replay_t  *old = data;

    size_t                    size;
    ngx_slab_pool_t          *shpool;
    ngx_http_usage_replay_t  *replay;

    replay = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    replay->shpool = shpool;

    if (old) {
        replay->sh = old->sh;
        return NGX_OK;
    }

    if (shm_zone->shm.exists) {
        replay->sh = shpool->data;
        return NGX_OK;
    }

    size = shpool->pfree * ngx_pagesize;

    replay->sh = ngx_slab_alloc(shpool, size);
    if (replay->sh == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(replay->sh, size);
    shpool->data = replay->sh;

    replay->sh->sets = (size - offsetof(ngx_http_usage_replay_table_t,
                                        entries))
                       / (NGX_HTTP_USAGE_REPLAY_WAYS
                          * sizeof(ngx_http_usage_replay_entry_t));

    return NGX_OK;
}


ngx_int_t
ngx_http_usage_replay_check(ngx_http_usage_ctx_t *ctx,
    usage_signature_t *signature)
{
    int64_t                        date;
    ngx_int_t                      rc;
    ngx_http_usage_replay_entry_t  entry;

    if (!usage_sign_date_parse(signature->date, &date)
        || ngx_http_usage_replay_request(ctx->request, entry.request)
           != NGX_OK)
    {
        (void) usage_error(&ctx->error, NGX_HTTP_INTERNAL_SERVER_ERROR,
                           "the signature could not be remembered");
        return NGX_ERROR;
    }

    ngx_memcpy(entry.key, signature->value.data, NGX_HTTP_USAGE_REPLAY_KEY);

    /* one second more, as the workers' clocks differ by less than that */

    entry.until = date + ctx->conf->clock_skew + 1;

    rc = ngx_http_usage_replay_add(ctx->conf->replay, &entry);

    if (rc == NGX_BUSY) {
        (void) usage_error(&ctx->error, NGX_HTTP_UNAUTHORIZED,
                           "this very signature came with another request "
                           "before: a request that is made again has to be "
                           "signed anew");

    } else if (rc != NGX_OK) {
        (void) usage_error(&ctx->error, NGX_HTTP_SERVICE_UNAVAILABLE,
                           "the zone \"%.*s\" of usage_replay has no room for "
                           "a signature: it has to be larger, or "
                           "usage_clock_skew shorter",
                           (int) ctx->conf->replay->zone->shm.name.len,
                           ctx->conf->replay->zone->shm.name.data);
    }

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


/*
 * Reads $request_id.  One request may come here several times, by error_page or
 * as the subrequest of a mirror: its $request_id stays the same.
 */

static ngx_int_t
ngx_http_usage_replay_request(ngx_http_request_t *r, u_char *request)
{
    ngx_str_t  id;

    if (ngx_http_usage_own_request_id(r, &id) != NGX_OK
        || id.len != NGX_HTTP_USAGE_REPLAY_KEY)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(request, id.data, NGX_HTTP_USAGE_REPLAY_KEY);

    return NGX_OK;
}


/*
 * Adds an entry.  NGX_BUSY: another request had the signature.  NGX_DECLINED:
 * its set is full of entries that are still needed.
 */

static ngx_int_t
ngx_http_usage_replay_add(ngx_http_usage_replay_t *replay,
    ngx_http_usage_replay_entry_t *entry)
{
    time_t                          now;
    uint32_t                        hash;
    ngx_int_t                       rc;
    ngx_uint_t                      i;
    ngx_http_usage_replay_entry_t  *set, *room;

    now = ngx_time();
    hash = ngx_crc32_short(entry->key, NGX_HTTP_USAGE_REPLAY_KEY);
    set = &replay->sh->entries[hash % replay->sh->sets
                               * NGX_HTTP_USAGE_REPLAY_WAYS];
    room = NULL;
    rc = NGX_DECLINED;

    ngx_shmtx_lock(&replay->shpool->mutex);

    for (i = 0; i < NGX_HTTP_USAGE_REPLAY_WAYS; i++) {

        if (set[i].until < now) {
            room = &set[i];
            continue;
        }

        if (ngx_memcmp(set[i].key, entry->key, NGX_HTTP_USAGE_REPLAY_KEY)
            == 0)
        {
            rc = ngx_memcmp(set[i].request, entry->request,
                            NGX_HTTP_USAGE_REPLAY_KEY)
                 == 0 ? NGX_OK : NGX_BUSY;
            goto done;
        }
    }

    if (room) {
        *room = *entry;
        rc = NGX_OK;
    }

done:

    ngx_shmtx_unlock(&replay->shpool->mutex);

    return rc;
}
