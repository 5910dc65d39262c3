/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The day store: windows of statistics in shared memory, which are final, or
 * are taken as they are for a short time.
 *
 * A window belongs to a partition.  A partition is a caller's, for one project;
 * nobody else sees it.  It has the id of each desktop once, and each window has
 * a cell for each id.
 *
 * All of this is done under the zone's mutex.  A worker may be killed in the
 * middle of a change.  nginx unlocks the mutex then, and the next one who locks
 * it sees that a change was under way, and empties the store.
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
    size_t                          len;      /* bytes */
    u_char                          data[1];
} ngx_http_usage_id_t;


/*
 * What one caller has of one project.
 */
typedef struct {
    ngx_queue_t                     queue;    /* in the bucket */
    size_t                          size;     /* bytes, with all that it has */
    u_char                          key[NGX_HTTP_USAGE_KEY_LEN];
    ngx_http_usage_id_t           **ids;      /* by their places */
    uint32_t                       *order;    /* places, in the order of ids */
    uint32_t                        ids_count;
    uint32_t                        sorted_count; /* of order, in order */
    uint32_t                        ids_room; /* of ids and order, in entries */
    uint32_t                        unknown;  /* ids that nobody knew */
    struct ngx_http_usage_window_s **windows; /* by first, then by last day */
    uint32_t                        windows_count;
    uint32_t                        windows_room; /* in entries */
    ngx_queue_t                     used;     /* windows, latest used first */
    ngx_queue_t                     flights;
    ngx_uint_t                      busy;     /* unsigned  busy:1;  it grows */
} ngx_http_usage_partition_t;


/*
 * The statistics of desktops for some days.  What it covers lies behind it.
 */
typedef struct ngx_http_usage_window_s  ngx_http_usage_window_t;

struct ngx_http_usage_window_s {
    ngx_queue_t                     queue;    /* of all, latest used first */
    ngx_queue_t                     own;      /* the same, of the partition */
    ngx_http_usage_partition_t     *partition;
    int32_t                         first;    /* day, since 1970 */
    int32_t                         last;     /* day, since 1970 */
    uint64_t                        owner;    /* the request that stored it */
    time_t                          fetched;  /* seconds since 1970 */
    time_t                          used;     /* seconds since 1970 */
    uint32_t                        rows;     /* of all pages, if begun */
    usage_cover_window_t            cover;    /* of the partition's ids */
};


/* the bytes of a window, with what it covers */
#define ngx_http_usage_window_size(window)                                    \
    (sizeof(ngx_http_usage_window_t)                                          \
     + usage_cover_size((window)->cover.count, (window)->cover.wide))


/* first and last of the window that shows which desktops the directory knows */
#define NGX_HTTP_USAGE_DIRECTORY  INT32_MIN


/*
 * The window of a day that was only begun, as its request ended early, has the
 * day before as its last.  No look-up finds it.
 */
#define ngx_http_usage_begun_last(day)  ((day) - 1)


/*
 * A fetch under way that others follow.
 */
typedef struct {
    ngx_queue_t                     queue;    /* in the partition */
    uint64_t                        owner;    /* the leader */
    uint64_t                        subject;  /* which desktops; 0: all */
    int32_t                         first;    /* day */
    int32_t                         last;     /* day */
    ngx_pid_t                       pid;      /* of the leader's worker */
    time_t                          deadline; /* then the leader is gone */
} ngx_http_usage_flight_t;


/*
 * Partitions whose keys have the same hash.
 */
typedef struct {
    ngx_queue_t                     partitions;
    time_t                          no_room;  /* when one of them had none */
    u_char                          no_room_key[NGX_HTTP_USAGE_KEY_LEN];
} ngx_http_usage_store_bucket_t;


