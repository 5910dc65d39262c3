/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request as it comes in.  In: its path, its method, its body.  Out: the
 * request on its way, by usage_mode: to the legacy endpoint, to the successors,
 * or back with an error.
 */

#include "handler/ngx_http_usage_handler.h"
#include "call/ngx_http_usage_call.h"
#include "modes/ngx_http_usage_modes.h"
#include "reply/ngx_http_usage_reply.h"
#include "sign/ngx_http_usage_sign.h"


static void ngx_http_usage_check(ngx_http_usage_ctx_t *ctx);
static ngx_uint_t ngx_http_usage_passes(ngx_http_usage_ctx_t *ctx);
static ngx_int_t ngx_http_usage_read(ngx_http_usage_ctx_t *ctx,
    ngx_http_client_body_handler_pt next);
static void ngx_http_usage_read_body(ngx_http_request_t *r);
static void ngx_http_usage_start_pass(ngx_http_request_t *r);
static void ngx_http_usage_start(ngx_http_request_t *r);
static ngx_int_t ngx_http_usage_check_signature(ngx_http_usage_ctx_t *ctx);


ngx_int_t
ngx_http_usage_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_usage_ctx_t  *ctx;

    /* a context that is there is of a failed request (error_page) */

    ngx_http_set_ctx(r, NULL, ngx_http_usage_module);

    ctx = ngx_http_usage_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_usage_check(ctx);

    if (ngx_http_usage_passes(ctx)) {

        /* only a client's own request is found again and signed */

        if (r != r->main || !ngx_http_usage_signs_anew(ctx)) {
            return ngx_http_usage_pass(ctx);
        }

        return ngx_http_usage_read(ctx, ngx_http_usage_start_pass);
    }

    if (ctx->error.status) {
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            return rc;
        }

        r->main->count++;
        ngx_http_usage_reply_error(ctx, NULL);

        return NGX_DONE;
    }

    return ngx_http_usage_read(ctx, ngx_http_usage_start);
}


/*
 * Checks the path and the method: sets ctx->error if one is wrong.
 */

static void
ngx_http_usage_check(ngx_http_usage_ctx_t *ctx)
{
    /* what SDKs send that were not told a project id; nginx decodes %7B, %7D */

    static const usage_str_t  placeholder =
        usage_string("/v2/{project_id}/desktops/statistics/used");

    usage_str_t          path;
    ngx_http_request_t  *r;

    r = ctx->request;

    path.data = (char *) r->uri.data;
    path.len = r->uri.len;

    if (usage_str_equal(path, placeholder)) {
        (void) usage_error(&ctx->error, NGX_HTTP_NOT_FOUND,
                           "the client put \"{project_id}\" into the path: its "
                           "project id is not configured");

    } else if (!ngx_http_usage_route(ctx, path)) {
        (void) usage_error(&ctx->error, NGX_HTTP_NOT_FOUND,
                           "the path \"%.*s\" is not "
                           "/v2/{project_id}/desktops/statistics/used with a "
                           "project_id of 1 to 255 letters, digits, \"_\", "
                           "\"-\"", usage_shown(path), path.data);

    } else if (r->method != NGX_HTTP_POST) {
        (void) usage_error(&ctx->error, NGX_HTTP_NOT_ALLOWED,
                           "the method is %.*s; allowed: POST",
                           (int) ngx_min(r->method_name.len, USAGE_SHOWN_MAX),
                           r->method_name.data);
    }
}


/*
 * Tells if the request goes to the legacy endpoint at once.  In compare, those
 * do that aren't compared.  A path that is not that of the legacy call may be
 * anything, so it goes nowhere.
 */

static ngx_uint_t
ngx_http_usage_passes(ngx_http_usage_ctx_t *ctx)
{
    if (ctx->inbound.project_id.len == 0) {
        return 0;
    }

    if (ctx->answerer.mode == NGX_HTTP_USAGE_MODE_COMPARE) {
        return ctx->error.status || !ngx_http_usage_compare_chooses(ctx);
    }

    return ctx->answerer.mode == NGX_HTTP_USAGE_MODE_PASSTHROUGH;
}


/*
 * Reads the body, and goes on with next when it is complete.  Returns what the
 * content handler is to return.
 */

static ngx_int_t
ngx_http_usage_read(ngx_http_usage_ctx_t *ctx,
    ngx_http_client_body_handler_pt next)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_read_client_request_body(r, next);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    if (rc == NGX_AGAIN) {
        ctx->inbound.read_body = r->read_event_handler;
        r->read_event_handler = ngx_http_usage_read_body;
    }

    return NGX_DONE;
}


/*
 * Tells a client that is too slow with its body.  nginx alone would close the
 * connection.
 */

static void
ngx_http_usage_read_body(ngx_http_request_t *r)
{
    ngx_connection_t      *c;
    ngx_http_usage_ctx_t  *ctx;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    if (!c->read->timedout) {
        ctx->inbound.read_body(r);
        return;
    }

    c->read->timedout = 0;
    r->keepalive = 0;

    (void) usage_error(&ctx->error, NGX_HTTP_REQUEST_TIME_OUT,
                       "the body did not arrive in time");

    ngx_http_usage_reply_error(ctx, NULL);
}


/*
 * Goes on with a request that the legacy endpoint gets signed anew.
 */

static void
ngx_http_usage_start_pass(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    (void) ngx_http_usage_parse(ctx);

    if (ngx_http_usage_check_signature(ctx) == NGX_OK) {
        ngx_http_finalize_request(r, ngx_http_usage_pass(ctx));
    }
}


/*
 * Goes on with any other request when its body is complete.
 */

static void
ngx_http_usage_start(ngx_http_request_t *r)
{
    ngx_http_usage_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_usage_module);

    (void) ngx_http_usage_parse(ctx);

    if (ctx->answerer.mode != NGX_HTTP_USAGE_MODE_TRANSLATE
        && ngx_http_usage_check_signature(ctx) != NGX_OK)
    {
        return;
    }

    if (ctx->answerer.mode == NGX_HTTP_USAGE_MODE_COMPARE) {
        ngx_http_finalize_request(r, ngx_http_usage_compare_pass(ctx));
        return;
    }

    if (ctx->answerer.mode == NGX_HTTP_USAGE_MODE_FALLBACK
        && ngx_http_usage_fallback_start(ctx) == NGX_OK)
    {
        return;
    }

    ngx_http_usage_translate_call(ctx);
}


/*
 * Verifies the signature of a request that the legacy endpoint gets signed
 * anew.  NGX_ERROR: it is wrong, and the reply is sent.
 */

static ngx_int_t
ngx_http_usage_check_signature(ngx_http_usage_ctx_t *ctx)
{
    /* a body that isn't there is too large, as the error says */

    if (!ngx_http_usage_signs_anew(ctx)
        || (ctx->inbound.body.data && ngx_http_usage_verify(ctx) == NGX_OK))
    {
        return NGX_OK;
    }

    ngx_http_usage_reply_error(ctx, NULL);

    return NGX_ERROR;
}
