/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The days that gateways share in Redis: a second level below the day store.
 * Private to the planner.
 */

#ifndef NGX_HTTP_USAGE_SHARED_H
#define NGX_HTTP_USAGE_SHARED_H

#include "planner/ngx_http_usage_planner.h"
#include "share/ngx_http_usage_share.h"
#include "store/ngx_http_usage_store.h"


/* bytes of the random token by which a gateway knows its own lock */
#define NGX_HTTP_USAGE_LOCK_TOKEN  16


/*
 * Whether this gateway fetches for all.
 */
typedef enum {
    NGX_HTTP_USAGE_LOCK_FREE = 0, /* nobody was asked yet */
    NGX_HTTP_USAGE_LOCK_ASKED,
    NGX_HTTP_USAGE_LOCK_OWN,      /* it does */
    NGX_HTTP_USAGE_LOCK_OTHERS,   /* another one does */
    NGX_HTTP_USAGE_LOCK_NONE      /* each for itself: Redis doesn't answer */
} ngx_http_usage_lock_t;


struct ngx_http_usage_sharing_s {
    u_char                           key[NGX_HTTP_USAGE_KEY_LEN]; /* caller's */
    time_t                           life;     /* of an entry, in seconds */
    void                           (*go)(ngx_http_usage_ctx_t *ctx);

    /* what is read */
    uint64_t                         unread;   /* bits: days to read */
    ngx_uint_t                       reads;    /* under way */
    ngx_uint_t                       taken;    /* days that Redis had */
    unsigned                         looked:1; /* no day is to be read now */
    unsigned                         firsts:1; /* only the first is read */
    unsigned                         hit:1;    /* and it was there */
    unsigned                         waited:1; /* for another gateway */

    /* who fetches */
    char                             name[USAGE_SEAL_NAME]; /* of the lock */
    u_char                           token[NGX_HTTP_USAGE_LOCK_TOKEN];
    ngx_http_usage_lock_t            lock;
    ngx_msec_t                       free_since; /* when it was seen free */
    unsigned                         freed:1;  /* it was */
    unsigned                         looks:1;  /* that is all that is asked */
    ngx_event_t                      timer;    /* to renew it, or look again */
};


/* ngx_http_usage_shared.c: whose days they are */

/*
 * Creates ctx->planner->shared, as days are missing.  go is called when what the
 * request waits for may be in the store.  NGX_ERROR: an internal error.
 */
ngx_int_t ngx_http_usage_shared_open(ngx_http_usage_ctx_t *ctx,
    void (*go)(ngx_http_usage_ctx_t *ctx));

/* Sets the name of a day's entry.  NGX_ERROR: libcrypto failed. */
ngx_int_t ngx_http_usage_shared_name(ngx_http_usage_ctx_t *ctx,
    usage_day_t day, char *name);

/* Counts in which level the days were found that the reply didn't fetch. */
void ngx_http_usage_shared_count(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_shared_read.c */

/*
 * Returns the days that the day store lacks and that are final: a bit for each
 * day of the request.  Others are never shared.
 */
uint64_t ngx_http_usage_shared_missing(ngx_http_usage_ctx_t *ctx);

/*
 * Reads the missing days that are final.  NGX_AGAIN: go() is called when what
 * there is of them is in the day store.  NGX_DECLINED: there is nothing to be
 * read.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_shared_read(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_shared_write.c */

/*
 * Writes the plan's days that are whole and final, a few at a time.  NGX_AGAIN:
 * the request is woken when they are written.  NGX_OK: all are.
 */
ngx_int_t ngx_http_usage_shared_write(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_shared_lock.c: one fetch for all gateways */

/*
 * Finds out who fetches.  NGX_OK: this gateway.  NGX_AGAIN: that isn't known yet,
 * or another one does; go() is called when it is time to look again.  NGX_ERROR:
 * memory is out.
 */
ngx_int_t ngx_http_usage_shared_lead(ngx_http_usage_ctx_t *ctx);

/* Lets other gateways fetch. */
void ngx_http_usage_shared_release(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_SHARED_H */
