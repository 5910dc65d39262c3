/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_share: what several gateways share through Redis.  This folder makes
 * operations, knows whether Redis answers, and counts.  What is shared, and
 * when, is for others to decide.
 */

#ifndef NGX_HTTP_USAGE_SHARE_H
#define NGX_HTTP_USAGE_SHARE_H

#include "fetch/ngx_http_usage_fetch.h"

#include "share/usage_resp.h"
#include "share/usage_seal.h"


/*
 * What an operation is for.
 */
typedef enum {
    NGX_HTTP_USAGE_SHARE_GET = 0, /* reads a day */
    NGX_HTTP_USAGE_SHARE_PUT,     /* writes a day */
    NGX_HTTP_USAGE_SHARE_PACE,    /* reserves an upstream call */
    NGX_HTTP_USAGE_SHARE_HOLD,    /* holds all calls: the upstream refused */
    NGX_HTTP_USAGE_SHARE_LOCK,    /* takes the lock of a fetch */
    NGX_HTTP_USAGE_SHARE_RENEW,   /* keeps it */
    NGX_HTTP_USAGE_SHARE_UNLOCK,  /* gives it back */
    NGX_HTTP_USAGE_SHARE_OPS
} ngx_http_usage_share_kind_t;


/*
 * What became of an operation.
 */
typedef enum {
    NGX_HTTP_USAGE_SHARE_DONE = 0,  /* Redis replied without an error */
    NGX_HTTP_USAGE_SHARE_REFUSED,   /* Redis replied with an error */
    NGX_HTTP_USAGE_SHARE_FAILED,    /* no server gave a reply of Redis */
    NGX_HTTP_USAGE_SHARE_TIMED_OUT,
    NGX_HTTP_USAGE_SHARE_SKIPPED,   /* the breaker is open: nothing was sent */
    NGX_HTTP_USAGE_SHARE_OUTCOMES
} ngx_http_usage_share_outcome_t;


/*
 * Where a day of a reply was found.
 */
typedef enum {
    NGX_HTTP_USAGE_SHARE_MEMORY = 0, /* in the zone of usage_store */
    NGX_HTTP_USAGE_SHARE_REDIS,
    NGX_HTTP_USAGE_SHARE_LEVELS
} ngx_http_usage_share_level_t;


/*
 * What is logged seldom: the outcomes of operations, and values of Redis that
 * were rejected.
 */
#define NGX_HTTP_USAGE_SHARE_REJECTED  NGX_HTTP_USAGE_SHARE_OUTCOMES
#define NGX_HTTP_USAGE_SHARE_LOGS      (NGX_HTTP_USAGE_SHARE_OUTCOMES + 1)


/*
 * What all workers know of the Redis behind a URI, in shared memory.  A time is
 * in milliseconds, as ngx_current_msec; 0: there is none.
 */
typedef struct ngx_http_usage_share_peer_s  ngx_http_usage_share_peer_t;

struct ngx_http_usage_share_peer_s {
    ngx_http_usage_share_peer_t     *next;
    ngx_atomic_t                     closed_until; /* nothing is sent till */
    ngx_atomic_t                     logged[NGX_HTTP_USAGE_SHARE_LOGS];
    size_t                           len;          /* of the URI */
    u_char                           uri[1];
};


/*
 * What is counted, in shared memory.
 */
typedef struct {
    ngx_atomic_t  operations[NGX_HTTP_USAGE_SHARE_OPS]
                            [NGX_HTTP_USAGE_SHARE_OUTCOMES];
    ngx_atomic_t  operation_ms[NGX_HTTP_USAGE_SHARE_OPS];
    ngx_atomic_t  hits[NGX_HTTP_USAGE_SHARE_LEVELS];
    ngx_atomic_t  rejected;
    ngx_atomic_t  degraded_ms;
    ngx_atomic_t  clock_ms;    /* between a gateway and Redis, the last seen */
} ngx_http_usage_share_counts_t;


typedef struct {
    ngx_http_usage_share_counts_t    counts;
    ngx_http_usage_share_peer_t     *peers;
} ngx_http_usage_shared_sh_t;


/*
 * The zone.
 */
struct ngx_http_usage_shared_s {
    ngx_http_usage_shared_sh_t      *sh;
    ngx_array_t                      shares; /* of ngx_http_usage_share_t * */
};


/*
 * usage_share of a location, or of those that inherit it.
 */
struct ngx_http_usage_share_s {
    ngx_str_t                        uri;      /* of usage_redis_pass */
    ngx_str_t                        namespace;
    ngx_uint_t                       gateways;
    ngx_msec_t                       timeout;  /* of an operation */
    usage_seal_t                     seal;
    char                             born[USAGE_SEAL_NAME]; /* name of the token
                                               * that Redis has as long as it
                                               * forgets nothing */
    ngx_http_usage_shared_t         *shared;
    ngx_http_usage_share_peer_t     *peer;
};


/*
 * One operation of a request.
 */
typedef struct ngx_http_usage_op_s  ngx_http_usage_op_t;

