/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How a request is woken if something happened to one of its upstream calls.
 *
 * nginx may do that inside a callback, as of its resolver, which still needs
 * the other subrequests.  So a request is woken by an event: no subrequest is
 * ended before the callback has returned.
 */

#include "fetch/ngx_http_usage_fetch.h"


static void ngx_http_usage_undelay(ngx_http_request_t *r);


void
ngx_http_usage_wake(ngx_http_usage_ctx_t *ctx)
{
    if (!ctx->fetches->ended) {
        ngx_post_event(&ctx->fetches->wake, &ngx_posted_events);
    }
}


/*
 * A subrequest is done, or the client's connection is ready for output, which
 * only a subrequest may wait for.
 */

void
ngx_http_usage_wake_handler(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    ngx_http_usage_undelay(r);
    ngx_http_usage_wake(ctx);
}


/*
 * limit_req's delay of one subrequest ends if another deleted its timer.
 */

static void
ngx_http_usage_undelay(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;

    if (wev->delayed && !wev->timer_set) {
        wev->delayed = 0;
    }
}


void
ngx_http_usage_calm(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    wev->delayed = 0;
    wev->timedout = 0;
}
