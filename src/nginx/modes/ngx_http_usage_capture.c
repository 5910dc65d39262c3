/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A copy of the legacy endpoint's reply.  In: its headers and its body, on
 * their way to the client.  Out: the body in one piece, and an event when it is
 * complete.
 */

#include "modes/ngx_http_usage_modes.h"


/* bytes that are allocated at first */
#define NGX_HTTP_USAGE_CAPTURE_SIZE  4096


static ngx_int_t ngx_http_usage_capture_keep(
    ngx_http_usage_capture_t *capture, u_char *data, size_t len);


void
ngx_http_usage_capture_header(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t        *r;
    ngx_http_usage_capture_t  *capture;

    r = ctx->request;
    capture = ctx->endpoint->capture;

    r->filter_need_in_memory = 1;

    capture->status = r->headers_out.status;
    capture->encoded = r->headers_out.content_encoding != NULL;
    capture->len = 0;
}


void
ngx_http_usage_capture_body(ngx_http_usage_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_buf_t                 *b;
    ngx_chain_t               *cl;
    ngx_http_usage_capture_t  *capture;

    capture = ctx->endpoint->capture;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)
            && ngx_http_usage_capture_keep(capture, b->pos, b->last - b->pos)
               != NGX_OK)
        {
            capture->too_large = 1;
        }

        if (b->last_buf && !capture->event.posted) {
            ngx_post_event(&capture->event, &ngx_posted_events);
        }
    }
}


/*
 * Appends to the copy.  NGX_ERROR: it is too large, or memory is out.
 */

static ngx_int_t
ngx_http_usage_capture_keep(ngx_http_usage_capture_t *capture, u_char *data,
    size_t len)
{
    u_char      *p;
    size_t       size;
    ngx_pool_t  *pool;

    if (capture->too_large
        || len > NGX_HTTP_USAGE_LEGACY_MAX - capture->len)
    {
        return NGX_ERROR;
    }

    if (capture->len + len > capture->size) {
        pool = capture->pool;

        size = ngx_max(capture->size * 2, NGX_HTTP_USAGE_CAPTURE_SIZE);
        size = ngx_max(size, capture->len + len);

        p = ngx_palloc(pool, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (capture->data) {
            ngx_memcpy(p, capture->data, capture->len);
            (void) ngx_pfree(pool, capture->data);
        }

        capture->data = p;
        capture->size = size;
    }

    ngx_memcpy(capture->data + capture->len, data, len);
    capture->len += len;

    return NGX_OK;
}
