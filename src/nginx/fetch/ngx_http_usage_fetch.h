/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Upstream calls: each is a subrequest, whose reply is kept, or read as it
 * comes.  What the reply means is for others to say.
 */

#ifndef NGX_HTTP_USAGE_FETCH_H
#define NGX_HTTP_USAGE_FETCH_H

#include "base/ngx_http_usage.h"

#include "gather/usage_call.h"
#include "page/usage_page.h"


/* how much of a reply's beginning is kept for the log, in bytes */
#define NGX_HTTP_USAGE_HEAD  48


/*
 * What an upstream call is for.
 */
typedef enum {
    NGX_HTTP_USAGE_FETCH_PLAN = 0, /* a successor: the plan wants it */
    NGX_HTTP_USAGE_FETCH_AUTH,     /* a successor: the authorization probe */
    NGX_HTTP_USAGE_FETCH_LEGACY,   /* the legacy endpoint */
    NGX_HTTP_USAGE_FETCH_SHARE     /* Redis: no upstream call, has no slot */
} ngx_http_usage_fetch_kind_t;


/*
 * What became of an upstream call.
 */
typedef enum {
    NGX_HTTP_USAGE_ANSWERED = 0,
    NGX_HTTP_USAGE_TIMED_OUT,
    NGX_HTTP_USAGE_UNRESOLVED,  /* the upstream's name */
    NGX_HTTP_USAGE_UNREACHABLE,
    NGX_HTTP_USAGE_NOT_MADE,    /* nginx itself failed, or refused it */
    NGX_HTTP_USAGE_INCOMPLETE,  /* the reply ended early */
    NGX_HTTP_USAGE_CANCELLED
} ngx_http_usage_outcome_t;


/*
 * The memory of a subrequest, which lies in it itself.
 */
typedef struct ngx_http_usage_memory_s  ngx_http_usage_memory_t;

struct ngx_http_usage_memory_s {
    ngx_http_usage_memory_t         *next;
    ngx_pool_t                      *pool;
    ngx_pool_cleanup_t              *shared;  /* of the client's request */
    ngx_http_request_t              *request;
    ngx_uint_t                       done;    /* unsigned  done:1; */
};


/*
 * The client's address, as the client's request has it.
 */
typedef struct {
    struct sockaddr                 *sockaddr;
    socklen_t                        socklen; /* bytes */
    ngx_str_t                        text;
} ngx_http_usage_address_t;


/*
 * An upstream call: its subrequest, and what came of it so far.
 */
typedef struct {
    ngx_http_usage_ctx_t            *ctx;
    ngx_http_usage_fetch_kind_t      kind;
    ngx_http_request_t              *request; /* NULL: free for the next call */
    ngx_http_usage_memory_t         *memory;
    ngx_http_post_subrequest_t       done_handler;
    ngx_http_handler_pt              content_handler; /* of its location */
    void                           (*finalize_upstream)(ngx_http_request_t *r,
                                                        ngx_int_t rc);
    usage_call_t                     call;    /* of a successor */
    usage_error_t                    error;   /* what is wrong with the reply */
    ngx_uint_t                       status;  /* 0: none yet */
    ngx_str_t                        retry_after;
    ngx_str_t                        body;    /* if it isn't read as it comes */
    size_t                           body_size;
    u_char                           head[NGX_HTTP_USAGE_HEAD];
    size_t                           head_len;
    usage_page_reader_t              reader;
    unsigned                         reads:1;     /* as it comes */
    unsigned                         complete:1;  /* its end is here */
    unsigned                         own:1;       /* the status is nginx's */
    unsigned                         timed_out:1;
    unsigned                         cached:1;    /* by nginx's proxy_cache */
    unsigned                         nonsense:1;  /* error says why */
    unsigned                         too_large:1;
    unsigned                         done:1;
    unsigned                         counted:1;   /* for usage_status */
    unsigned                         waits:1;     /* to be tried again, */
    unsigned                         due:1;       /* now */
    ngx_uint_t                       tries;       /* again, so far */
    ngx_event_t                      timer;       /* until the next */
} ngx_http_usage_fetch_t;


/*
 * The upstream calls of a request.
 */
struct ngx_http_usage_fetches_s {
    ngx_http_usage_fetch_t         **slots;      /* usage_concurrency of them */
    ngx_uint_t                       under_way;  /* calls */
    ngx_uint_t                       started;    /* calls, so far */
    ngx_http_headers_in_t            headers_in; /* of calls of successors */
    ngx_http_request_body_t         *request_body;
    ngx_http_usage_memory_t         *memories;
    ngx_http_usage_address_t         address;
    ngx_event_t                      wake;       /* with the owner's handler */
    ngx_uint_t                       ended;      /* unsigned  ended:1; */