struct ngx_http_usage_op_s {
    ngx_http_usage_fetch_t           fetch;    /* its subrequest; first */
    ngx_http_usage_share_kind_t      kind;
    ngx_http_usage_share_outcome_t   outcome;  /* once it is over */
    usage_str_t                      command;  /* as it is sent */
    usage_resp_t                     resp;     /* the reply */
    usage_pool_t                     pool;     /* of the reply */
    size_t                           taken;    /* bytes of it, of the budget */
    void                           (*handler)(ngx_http_usage_ctx_t *ctx,
                                              ngx_http_usage_op_t *op);
    void                            *data;     /* the handler's */
    ngx_event_t                      timer;
    ngx_msec_t                       started;
    ngx_queue_t                      queue;
    unsigned                         sent:1;   /* it has a subrequest */
    unsigned                         probe:1;  /* of the breaker */
    unsigned                         over:1;
    unsigned                         starved:1; /* the reply had no memory */
};


/*
 * The operations of a request.
 */
struct ngx_http_usage_shares_s {
    ngx_queue_t                      ops;      /* begun */
    ngx_queue_t                      free;     /* for the next ones */
    ngx_uint_t                       under_way;
    ngx_uint_t                       ended;    /* unsigned  ended:1; */
};


/* ngx_http_usage_share_conf.c: the directive */

/* Reads the arguments of usage_share. */
char *ngx_http_usage_share(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


/* ngx_http_usage_share.c: operations */

/*
 * Starts an operation; the location has usage_share, and the request is
 * prepared for upstream calls.  command is in RESP, and lives as long as the
 * request.  handler is called once, from ngx_http_usage_share_take(), never
 * from here, whatever becomes of the operation; it finds outcome, resp and data
 * in the operation, whose reply lives until it returns.  NULL: memory is out,
 * or the request is over, and no handler is called.
 */
ngx_http_usage_op_t *ngx_http_usage_share_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_kind_t kind, usage_str_t command,
    void (*handler)(ngx_http_usage_ctx_t *ctx, ngx_http_usage_op_t *op),
    void *data);

/*
 * Calls the handlers of the operations that are over.  A handler may start
 * operations, but doesn't end the request: it sets ctx->error, or leaves
 * that to the caller.
 */
void ngx_http_usage_share_take(ngx_http_usage_ctx_t *ctx);

/*
 * The reply is decided, or the client has left: no handler is called any more.
 * PUT, HOLD and UNLOCK go on, others end.
 */
void ngx_http_usage_share_end(ngx_http_usage_ctx_t *ctx);

/* Returns how many operations of a request are at Redis. */
ngx_uint_t ngx_http_usage_share_under_way(ngx_http_usage_ctx_t *ctx);

/* Returns the operation whose subrequest r is, or NULL. */
ngx_http_usage_op_t *ngx_http_usage_share_op_of(ngx_http_request_t *r);


/* ngx_http_usage_share_zone.c: what all workers know and count */

/* Adds the zone to the configuration, once, and a share to it.  NGX_ERROR:
 * memory is out. */
ngx_int_t ngx_http_usage_share_zone(ngx_conf_t *cf,
    ngx_http_usage_share_t *share);

/*
 * Tells if an operation may be sent now.  *probe is set if it is the only one:
 * it finds out whether Redis is back.
 */
ngx_uint_t ngx_http_usage_share_open(ngx_http_usage_share_peer_t *peer,
    ngx_uint_t *probe);

/* Counts an operation that is over, and tells the breaker. */
void ngx_http_usage_share_settle(ngx_http_usage_op_t *op);

/* Lets another operation be the probe, as this one tells nothing of Redis. */
void ngx_http_usage_share_leave(ngx_http_usage_op_t *op);

/* Tells if Redis is taken to answer: no breaker is open. */
ngx_uint_t ngx_http_usage_share_up(ngx_http_usage_share_peer_t *peer);

/* Counts a value of Redis that was rejected, and logs why, seldom. */
void ngx_http_usage_share_rejected(ngx_http_usage_ctx_t *ctx, const char *why);

/* Notes by how many microseconds Redis' clock is ahead of this one. */
void ngx_http_usage_share_clock(ngx_http_usage_ctx_t *ctx, int64_t us);

/* Counts milliseconds for which a rate wasn't shared. */
void ngx_http_usage_share_degraded(ngx_http_usage_ctx_t *ctx, ngx_msec_t ms);

/* Counts n days that were found at a level. */
void ngx_http_usage_share_hits(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_share_level_t level, ngx_uint_t n);


/* ngx_http_usage_share_log.c: what is said of operations, seldom */

/* Logs why an operation brought nothing. */
void ngx_http_usage_share_log_op(ngx_http_usage_op_t *op);

/*
 * Tells if a line of a kind may be logged: an outcome or REJECTED, each at most
 * once in 10 s.
 */
ngx_uint_t ngx_http_usage_share_may_log(ngx_http_usage_share_peer_t *peer,
    ngx_uint_t kind);

/* the names of operations, in logs and in metrics */
extern ngx_str_t  ngx_http_usage_share_kinds[NGX_HTTP_USAGE_SHARE_OPS];


#endif /* NGX_HTTP_USAGE_SHARE_H */
