/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What is said of operations that brought nothing.  In: an operation.  Out: a
 * line in the log, seldom: a Redis that is away must not fill it.
 */

#include "share/ngx_http_usage_share.h"

#include "base/usage_error.h"


/* milliseconds between two lines of a kind */
#define NGX_HTTP_USAGE_SHARE_LOG_EACH  10000


static size_t ngx_http_usage_share_said(ngx_http_usage_op_t *op, char *said);


ngx_str_t  ngx_http_usage_share_kinds[NGX_HTTP_USAGE_SHARE_OPS] = {
    ngx_string("get"),
    ngx_string("put"),
    ngx_string("pace"),
    ngx_string("hold"),
    ngx_string("lock"),
    ngx_string("renew"),
    ngx_string("unlock")
};


void
ngx_http_usage_share_log_op(ngx_http_usage_op_t *op)
{
    char                     said[USAGE_SHOWN_MAX];
    size_t                   len;
    ngx_log_t               *log;
    ngx_str_t               *kind;
    ngx_http_usage_share_t  *share;

    share = op->fetch.ctx->conf->share;

    if (op->outcome == NGX_HTTP_USAGE_SHARE_DONE
        || op->outcome == NGX_HTTP_USAGE_SHARE_SKIPPED
        || !ngx_http_usage_share_may_log(share->peer, op->outcome))
    {
        return;
    }

    log = op->fetch.ctx->request->connection->log;
    kind = &ngx_http_usage_share_kinds[op->kind];
    len = ngx_http_usage_share_said(op, said);

    if (op->outcome == NGX_HTTP_USAGE_SHARE_TIMED_OUT) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage: Redis at \"%V\" did not reply in time (%V)",
                      &share->uri, kind);

    } else if (op->starved) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage: the reply of Redis at \"%V\" needs more than "
                      "usage_memory (%V)", &share->uri, kind);

    } else if (op->resp.pool == NULL) {

        /* no handler of ours has seen it */

        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage: \"%V\" leads to no location with "
                      "usage_redis_pass: nginx answered %ui (%V)",
                      &share->uri, op->fetch.status, kind);

    } else if (len) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage: Redis at \"%V\" refused (%V): \"%*s\"",
                      &share->uri, kind, len, said);

    } else {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "usage: Redis at \"%V\" could not be reached, or its "
                      "reply was not one of Redis (%V)", &share->uri, kind);
    }
}


/*
 * Copies the error of the last server, made safe for a log.  Some errors repeat
 * the arguments of a command, among which is a password: that isn't copied.
 */

static size_t
ngx_http_usage_share_said(ngx_http_usage_op_t *op, char *said)
{
    static const char  args[] = ", with args";

    size_t       i;
    usage_str_t  text;

    if (op->resp.kind != USAGE_RESP_ERROR || !op->resp.complete) {
        return 0;
    }

    text = op->resp.text;

    for (i = 0; i + sizeof(args) - 1 <= text.len; i++) {
        if (ngx_memcmp(text.data + i, args, sizeof(args) - 1) == 0) {
            text.len = i;
        }
    }

    return usage_show(text, said);
}


ngx_uint_t
ngx_http_usage_share_may_log(ngx_http_usage_share_peer_t *peer,
    ngx_uint_t kind)
{
    ngx_msec_t         now;
    ngx_atomic_t      *logged;
    ngx_atomic_uint_t  last;

    logged = &peer->logged[kind];
    last = *logged;
    now = ngx_current_msec;

    if (last && now - last < NGX_HTTP_USAGE_SHARE_LOG_EACH) {
        return 0;
    }

    return ngx_atomic_cmp_set(logged, last, now);
}
