/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The day store: windows of statistics that don't change any more, or not for a
 * while, in shared memory.
 *
 * Windows belong to a partition, of a caller and a project, which nobody else
 * sees.  A partition has each desktop's id once; a window has a cell for each
 * of them.
 *
 * Everything here is under the zone's mutex.  A worker may be killed in the
 * middle of it: nginx unlocks the mutex then, and who gets it next finds that
 * something was being changed, and empties the store.
 */

#ifndef NGX_HTTP_USAGE_STORE_H
#define NGX_HTTP_USAGE_STORE_H

#include "base/ngx_http_usage.h"

#include "cover/usage_cover.h"
#include "plan/usage_plan.h"


/*
 * A desktop's id.
 */
typedef struct {
    size_t                          len;
    u_char                          data[1];
} ngx_http_usage_id_t;


typedef struct {
    ngx_queue_t                     queue;    /* of a bucket */
    size_t                          size;     /* of it, ids and windows */
    u_char                          key[NGX_HTTP_USAGE_KEY_LEN];
    ngx_http_usage_id_t           **ids;      /* a cell in each window */
    uint32_t                       *order;    /* of the ids, by their bytes */
    uint32_t                        ids_count;
    uint32_t                        sorted_count; /* in order; later: all */
    uint32_t                        ids_room;
    uint32_t                        unknown;  /* ids, when they were added */
    struct ngx_http_usage_window_s **windows; /* by first, then by last */
    uint32_t                        windows_count;
    uint32_t                        windows_room;
    ngx_queue_t                     used;     /* windows, latest used first */
    ngx_queue_t                     flights;
    ngx_uint_t                      busy;     /* something is added to it */
} ngx_http_usage_partition_t;


/*
 * The statistics of desktops for some days.  What it covers lies behind it.
 */
typedef struct ngx_http_usage_window_s  ngx_http_usage_window_t;

struct ngx_http_usage_window_s {
    ngx_queue_t                     queue;    /* of all, latest used first */
    ngx_queue_t                     own;      /* the same, of the partition */
    ngx_http_usage_partition_t     *partition;
    int32_t                         first;    /* days, or what follows */
    int32_t                         last;
    uint64_t                        owner;    /* the request that stored it */
    time_t                          fetched;
    time_t                          used;
    usage_cover_window_t            cover;    /* of the partition's ids */
};


/* the bytes of a window, with what it covers */
#define ngx_http_usage_window_size(window)                                    \
    (sizeof(ngx_http_usage_window_t)                                          \
     + usage_cover_size((window)->cover.count, (window)->cover.wide))


/* the window that shows which desktops the directory knows */
#define NGX_HTTP_USAGE_DIRECTORY  INT32_MIN


/*
 * A fetch that others may wait for.
 */
typedef struct {
    ngx_queue_t                     queue;
    uint64_t                        owner;
    uint64_t                        subject;
    int32_t                         first;
    int32_t                         last;
    ngx_pid_t                       pid;
    time_t                          deadline;
} ngx_http_usage_flight_t;


/*
 * Partitions that are found together.
 */
typedef struct {
    ngx_queue_t                     partitions;
    time_t                          no_room;  /* when one had none */
    u_char                          no_room_key[NGX_HTTP_USAGE_KEY_LEN];
} ngx_http_usage_store_bucket_t;


typedef struct {
    ngx_atomic_t                    updating; /* something is being changed */
    u_char                          salt[NGX_HTTP_USAGE_KEY_LEN];
    ngx_queue_t                     windows;
    ngx_uint_t                      buckets_count;
    ngx_http_usage_store_bucket_t   buckets[1];
} ngx_http_usage_store_sh_t;


/*
 * A request's look-up.
 */
struct ngx_http_usage_lookup_s {
    ngx_http_usage_store_t         *store;
    u_char                          key[NGX_HTTP_USAGE_KEY_LEN]; /* partition */
    uint64_t                        owner;    /* a number of the request's own */
    uint64_t                        subject;  /* which desktops it fetches */
    ngx_msec_t                      started;
    size_t                          past;     /* days to be found */
    usage_cover_t                   cover;    /* what was found last */
    uint32_t                       *places;   /* of the requested desktops */
    unsigned                        unplaced:1; /* some have none, and get none */
    unsigned                        leads:1;  /* others may follow */
};


struct ngx_http_usage_store_s {
    ngx_http_usage_store_sh_t      *sh;
    ngx_slab_pool_t                *shpool;
};


/* ngx_http_usage_lookup.c */

