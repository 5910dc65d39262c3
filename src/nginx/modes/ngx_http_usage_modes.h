/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode: what the legacy endpoint does for a request.
 */

#ifndef NGX_HTTP_USAGE_MODES_H
#define NGX_HTTP_USAGE_MODES_H

#include "fetch/ngx_http_usage_fetch.h"

#include "compare/usage_legacy.h"


/*
 * A copy of the legacy endpoint's reply, made on its way to the client.
 */
typedef struct {
    ngx_pool_t                      *pool;    /* of the copy */
    ngx_event_t                      event;   /* when it is complete */
    ngx_uint_t                       status;
    u_char                          *data;    /* of the body */
    size_t                           len;     /* bytes of the body */
    size_t                           size;    /* bytes at data */
    unsigned                         encoded:1;
    unsigned                         too_large:1;
} ngx_http_usage_capture_t;


typedef struct ngx_http_usage_compare_s  ngx_http_usage_compare_t;


/*
 * The part of the legacy endpoint in a request.
 */
struct ngx_http_usage_endpoint_s {

    /* if the request itself is passed on to the endpoint */

    ngx_uint_t                       uri_changes; /* left to nginx, after */
    ngx_http_usage_capture_t        *capture;     /* of the reply, or NULL */

    /* if an upstream call asks the endpoint */

    ngx_http_usage_fetch_t          *fetch;       /* under way, or NULL */
    ngx_msec_t                       time;        /* for its reply, at most */
    ngx_msec_t                       since;       /* when it was asked */
    const char                      *silent;      /* why it gave no answer */
    unsigned                         half_open:1; /* of the breaker */
    unsigned                         probe:1;     /* the request is a probe */

    /*
     * Takes the verdict on the reply.  why: what to say of an endpoint that
     * gave no answer; NULL if that proves nothing, or if it did.
     */
    void                           (*judged)(ngx_http_usage_ctx_t *ctx,
                                             usage_legacy_t verdict,
                                             const char *why);

    /* Learns that the request ends before the endpoint answered. */
    void                           (*left)(ngx_http_usage_ctx_t *ctx);

    /* if the request is a translation that is compared */

    ngx_http_usage_compare_t        *compare;
};


/*
 * One of two replies to compare.
 */
typedef struct {
    ngx_uint_t                       status;
    usage_str_t                      body;
    usage_legacy_reply_t             read;    /* what the body says */
} ngx_http_usage_compare_reply_t;


/* ngx_http_usage_endpoint.c: an upstream call to the legacy endpoint */

/* Returns ctx->endpoint, created if there is none.  NULL: memory is out. */
ngx_http_usage_endpoint_t *ngx_http_usage_endpoint(ngx_http_usage_ctx_t *ctx);

/*
 * Asks the endpoint.  Then judged() or left() of ctx->endpoint is called once.
 * NGX_ERROR: it can't be asked.
 */
ngx_int_t ngx_http_usage_endpoint_ask(ngx_http_usage_ctx_t *ctx);

/*
 * Makes the URI that leads a request to the endpoint: its own, behind the
 * prefix of usage_translate.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_endpoint_uri(ngx_http_usage_ctx_t *ctx,
    ngx_pool_t *pool, ngx_str_t *uri);

/*
 * Lists the headers of r that go to an endpoint whose reply has to be read.
 * all: all except Accept-Encoding; otherwise only those that the call needs.
 * Signed headers are always among them.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_endpoint_headers(ngx_http_request_t *r,
    ngx_list_t *headers, ngx_uint_t all);


/* ngx_http_usage_pass.c: the request itself goes to the endpoint */

/*
 * Sends the client's request itself to the internal location; what comes back
 * is the reply.  Returns what the content handler is to return.
 */
ngx_int_t ngx_http_usage_pass(ngx_http_usage_ctx_t *ctx);

