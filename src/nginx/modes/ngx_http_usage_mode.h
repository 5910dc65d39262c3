/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage_mode: the legacy endpoint's part in answering a call.
 */

#ifndef NGX_HTTP_USAGE_MODE_H
#define NGX_HTTP_USAGE_MODE_H

#include "base/ngx_http_usage.h"

#include "compare/usage_legacy.h"


/*
 * One of two replies that are compared.
 */
typedef struct {
    ngx_uint_t                       status;
    usage_str_t                      body;
    usage_legacy_reply_t             read;    /* its error_code */
} ngx_http_usage_compare_reply_t;


/* ngx_http_usage_mode.c: who answers the legacy call */

char *ngx_http_usage_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Sets ctx->mode, as usage_mode has it for this call. */
void ngx_http_usage_set_mode(ngx_http_usage_ctx_t *ctx);

/* Whether calls in a location may be of that mode. */
ngx_uint_t ngx_http_usage_mode_may_be(ngx_http_usage_loc_conf_t *conf,
    ngx_http_usage_mode_t mode);

/* Who answers it, so far. */
ngx_http_usage_mode_t ngx_http_usage_mode_done(ngx_http_usage_ctx_t *ctx);

/* What they are called in the configuration, in $usage_mode and in metrics. */
extern ngx_str_t  ngx_http_usage_modes[NGX_HTTP_USAGE_MODES];

/* The URI of the legacy call in the internal location. */
ngx_int_t ngx_http_usage_legacy_uri(ngx_http_usage_ctx_t *ctx,
    ngx_pool_t *pool, ngx_str_t *uri);

/*
 * Sends the client's request itself to the internal location; what comes back
 * is the reply.  Gives what the content handler is to return.
 */
ngx_int_t ngx_http_usage_pass(ngx_http_usage_ctx_t *ctx);

/*
 * The context of the legacy call that r makes, also after it was passed on, or
 * NULL.
 */
ngx_http_usage_ctx_t *ngx_http_usage_find_ctx(ngx_http_request_t *r);

/* What is done to the header of a reply of the legacy endpoint. */
ngx_int_t ngx_http_usage_pass_header(ngx_http_usage_ctx_t *ctx,
    ngx_http_request_t *r);


/* ngx_http_usage_legacy.c: the legacy endpoint asked first (fallback) */

/*
 * Asks it; the reply, or a translation, follows.  NGX_DECLINED: it isn't asked
 * now.
 */
ngx_int_t ngx_http_usage_legacy_start(ngx_http_usage_ctx_t *ctx);

/*
 * Asks it in a detached request: a probe.  NGX_ERROR: it can't be asked.
 */
ngx_int_t ngx_http_usage_legacy_ask(ngx_http_usage_ctx_t *ctx);

/*
 * Makes of the subrequest sr the client's own call, with all that it needs.
 */
ngx_int_t ngx_http_usage_legacy_request(ngx_http_request_t *r,
    ngx_http_request_t *sr);

/*
 * Makes a list of the headers of r as the legacy endpoint gets them where its
 * reply has to be read: all but Accept-Encoding, or those alone that the call
 * needs.  What is signed is always among them.
 */
ngx_int_t ngx_http_usage_legacy_headers(ngx_http_request_t *r,
    ngx_list_t *headers, ngx_uint_t all);

/* The legacy call ends, or its client left. */
void ngx_http_usage_legacy_end(ngx_http_usage_ctx_t *ctx);


/* ngx_http_usage_probe.c: whether it is the endpoint's fault */

/*
 * The endpoint gave ctx's call no answer: makes a call of the gateway's own, for
 * the case that it has none for anybody.
 */
void ngx_http_usage_probe_start(ngx_http_usage_ctx_t *ctx, const char *why);

/* The probe is over: why the endpoint gave no answer, or NULL where it did. */
void ngx_http_usage_probe_end(ngx_http_usage_ctx_t *ctx, const char *why);


/* ngx_http_usage_detached.c: a call without its client */

/*
 * A request as r, with that body, in the configuration of r's location, on a
 * connection of its own; it needs nothing of r's any more.  Nothing runs yet.
 */
ngx_http_request_t *ngx_http_usage_detached_create(ngx_http_request_t *r,
    u_char *body, size_t len);

/* Ends it, once nothing of it is under way. */
void ngx_http_usage_detached_end(ngx_http_request_t *r);


/* ngx_http_usage_compare.c: the legacy endpoint's reply and the translated one */

char *ngx_http_usage_compare_sample(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_usage_compare_log(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* Whether this call is among those that are compared. */
ngx_uint_t ngx_http_usage_compare_chooses(ngx_http_usage_ctx_t *ctx);

/*
 * Passes the call on, whose body is here; the reply is to be compared.  Gives
 * what the request is to be finalized with.
 */
ngx_int_t ngx_http_usage_compare_pass(ngx_http_usage_ctx_t *ctx);

/* What is seen of the reply on its way to the client: its header, its body. */
void ngx_http_usage_compare_header(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_compare_body(ngx_http_usage_ctx_t *ctx, ngx_chain_t *in);

/* Takes the translated reply; the detached request ends with it. */
void ngx_http_usage_compare_take(ngx_http_usage_ctx_t *ctx, ngx_uint_t status,
    u_char *data, size_t len);

/* Ends a detached request in the middle of what it does. */
void ngx_http_usage_compare_abandon(ngx_http_request_t *r);


/* ngx_http_usage_compare_report.c: what came of it, in a log */

/*
 * Logs what differs between the legacy endpoint's reply and the translated one,
 * ctx being the translation's context.
 */
void ngx_http_usage_compare_report(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_compare_reply_t *legacy,
    ngx_http_usage_compare_reply_t *translated);


/* ngx_http_usage_breaker.c: legacy endpoints that don't answer, of all workers */

/* Makes the zone. */
ngx_int_t ngx_http_usage_breaker_zone(ngx_conf_t *cf);

/*
 * Whether the endpoint is to be asked: NGX_OK, or NGX_DECLINED.  One that is
 * gone is asked by one call at a time: it has so much time to tell.
 */
ngx_int_t ngx_http_usage_breaker_ask(ngx_http_usage_ctx_t *ctx, ngx_msec_t time);

/*
 * Whether a probe is to find out if the endpoint is gone: NGX_OK, or
 * NGX_DECLINED where that is known, or another probe has that time still.
 */
ngx_int_t ngx_http_usage_breaker_doubt(ngx_http_usage_ctx_t *ctx,
    ngx_msec_t time);

/* What came of it: it doesn't answer, it does, or nobody knows. */
void ngx_http_usage_breaker_set(ngx_http_usage_ctx_t *ctx, const char *why);
void ngx_http_usage_breaker_clear(ngx_http_usage_ctx_t *ctx);
void ngx_http_usage_breaker_leave(ngx_http_usage_ctx_t *ctx);


#endif /* NGX_HTTP_USAGE_MODE_H */