/*
 * Prepares the look-up: ctx->lookup.  NGX_DECLINED: the request has nothing to
 * do with the store, or no credential; NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_lookup_open(ngx_http_usage_ctx_t *ctx);

/* Learns from a plan that is done which desktops the directory knows. */
void ngx_http_usage_lookup_learn(ngx_http_usage_ctx_t *ctx,
    usage_plan_t *plan);


/* ngx_http_usage_store.c */

/* Returns the zone of that name, defined if size isn't 0, or NULL. */
ngx_shm_zone_t *ngx_http_usage_store_zone(ngx_conf_t *cf, ngx_str_t *name,
    ssize_t size);

/* Tells whether a zone is a store. */
ngx_uint_t ngx_http_usage_store_is(ngx_shm_zone_t *zone);

/* Tells the bytes of a store, and how many of them are used. */
void ngx_http_usage_store_room(ngx_shm_zone_t *zone, size_t *size,
    size_t *used);

/*
 * Locks the store; one that was left in the middle of a change is emptied.
 * Before anything is changed, it has to be said.
 */
void ngx_http_usage_store_lock(ngx_http_usage_store_t *store);
void ngx_http_usage_store_change(ngx_http_usage_store_t *store);
void ngx_http_usage_store_unlock(ngx_http_usage_store_t *store);

/*
 * Memory for a partition, or for none, for which windows are thrown out, but not
 * what owner stored.  NULL: there is no room.  What a partition got is freed in
 * its name.
 */
void *ngx_http_usage_store_alloc(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, size_t size, uint64_t owner);
void ngx_http_usage_store_free(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, void *p, size_t size);

/* Whether the partition of that key had no room some seconds ago. */
ngx_uint_t ngx_http_usage_store_had_no_room(ngx_http_usage_store_t *store,
    u_char *key);

/* The partition of that key, or NULL; where wanted, a new one. */
ngx_http_usage_partition_t *ngx_http_usage_store_partition(
    ngx_http_usage_store_t *store, u_char *key);
ngx_http_usage_partition_t *ngx_http_usage_store_create(
    ngx_http_usage_store_t *store, u_char *key, uint64_t owner);

/* Frees a partition that holds nothing any more. */
void ngx_http_usage_store_release(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition);

/* The place of a window in its partition, or where it would be. */
uint32_t ngx_http_usage_store_place(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last);

/* The window, or NULL. */
ngx_http_usage_window_t *ngx_http_usage_store_window(
    ngx_http_usage_partition_t *partition, int32_t first, int32_t last);

/* A window is used now: it is the last of all to be thrown out. */
void ngx_http_usage_store_used(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window);

/* Takes a window out of its partition, and frees it. */
void ngx_http_usage_store_remove(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window);


/* ngx_http_usage_store_ids.c */

/* The place of an id in a partition, or USAGE_COVER_NO_PLACE. */
uint32_t ngx_http_usage_store_id(ngx_http_usage_partition_t *partition,
    usage_str_t text);

/* so many ids that neither statistics nor directory know have a place */
#define NGX_HTTP_USAGE_UNKNOWN_IDS  1000

/*
 * The place of each desktop of a plan's table; ids that are new are added, and
 * those that don't exist have USAGE_COVER_NO_PLACE if there are too many of
 * them.  NGX_ERROR: there is no room.
 */
ngx_int_t ngx_http_usage_store_add_ids(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_plan_t *plan,
    uint32_t *places, uint64_t owner);


/*
 * Until when the statistics of a window, fetched then, are taken for the call
 * of ctx; 0: they are final.
 */
time_t ngx_http_usage_store_until(ngx_http_usage_ctx_t *ctx, int32_t last,
    time_t fetched);


/* ngx_http_usage_store_find.c */

/*
 * Looks for the request's days.  NGX_OK: ctx->answer has the entries.  What else
 * ctx->lookup->cover says: NGX_DECLINED, days are missing; NGX_AGAIN, the
 * directory is to be asked for desktops.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_store_find(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_store_fill.c */

/* Stores what a plan got. */
void ngx_http_usage_store_fill(ngx_http_usage_ctx_t *ctx, usage_plan_t *plan);


/* ngx_http_usage_flight.c */

/*
 * Lets others wait for a call that fetches the days first to last.  NGX_AGAIN:
 * another one does; NGX_DECLINED: nobody is to wait, the store has no room;
 * NGX_DONE: nobody is to wait, as the call's right isn't shown.
 */
ngx_int_t ngx_http_usage_flight_take(ngx_http_usage_ctx_t *ctx, int32_t first,
    int32_t last);
void ngx_http_usage_flight_drop(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_STORE_H */