    /*
     * Prepares the reader for a page of statistics that comes; set by the
     * owner.  Returns 0 if the reply is kept, and not read as it comes.
     */
    ngx_uint_t                     (*read)(ngx_http_usage_fetch_t *fetch);
};


/* ngx_http_usage_fetches.c: all upstream calls of a request */

/*
 * Prepares a request for upstream calls, once; wake is called as an event's
 * handler, with ctx as its data, each time that something happened to one.
 * NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_fetches_open(ngx_http_usage_ctx_t *ctx,
    ngx_event_handler_pt wake);

/*
 * Returns the next call of a request that has a slot, or NULL; *i is 0 to begin
 * with.
 */
ngx_http_usage_fetch_t *ngx_http_usage_next_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_uint_t *i);

/*
 * Returns a free slot's call, of the first n slots.  NULL: all are busy, or
 * memory is out, as ctx->error says then.
 */
ngx_http_usage_fetch_t *ngx_http_usage_free_fetch(ngx_http_usage_ctx_t *ctx,
    ngx_uint_t n);

/* Counts all of them, as nothing will come of them any more. */
void ngx_http_usage_fetches_close(ngx_http_usage_ctx_t *ctx);

/* Ends those that are under way. */
void ngx_http_usage_fetches_abandon(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_wake.c: how a request is woken */

/* Has the owner's handler called, soon, unless all is over. */
void ngx_http_usage_wake(ngx_http_usage_ctx_t *ctx);

/* Runs a client's request that nginx woke: its owner's handler is called. */
void ngx_http_usage_wake_handler(ngx_http_request_t *r);

/* Takes a timer and a delay away that a subrequest left at the connection. */
void ngx_http_usage_calm(ngx_http_request_t *r);


/* ngx_http_usage_fetch.c: one upstream call */

/* Starts a call of a successor, fetch->call.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_fetch_start(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/*
 * Starts a call: first prepares fetch and its memory, then makes the subrequest
 * fetch->request; unparsed is its $request_uri.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_fetch_prepare(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
ngx_int_t ngx_http_usage_fetch_subrequest(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch, ngx_str_t *uri, ngx_str_t *args,
    ngx_str_t *unparsed);

/* Frees a call that is done for the next one. */
void ngx_http_usage_fetch_release(ngx_http_usage_fetch_t *fetch);

/* Ends a call that isn't done, as nobody waits for it any more. */
void ngx_http_usage_fetch_abandon(ngx_http_usage_fetch_t *fetch);

/*
 * Runs a subrequest that isn't at an upstream yet: one that limit_req delays
 * waits for the client's connection, whose events are its parent's.
 */
void ngx_http_usage_fetch_nudge(ngx_http_usage_fetch_t *fetch);

/* Returns the call whose subrequest r is, or NULL. */
ngx_http_usage_fetch_t *ngx_http_usage_fetch_of(ngx_http_request_t *r);


/* ngx_http_usage_fetch_reply.c: the reply as it comes */

/* Takes the header, or a part of the body, of a subrequest's reply. */
ngx_int_t ngx_http_usage_fetch_header(ngx_http_usage_fetch_t *fetch,
    ngx_http_request_t *r);
ngx_int_t ngx_http_usage_fetch_body(ngx_http_usage_fetch_t *fetch,
    ngx_chain_t *in);

/*
 * Gives the memory of the reply's body back, and to usage_memory what the pool
 * has freed.  The call has an empty body then.
 */
void ngx_http_usage_fetch_drop_body(ngx_http_usage_fetch_t *fetch);


/* ngx_http_usage_memory.c: the memory of the subrequests */

/* Prepares ctx for memories; what is left of them ends with its request. */
ngx_int_t ngx_http_usage_memory_init(ngx_http_usage_ctx_t *ctx);

/* Creates the memory of a new subrequest.  NULL: memory is out. */
ngx_http_usage_memory_t *ngx_http_usage_memory_create(
    ngx_http_usage_ctx_t *ctx);

/* Frees the memories of subrequests that are done, if nothing needs them. */
void ngx_http_usage_memory_sweep(ngx_http_usage_ctx_t *ctx);

/* Puts the client's address back, if a subrequest set another. */
void ngx_http_usage_memory_restore(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_outcome.c: what became of an upstream call */

/* Tells whether nginx made this status of r, and not an upstream of r. */
ngx_uint_t ngx_http_usage_outcome_own(ngx_http_request_t *r,
    ngx_uint_t status);

/* Tells what became of an upstream call that is over. */
ngx_http_usage_outcome_t ngx_http_usage_outcome(ngx_http_usage_fetch_t *fetch);

/*
 * Notes for the log whose failure ends the request, and how its reply begins if
 * that isn't JSON.
 */
void ngx_http_usage_outcome_blame(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Counts an upstream call, once, as what became of it until now. */
void ngx_http_usage_count_call(ngx_http_usage_fetch_t *fetch);


#endif /* NGX_HTTP_USAGE_FETCH_H */
