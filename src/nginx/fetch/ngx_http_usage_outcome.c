/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What became of an upstream call.  In: a fetch that is over.  Out: whether
 * the upstream answered, and if not, who is to blame.
 *
 * nginx makes a status of its own if a subrequest fails before an upstream
 * answers.  That status must not be told as the upstream's.
 */

#include "fetch/ngx_http_usage_fetch.h"

#include "base/ngx_http_usage_metrics.h"


/* the first bytes of a reply, each of which may become "\x00" */
#define NGX_HTTP_USAGE_BEGINS_MAX  (4 * NGX_HTTP_USAGE_HEAD)


static ngx_uint_t ngx_http_usage_outcome_unresolved(ngx_http_request_t *r);
static ngx_uint_t ngx_http_usage_cell(ngx_http_usage_fetch_t *fetch);


ngx_uint_t
ngx_http_usage_outcome_own(ngx_http_request_t *r, ngx_uint_t status)
{
    return r->upstream == NULL || r->upstream->headers_in.status_n != status;
}


ngx_http_usage_outcome_t
ngx_http_usage_outcome(ngx_http_usage_fetch_t *fetch)
{
    if (fetch->timed_out) {
        return NGX_HTTP_USAGE_TIMED_OUT;
    }

    if (fetch->own && fetch->status >= NGX_HTTP_SPECIAL_RESPONSE) {

        switch (fetch->status) {

        case NGX_HTTP_GATEWAY_TIME_OUT:
            return NGX_HTTP_USAGE_TIMED_OUT;

        case NGX_HTTP_BAD_GATEWAY:
            return ngx_http_usage_outcome_unresolved(fetch->request)
                       ? NGX_HTTP_USAGE_UNRESOLVED : NGX_HTTP_USAGE_UNREACHABLE;

        default:
            return NGX_HTTP_USAGE_NOT_MADE;
        }
    }

    if (fetch->nonsense) {
        return NGX_HTTP_USAGE_ANSWERED; /* it isn't read to its end */
    }

    if (!fetch->done) {
        return NGX_HTTP_USAGE_CANCELLED;
    }

    return fetch->complete ? NGX_HTTP_USAGE_ANSWERED
                           : NGX_HTTP_USAGE_INCOMPLETE;
}


/*
 * nginx doesn't keep the resolver's error.  But a name that had to be resolved
 * and wasn't has left no address.
 */

static ngx_uint_t
ngx_http_usage_outcome_unresolved(ngx_http_request_t *r)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    return u && u->resolved && u->resolved->sockaddr == NULL
           && u->resolved->naddrs == 0 && u->upstream == NULL;
}


void
ngx_http_usage_outcome_blame(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_fetch_t *fetch)
{
    size_t      i;
    u_char     *p, ch;
    ngx_str_t  *type;

    ctx->blame.uri = fetch->request->unparsed_uri;

    if (fetch->status == NGX_HTTP_FORBIDDEN && !fetch->own) {
        ctx->blame.action = usage_call_action(fetch->call.api);
    }

    i = 0;

    while (i < fetch->head_len
           && (fetch->head[i] == ' ' || fetch->head[i] == '\n'
               || fetch->head[i] == '\r' || fetch->head[i] == '\t'))
    {
        i++;
    }

    /*
     * A page of nginx itself says no more than its status.  What begins as
     * JSON has an error that says where it is wrong.
     */

    if (fetch->own || i == fetch->head_len || fetch->head[i] == '{') {
        return;
    }

    type = &fetch->request->headers_out.content_type;

    p = ngx_pnalloc(ctx->request->pool, type->len + sizeof(" \"\"") - 1
                                        + NGX_HTTP_USAGE_BEGINS_MAX);
    if (p == NULL) {
        return;
    }

    ctx->blame.reply.data = p;

    p = ngx_cpymem(p, type->data, type->len);
    p = ngx_cpymem(p, " \"", 2);

    for (i = 0; i < fetch->head_len; i++) {
        ch = fetch->head[i];

        if (ch < 0x20 || ch > 0x7e || ch == '"' || ch == '\\') {
            p = ngx_sprintf(p, "\\x%02xd", ch);

        } else {
            *p++ = ch;
        }
    }

    *p++ = '"';

    ctx->blame.reply.len = p - ctx->blame.reply.data;
}


void
ngx_http_usage_count_call(ngx_http_usage_fetch_t *fetch)
{
    ngx_uint_t                api, outcome;
    ngx_http_usage_counts_t  *counts;

    if (fetch->request == NULL || fetch->counted) {
        return;
    }

    fetch->counted = 1;

    counts = ngx_http_usage_counts(fetch->ctx->request);
    api = fetch->kind == NGX_HTTP_USAGE_FETCH_LEGACY
          ? NGX_HTTP_USAGE_API_LEGACY : fetch->call.api;
    outcome = ngx_http_usage_cell(fetch);

    (void) ngx_atomic_fetch_add(&counts->calls[api][outcome], 1);
}


/*
 * The cell of an upstream call: the status of its answer, or what came instead.
 */

static ngx_uint_t
ngx_http_usage_cell(ngx_http_usage_fetch_t *fetch)
{
    if (fetch->cached) {
        return NGX_HTTP_USAGE_CALL_CACHED;
    }

    switch (ngx_http_usage_outcome(fetch)) {

    case NGX_HTTP_USAGE_TIMED_OUT:
        return NGX_HTTP_USAGE_CALL_TIMEOUT;

    case NGX_HTTP_USAGE_UNRESOLVED:
    case NGX_HTTP_USAGE_UNREACHABLE:
        return NGX_HTTP_USAGE_CALL_UNREACHABLE;

    case NGX_HTTP_USAGE_NOT_MADE:
        return NGX_HTTP_USAGE_CALL_NOT_MADE;

    case NGX_HTTP_USAGE_INCOMPLETE:
        return NGX_HTTP_USAGE_CALL_INCOMPLETE;

    case NGX_HTTP_USAGE_CANCELLED:
        return NGX_HTTP_USAGE_CALL_CANCELLED;

    default:
        return ngx_min(fetch->status, NGX_HTTP_USAGE_STATUSES - 1);
    }
}
