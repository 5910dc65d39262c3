/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which upstream calls a request takes: what the day store has is taken from
 * there, what is missing is planned by the core, or awaited from another
 * request that fetches it.
 */

#ifndef NGX_HTTP_USAGE_PLANNER_H
#define NGX_HTTP_USAGE_PLANNER_H

#include "fetch/ngx_http_usage_fetch.h"

#include "gather/usage_auth.h"
#include "plan/usage_plan.h"


/*
 * What a plan is for.
 */
typedef enum {
    NGX_HTTP_USAGE_PLAIN = 0, /* the request, without the store */
    NGX_HTTP_USAGE_WHOLE,     /* the request, of which nothing is stored yet */
    NGX_HTTP_USAGE_RUN,       /* days next to each other, which are missing */
    NGX_HTTP_USAGE_LOOK_UP    /* desktops that the directory may know */
} ngx_http_usage_step_t;


typedef struct ngx_http_usage_sharing_s  ngx_http_usage_sharing_t;


struct ngx_http_usage_planner_s {
    usage_upstream_t                 upstream;
    usage_plan_t                     plan;
    ngx_http_usage_step_t            step;     /* what the plan is for */
    usage_request_t                  part;     /* of the request */
    size_t                           run_last; /* day of the last run */
    size_t                           fetched;  /* days, in runs */
    uint64_t                         stored;   /* bits: the plan's columns */
    ngx_msec_t                       kept;     /* when that was, last */
    usage_auth_t                     auth;     /* the authorization probe */
    ngx_event_t                      poll;     /* of a single-flight follower */
    ngx_http_usage_sharing_t         *shared;   /* NULL: gateways share nothing */
    size_t                           written;  /* days of the plan, to Redis */
    unsigned                         ready:1;  /* the reply's entries are */
    unsigned                         waits:1;  /* for another request, or for
                                                * Redis */
    unsigned                         filled:1; /* the store has what the plan
                                                * got */
    unsigned                         auth_wanted:1;
    unsigned                         auth_waiting:1;
};


/* ngx_http_usage_planner.c: what is planned */

/*
 * Starts: with a plan, or with what is stored, or by following another request.
 * NGX_ERROR: ctx->error says why not.
 */
ngx_int_t ngx_http_usage_planner_start(ngx_http_usage_ctx_t *ctx);

/*
 * Goes on: with the reply, with a plan for what is missing, or not at all for now
 * (NGX_AGAIN).  NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_planner_proceed(ngx_http_usage_ctx_t *ctx);

/*
 * Lets others follow, from the first of the missing days on; as
 * ngx_http_usage_flight_take().
 */
ngx_int_t ngx_http_usage_planner_flight(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_planner_done.c: what becomes of a plan */

/*
 * Goes on once a plan is done: what it got becomes the reply, or it fills the
 * store, which may lead to another plan.  NGX_AGAIN: to none for now;
 * NGX_ERROR: ctx->error says why.
 */
ngx_int_t ngx_http_usage_planner_planned(ngx_http_usage_ctx_t *ctx);

/*
 * Goes on once the service took the caller's credential: from then on others
 * may follow.  NGX_ERROR: ctx->error says why not.
 */
ngx_int_t ngx_http_usage_planner_trusted(ngx_http_usage_ctx_t *ctx);

/* Counts the days of the reply: taken from the store, or fetched. */
void ngx_http_usage_planner_count(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_planner_keep.c: what is stored before the plan is done */

/*
 * Stores the days that are whole, if there are new ones and the last time is a
 * second ago.  It is called after each page.
 */
void ngx_http_usage_planner_keep(ngx_http_usage_ctx_t *ctx);

/* The reply is decided: other gateways need not wait for this request. */
void ngx_http_usage_planner_leave(ngx_http_usage_ctx_t *ctx);

/*
 * Ends: stores what the plan has whole or begun, and lets those go on who
 * follow this request.
 */
void ngx_http_usage_planner_end(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_planner_next.c: upstream calls out, replies in */

/*
 * Gives the next upstream call, in fetch->kind and fetch->call.  USAGE_AGAIN:
 * there is none just now, or, if ngx_http_usage_planner_done() says so, none at
 * all any more.  USAGE_ERROR: ctx->error says why.
 */
usage_result_t ngx_http_usage_planner_next(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);
ngx_uint_t ngx_http_usage_planner_done(ngx_http_usage_ctx_t *ctx);

/*
 * Counts the calls of an API that are still to be given, at least, as far as is
 * known by now.
 */
ngx_uint_t ngx_http_usage_planner_ahead(ngx_http_usage_ctx_t *ctx,
    usage_call_api_t api);

/*
 * Prepares the reader for a page of statistics.  Returns 0 if the reply isn't
 * one; then it is kept.
 */
ngx_uint_t ngx_http_usage_planner_read(ngx_http_usage_fetch_t *fetch);

/* Takes a reply of status 200.  USAGE_ERROR: ctx->error says what is wrong. */
usage_result_t ngx_http_usage_planner_take(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);

/* Takes a reply of another status.  Returns 1 if it isn't needed. */
ngx_uint_t ngx_http_usage_planner_refused(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch);


#endif /* NGX_HTTP_USAGE_PLANNER_H */