typedef struct {
    ngx_atomic_t                    updating; /* a change is under way */
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
    uint64_t                        owner;    /* the request's number */
    uint64_t                        subject;  /* which desktops it fetches */
    ngx_msec_t                      started;
    size_t                          past;     /* days to be found */
    usage_cover_t                   cover;    /* what was found last */
    uint32_t                       *places;   /* of the requested desktops */
    unsigned                        unplaced:1; /* some get no place */
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


/* ngx_http_usage_store.c: the zone */

/* Returns the zone of that name, defined if size isn't 0, or NULL. */
ngx_shm_zone_t *ngx_http_usage_store_zone(ngx_conf_t *cf, ngx_str_t *name,
    ssize_t size);

/* Tells whether a zone is a store. */
ngx_uint_t ngx_http_usage_store_is(ngx_shm_zone_t *zone);

/* Tells the bytes of a store, and how many of them are used. */
void ngx_http_usage_store_room(ngx_shm_zone_t *zone, size_t *size,
    size_t *used);

/*
 * Locks the store; empties it if a process was killed while it changed it.
 */
void ngx_http_usage_store_lock(ngx_http_usage_store_t *store);

/* Says that the store is about to be changed; it has to be locked. */
void ngx_http_usage_store_change(ngx_http_usage_store_t *store);

/* Unlocks the store; a change is complete. */
void ngx_http_usage_store_unlock(ngx_http_usage_store_t *store);


/* ngx_http_usage_store_room.c: partitions, and the room that they take */

/*
 * Allocates size bytes for a partition, or for a new one (NULL).  Other windows
 * are thrown out for it, but none that owner stored.  NULL: there is no room.
 */
void *ngx_http_usage_store_alloc(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, size_t size, uint64_t owner);

/* Frees size bytes that a partition got. */
void ngx_http_usage_store_free(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, void *p, size_t size);

/* Tells whether the partition of that key had no room some seconds ago. */
ngx_uint_t ngx_http_usage_store_had_no_room(ngx_http_usage_store_t *store,
    u_char *key);

/* Returns the partition of that key, or NULL. */
ngx_http_usage_partition_t *ngx_http_usage_store_partition(
    ngx_http_usage_store_t *store, u_char *key);

/*
 * Returns the partition of that key, created if there is none.  NULL: there is
 * no room.
 */
ngx_http_usage_partition_t *ngx_http_usage_store_create(
    ngx_http_usage_store_t *store, u_char *key, uint64_t owner);

/* Frees a partition, if it holds nothing any more. */
void ngx_http_usage_store_release(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition);

/* Takes a window out of its partition, and frees it. */
void ngx_http_usage_store_remove(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window);


/* ngx_http_usage_store_window.c: the windows of a partition */

/* Returns the place of a window in its partition, or where it would be. */
uint32_t ngx_http_usage_store_place(ngx_http_usage_partition_t *partition,
    int32_t first, int32_t last);

/* Returns the window of those days, or NULL. */
ngx_http_usage_window_t *ngx_http_usage_store_window(
    ngx_http_usage_partition_t *partition, int32_t first, int32_t last);

/* Notes that a window is used now: it is the last of all to be thrown out. */
void ngx_http_usage_store_used(ngx_http_usage_store_t *store,
    ngx_http_usage_window_t *window);

/*
 * Tells until when (seconds since 1970) a window that ends with the day last,
 * and was fetched then, is valid for the request of ctx; 0: it is final.
 */
time_t ngx_http_usage_store_until(ngx_http_usage_ctx_t *ctx, int32_t last,
    time_t fetched);


/* ngx_http_usage_store_ids.c: the desktops of a partition */

/* ids of a partition that neither statistics nor directory know, at most */
#define NGX_HTTP_USAGE_UNKNOWN_IDS  1000

/* Returns the place of an id in a partition, or USAGE_COVER_NO_PLACE. */
uint32_t ngx_http_usage_store_id(ngx_http_usage_partition_t *partition,
    usage_str_t text);

/*
 * Gives the place of each desktop in a plan's table, in places.  New ids are
 * added; those that nobody knows get USAGE_COVER_NO_PLACE if there are too many
 * of them, or the plan is under way.  NGX_ERROR: there is no room.
 */
ngx_int_t ngx_http_usage_store_add_ids(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_plan_t *plan,
    uint32_t *places, uint64_t owner);


/*
 * Gives the place of each of so many ids, which statistics have shown, in places.
 * New ones are added.  NGX_ERROR: there is no room.
 */
ngx_int_t ngx_http_usage_store_add_shown(ngx_http_usage_store_t *store,
    ngx_http_usage_partition_t *partition, usage_str_t *ids, size_t count,
    uint32_t *places, uint64_t owner);


/* ngx_http_usage_store_find.c */

/*
 * Looks for the request's days.  NGX_OK: ctx->answer has the entries.
 * NGX_DECLINED: days are missing; NGX_AGAIN: the directory has to be asked for
 * desktops; ctx->lookup->cover says which.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_store_find(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_store_fill.c */

/* the bit of a column of a plan's table */
#define ngx_http_usage_column(i)  ((uint64_t) 1 << (i))

/*
 * Stores what a plan has whole, without the columns of stored, which are stored
 * already.  ends: the plan goes no further, so what it has begun goes in, too.
 * Returns stored with the columns that were added.
 */
uint64_t ngx_http_usage_store_fill(ngx_http_usage_ctx_t *ctx,
    usage_plan_t *plan, uint64_t stored, ngx_uint_t ends);


/* ngx_http_usage_store_begun.c: days that are only begun */

/*
 * Lets a plan that has given no call yet take up what is begun of its days.
 * NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_store_resume(ngx_http_usage_ctx_t *ctx,
    usage_plan_t *plan);


/* ngx_http_usage_store_enter.c: days that another gateway fetched */

/*
 * Stores a day that is final, with all desktops that its statistics show: their
 * ids, and their seconds.  fetched: seconds since 1970.  NGX_ERROR: there is no
 * room, or memory is out.
 */
ngx_int_t ngx_http_usage_store_enter(ngx_http_usage_ctx_t *ctx, int32_t day,
    time_t fetched, usage_str_t *ids, double *seconds, size_t count);


/* ngx_http_usage_flight.c: one fetch for many */

/*
 * Makes the request the leader for the days first to last: others may follow.
 * NGX_AGAIN: another one leads, and is to be followed.  NGX_DECLINED: there is
 * no room, so nobody leads.  NGX_DONE: nobody leads, as the caller has shown no
 * right yet.
 */
ngx_int_t ngx_http_usage_flight_take(ngx_http_usage_ctx_t *ctx, int32_t first,
    int32_t last);

/* Ends it, if the request leads: followers look for themselves. */
void ngx_http_usage_flight_drop(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_STORE_H */
