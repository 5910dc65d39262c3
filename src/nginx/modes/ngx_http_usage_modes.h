/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode: the part of the legacy endpoint in answering a request.
 */

#ifndef NGX_HTTP_USAGE_MODES_H
#define NGX_HTTP_USAGE_MODES_H

#include "fetch/ngx_http_usage_fetch.h"

#include "compare/usage_legacy.h"


/*
 * The legacy endpoint's reply, copied on its way to the client.
 */
typedef struct {
    ngx_pool_t                      *pool;    /* of the copy */
    ngx_event_t                      event;   /* the reply is complete */
    ngx_uint_t                       status;
    u_char                          *data;    /* of the body */
    size_t                           len;
    size_t                           size;    /* of data, bytes */
    unsigned                         encoded:1;
    unsigned                         too_large:1;
} ngx_http_usage_capture_t;


typedef struct ngx_http_usage_compare_s  ngx_http_usage_compare_t;


/*
 * What a request has to do with the legacy endpoint.
 */
struct ngx_http_usage_endpoint_s {

    /* the request itself goes there */

    ngx_str_t                        uri;         /* before it went */
    ngx_uint_t                       uri_changes; /* left afterwards */
    ngx_http_usage_capture_t        *capture;     /* of the reply, or NULL */

    /* it is asked first, by an upstream call */

    ngx_http_usage_fetch_t          *fetch;       /* under way, or NULL */
    ngx_msec_t                       time;        /* that it has, */
    ngx_msec_t                       since;       /* from then on */
    const char                      *silent;      /* why it didn't answer */
    unsigned                         half_open:1; /* it may be back */
    unsigned                         probe:1;     /* a call of the gateway's */

    /* Takes the verdict on the reply; why is NULL if that says nothing. */
    void                           (*judged)(ngx_http_usage_ctx_t *ctx,
                                             usage_legacy_t verdict,
                                             const char *why);

    /* The request ends before the endpoint answered. */
    void                           (*left)(ngx_http_usage_ctx_t *ctx);

    /* the translation is compared with its reply */

    ngx_http_usage_compare_t        *compare;
};


/*
 * One of two replies that are compared.
 */
typedef struct {
    ngx_uint_t                       status;
    usage_str_t                      body;
    usage_legacy_reply_t             read;    /* its error_code */
} ngx_http_usage_compare_reply_t;


/* ngx_http_usage_endpoint.c: the legacy endpoint asked by an upstream call */

/*
 * Returns the request's part with the endpoint, created if there is none.
 * NULL: memory is out.
 */
ngx_http_usage_endpoint_t *ngx_http_usage_endpoint(ngx_http_usage_ctx_t *ctx);

/*
 * Asks the endpoint; judged() or left() of ctx->endpoint follow.  NGX_ERROR: it
 * can't be asked.
 */
ngx_int_t ngx_http_usage_endpoint_ask(ngx_http_usage_ctx_t *ctx);

/*
 * Makes the URI of the request in the internal location.  NGX_ERROR: memory is
 * out.
 */
ngx_int_t ngx_http_usage_endpoint_uri(ngx_http_usage_ctx_t *ctx,
    ngx_pool_t *pool, ngx_str_t *uri);

/*
 * Makes a list of the headers of r as the endpoint gets them if its reply has to
 * be read: all but Accept-Encoding, or those alone that the call needs.  What is
 * signed is always among them.  NGX_ERROR: memory is out.
 */
ngx_int_t ngx_http_usage_endpoint_headers(ngx_http_request_t *r,
    ngx_list_t *headers, ngx_uint_t all);


/* ngx_http_usage_pass.c: the request itself goes to the endpoint */

/*
 * Sends the client's request itself to the internal location; what comes back
 * is the reply.  Returns what the content handler is to return.
 */
ngx_int_t ngx_http_usage_pass(ngx_http_usage_ctx_t *ctx);

/* Changes the header of a reply of the endpoint.  NGX_ERROR: memory is out. */
ngx_int_t ngx_http_usage_pass_header(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r);


/* ngx_http_usage_capture.c: a copy of the endpoint's reply */

/* Takes the header, or a part of the body, of the reply to the client. */
void ngx_http_usage_capture_header(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_capture_body(ngx_http_usage_ctx_t *ctx, ngx_chain_t *in);


/* ngx_http_usage_fallback.c: the endpoint is asked first */

/*
 * Asks the endpoint; its reply, or a translation, follows.  NGX_DECLINED: it
 * isn't asked now.
 */
ngx_int_t ngx_http_usage_fallback_start(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_probe.c: whether it is the endpoint's fault */

/*
 * The endpoint gave ctx's call no answer: makes a call of the gateway's own, in
 * case it has none for anybody.
 */
void ngx_http_usage_probe_start(ngx_http_usage_ctx_t *ctx, const char *why);


/* ngx_http_usage_breaker.c: endpoints that don't answer, of all workers */

/* Makes the zone, once in a configuration. */
ngx_int_t ngx_http_usage_breaker_zone(ngx_conf_t *cf);

/*
 * Tells whether the endpoint is to be asked: NGX_OK, or NGX_DECLINED.  If the
 * breaker is open, one request at a time asks, and has so many milliseconds.
 */
ngx_int_t ngx_http_usage_breaker_ask(ngx_http_usage_ctx_t *ctx,
    ngx_msec_t time);

/*
 * Tells whether a probe is to find out if the endpoint is gone: NGX_OK, or
 * NGX_DECLINED if that is known, or another probe has that time still.
 */
ngx_int_t ngx_http_usage_breaker_doubt(ngx_http_usage_ctx_t *ctx,
    ngx_msec_t time);

/* Opens the breaker, closes it, leaves it as it was. */
void ngx_http_usage_breaker_open(ngx_http_usage_ctx_t *ctx, const char *why);
void ngx_http_usage_breaker_close(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_breaker_leave(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_detached.c: a request without its client */

/*
 * Creates a request as r, with that body, in the configuration of r's location,
 * on a connection of its own; it needs nothing of r's any more.  Nothing runs
 * yet.  NULL: memory, files or connections are out.
 */
ngx_http_request_t *ngx_http_usage_detached_create(ngx_http_request_t *r,
    u_char *body, size_t len);

/* Ends it, once nothing of it is under way. */
void ngx_http_usage_detached_end(ngx_http_request_t *r);


/* ngx_http_usage_compare.c: the endpoint's reply and the translated one */

char *ngx_http_usage_compare_sample(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_compare_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Tells whether this request is among those that are compared. */
ngx_uint_t ngx_http_usage_compare_chooses(ngx_http_usage_ctx_t *ctx);

/*
 * Passes the request on, whose body is here; the reply is to be compared.
 * Returns what the request is to be finalized with.
 */
ngx_int_t ngx_http_usage_compare_pass(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_compare_report.c: what came of it, in a log */

/*
 * Logs what differs between the legacy endpoint's reply and the translated one,
 * ctx being the translation's context.
 */
void ngx_http_usage_compare_report(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_compare_reply_t *legacy,
    ngx_http_usage_compare_reply_t *translated);


#endif /* NGX_HTTP_USAGE_MODES_H */
