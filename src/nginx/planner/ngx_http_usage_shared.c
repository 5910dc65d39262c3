/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whose days a request shares with other gateways.  In: its caller.  Out: the
 * names of entries in Redis, which tell nothing of the caller, and how long an
 * entry lives.
 */

#include "planner/ngx_http_usage_shared.h"

#include <openssl/rand.h>


/* seconds that an entry lives: a token is good for a day, an access key stays */
#define NGX_HTTP_USAGE_SHARED_LIFE        (30 * 86400)
#define NGX_HTTP_USAGE_SHARED_TOKEN_LIFE  (25 * 3600)


static ngx_int_t ngx_http_usage_shared_named(ngx_http_usage_ctx_t *ctx,
    const char *what, int64_t *numbers, ngx_uint_t n, char *name);


ngx_int_t
ngx_http_usage_shared_open(ngx_http_usage_ctx_t *ctx,
    void (*go)(ngx_http_usage_ctx_t *ctx))
{
    u_char                    random[NGX_HTTP_USAGE_LOCK_TOKEN / 2];
    int64_t                   range[2];
    ngx_int_t                 rc;
    ngx_http_usage_sharing_t  *shared;

    shared = ngx_pcalloc(ctx->request->pool, sizeof(ngx_http_usage_sharing_t));
    if (shared == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_usage_key(ctx, NGX_HTTP_USAGE_SCOPE_SHARED,
                            ctx->conf->store_key, ctx->conf->share->seal.names,
                            shared->key);

    if (rc == NGX_ERROR || RAND_bytes(random, sizeof(random)) != 1) {
        return NGX_ERROR;
    }

    shared->go = go;

    (void) ngx_hex_dump(shared->token, random, sizeof(random));

    shared->life = ctx->caller.credential || ctx->conf->store_key
                   ? NGX_HTTP_USAGE_SHARED_LIFE
                   : NGX_HTTP_USAGE_SHARED_TOKEN_LIFE;

    ctx->planner->shared = shared;

    range[0] = ctx->inbound.request.first;
    range[1] = (int64_t) ctx->lookup->past;

    return ngx_http_usage_shared_named(ctx, "lock", range, 2, shared->name);
}


ngx_int_t
ngx_http_usage_shared_name(ngx_http_usage_ctx_t *ctx, usage_day_t day,
    char *name)
{
    int64_t  number;

    number = day;

    return ngx_http_usage_shared_named(ctx, "day", &number, 1, name);
}


/*
 * A day that was taken, and had to go for another one, is fetched.
 */

void
ngx_http_usage_shared_count(ngx_http_usage_ctx_t *ctx)
{
    ngx_uint_t  shared;

    shared = ctx->planner->shared
             ? ngx_min(ctx->planner->shared->taken, ctx->answer.stored) : 0;

    ngx_http_usage_share_hits(ctx, NGX_HTTP_USAGE_SHARE_REDIS, shared);
    ngx_http_usage_share_hits(ctx, NGX_HTTP_USAGE_SHARE_MEMORY,
                              ctx->answer.stored - shared);
}


/*
 * The name of an entry of this caller, with further numbers.
 */

static ngx_int_t
ngx_http_usage_shared_named(ngx_http_usage_ctx_t *ctx, const char *what,
    int64_t *numbers, ngx_uint_t n, char *name)
{
    u_char       text[2 * (NGX_INT64_LEN + 1)], *p;
    ngx_uint_t   i;
    usage_str_t  parts[2];

    p = text;

    for (i = 0; i < n; i++) {
        p = ngx_sprintf(p, "%L ", numbers[i]);
    }

    parts[0].data = (char *) ctx->planner->shared->key;
    parts[0].len = NGX_HTTP_USAGE_KEY_LEN;
    parts[1].data = (char *) text;
    parts[1].len = p - text;

    return usage_seal_name(&ctx->conf->share->seal, what, parts, 2, name)
           == USAGE_OK
           ? NGX_OK : NGX_ERROR;
}