/*
 * Changes the headers of the endpoint's reply on its way to the client.
 * NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_pass_header(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r);


/* ngx_http_usage_capture.c: a copy of the endpoint's reply */

/* Takes the headers, or a part of the body, of the reply to the client. */
void ngx_http_usage_capture_header(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_capture_body(ngx_http_usage_ctx_t *ctx, ngx_chain_t *in);


/* ngx_http_usage_fallback.c: the endpoint is asked before the successors */

/*
 * Asks the endpoint.  The client gets its reply, or if that is no answer, a
 * translation.  NGX_DECLINED: the endpoint isn't asked now.
 */
ngx_int_t ngx_http_usage_fallback_start(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_probe.c: whether the endpoint answers at all */

/*
 * Starts a probe, as the endpoint gave the request no answer: a call of the
 * gateway's own.  why: what to say if that gets no answer either.
 */
void ngx_http_usage_probe_start(ngx_http_usage_ctx_t *ctx, const char *why);


/* ngx_http_usage_breaker.c: the circuit breaker, for all workers */

/* Adds its zone to the configuration, once.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_breaker_zone(ngx_conf_t *cf);

/*
 * Tells if the endpoint is to be asked: NGX_OK, or NGX_DECLINED if the breaker
 * is open.  After usage_fallback_for, one request at a time is half-open, and
 * has time milliseconds to get an answer.
 */
ngx_int_t ngx_http_usage_breaker_ask(ngx_http_usage_ctx_t *ctx,
    ngx_msec_t time);

/*
 * Tells if a probe is to find out whether the endpoint answers: NGX_OK, and it
 * has time milliseconds; NGX_DECLINED if the breaker is open, or another probe
 * is under way.
 */
ngx_int_t ngx_http_usage_breaker_doubt(ngx_http_usage_ctx_t *ctx,
    ngx_msec_t time);

/*
 * Opens the breaker, and logs why; closes it; or leaves it as it was.  The
 * latter two do so only for a probe, and for a request that was half-open.
 */
void ngx_http_usage_breaker_open(ngx_http_usage_ctx_t *ctx, const char *why);
void ngx_http_usage_breaker_close(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_breaker_leave(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_detached.c: requests without a client */

/*
 * Creates a request like r, with the given body, in the configuration of r's
 * location.  It has a connection of its own, and needs nothing of r any more.
 * Nothing runs yet.  NULL: memory, files or connections are out.
 */
ngx_http_request_t *ngx_http_usage_detached_create(ngx_http_request_t *r,
    u_char *body, size_t len);

/* Ends a detached request that has nothing under way. */
void ngx_http_usage_detached_end(ngx_http_request_t *r);


/* ngx_http_usage_detached_copy.c: what they have of a client's request */

/*
 * Copies the request line of r, its headers and its variables, and the given
 * body.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_copy_request(ngx_http_request_t *to,
    ngx_http_request_t *r, u_char *body, size_t len);

/* Copies a string, and puts a NUL behind it.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_copy(ngx_pool_t *pool, ngx_str_t *to,
    ngx_str_t *from);


/* ngx_http_usage_compare.c: a translation beside the endpoint's reply */

/* Read the arguments of the directives of the same names. */
char *ngx_http_usage_compare_sample(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_compare_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Decides if this request is compared, by usage_compare_sample. */
ngx_uint_t ngx_http_usage_compare_chooses(ngx_http_usage_ctx_t *ctx);

/*
 * Passes a request on whose body is complete, to compare the reply later.
 * Returns what the request is to be finalized with.
 */
ngx_int_t ngx_http_usage_compare_pass(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_compare_report.c: the result of a comparison */

/*
 * Logs and counts how the legacy endpoint's reply and the translated one
 * differ.  ctx: of the translation.
 */
void ngx_http_usage_compare_report(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_compare_reply_t *legacy,
    ngx_http_usage_compare_reply_t *translated);


#endif /* NGX_HTTP_USAGE_MODES_H */
