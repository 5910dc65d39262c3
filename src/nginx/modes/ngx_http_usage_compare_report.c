/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The result of a comparison.  In: two replies.  Out: counters, and if the
 * replies differ, a line of JSON in usage_compare_log or in the error log.
 */

#include "base/ngx_http_usage_metrics.h"
#include "modes/ngx_http_usage_modes.h"

#include "compare/usage_compare.h"
#include "base/usage_json.h"


/* differences that a line shows at most */
#define NGX_HTTP_USAGE_REPORT_MAX    10

/* bytes of a line in the error log; nginx cuts all of it at 2048 */
#define NGX_HTTP_USAGE_REPORT_SHORT  1200

/* bytes of the longest text in a line */
#define NGX_HTTP_USAGE_REPORT_TEXT   usage_json_string_max(USAGE_ID_BYTES_MAX)

/* bytes of all else in a line, or in a difference */
#define NGX_HTTP_USAGE_REPORT_REST   512


typedef struct {
    ngx_http_usage_ctx_t            *ctx;
    ngx_http_usage_compare_reply_t  *legacy;
    ngx_http_usage_compare_reply_t  *translated;
    usage_compare_t                  result;
    usage_error_t                    error; /* why there is no result */
    const char                      *word;  /* NULL: the replies are equal */
} ngx_http_usage_report_t;


/* the replies can't be compared */
static const char  ngx_http_usage_report_failed[] = "failed";


static void ngx_http_usage_report_line(ngx_http_usage_report_t *report);
static void ngx_http_usage_report_compare(ngx_http_usage_report_t *report);
static u_char *ngx_http_usage_report_head(ngx_http_usage_report_t *report,
    u_char *p);
static u_char *ngx_http_usage_report_reply(u_char *p, const char *name,
    ngx_http_usage_compare_reply_t *reply);
static u_char *ngx_http_usage_report_difference(u_char *p,
    usage_difference_t *difference);
static u_char *ngx_http_usage_report_text(u_char *p, const char *name,
    const char *data, size_t len);
static u_char *ngx_http_usage_report_credential(ngx_http_request_t *r,
    u_char *p);
static void ngx_http_usage_report_write(ngx_http_usage_ctx_t *ctx, u_char *p,
    size_t len);


void
ngx_http_usage_compare_report(ngx_http_usage_ctx_t *ctx,
    ngx_http_usage_compare_reply_t *legacy,
    ngx_http_usage_compare_reply_t *translated)
{
    ngx_log_t               *log;
    ngx_http_usage_report_t  report;

    ngx_memzero(&report, sizeof(ngx_http_usage_report_t));

    report.ctx = ctx;
    report.legacy = legacy;
    report.translated = translated;

    log = ctx->request->connection->log;
    log->action = NULL;

    ngx_http_usage_report_compare(&report);

    if (report.word == ngx_http_usage_report_failed) {
        ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_COMPARES_FAILED, 1);

    } else {
        ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_COMPARES, 1);
        ngx_http_usage_count(ctx->request, NGX_HTTP_USAGE_COMPARE_DIFFERENCES,
                             report.word ? 1 : 0);
    }

    if (report.word) {
        ngx_http_usage_report_line(&report);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, log, 0, "usage: compared: equal, %uz values",
                  report.result.values);
}


/*
 * Logs a line of JSON, with as many differences as there is room for.
 */

static void
ngx_http_usage_report_line(ngx_http_usage_report_t *report)
{
    u_char                *buffer, *p, *end;
    size_t                 i, max;
    usage_compare_t       *result;
    ngx_http_usage_ctx_t  *ctx;

    ctx = report->ctx;
    result = &report->result;

    buffer = ngx_pnalloc(ctx->request->pool,
                         7 * (NGX_HTTP_USAGE_REPORT_TEXT
                              + NGX_HTTP_USAGE_REPORT_REST)
                         + result->count * (5 * NGX_HTTP_USAGE_REPORT_TEXT
                                            + NGX_HTTP_USAGE_REPORT_REST));
    if (buffer == NULL) {
        return;
    }

    max = ctx->conf->compare_log ? NGX_MAX_SIZE_T_VALUE
                                 : NGX_HTTP_USAGE_REPORT_SHORT;

    p = ngx_http_usage_report_head(report, buffer);

    for (i = 0; i < result->count; i++) {
        end = p;

        if (i) {
            *end++ = ',';
        }

        end = ngx_http_usage_report_difference(end, &result->differences[i]);

        if ((size_t) (end - buffer) > max) {
            break;
        }

        p = end;
    }

    *p++ = ']';
    *p++ = '}';

    ngx_http_usage_report_write(ctx, buffer, p - buffer);
}


/*
 * Compares the two: sets report->result and report->word.
 */

static void
ngx_http_usage_report_compare(ngx_http_usage_report_t *report)
{
    ngx_http_usage_compare_reply_t  *legacy, *translated;

    legacy = report->legacy;
    translated = report->translated;

    if (translated->status == NGX_HTTP_TOO_MANY_REQUESTS
        || translated->status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        report->word = ngx_http_usage_report_failed;
        return;
    }

    if (legacy->status != translated->status
        || ngx_strcmp(legacy->read.code, translated->read.code) != 0)
    {
        report->word = "different";
        return;
    }

    if (legacy->status != NGX_HTTP_OK) {
        return;
    }

    if (usage_compare(&report->result, &report->ctx->pool, legacy->body,
                      translated->body, USAGE_COMPARE_TOLERANCE,
                      NGX_HTTP_USAGE_REPORT_MAX, &report->error)
        != USAGE_OK)
    {
        report->result.count = 0;
        report->word = ngx_http_usage_report_failed;
        return;
    }

    if (report->result.total) {
        report->word = "different";
    }
}


static u_char *
ngx_http_usage_report_head(ngx_http_usage_report_t *report, u_char *p)
{
    ngx_str_t             *client, id;
    usage_str_t           *project;
    const char            *detail;
    ngx_http_usage_ctx_t  *ctx;

    ctx = report->ctx;
    project = &ctx->inbound.project_id;
    client = &ctx->request->connection->addr_text;
    detail = report->error.detail[0] ? report->error.detail
                                     : ctx->error.detail;

    p = ngx_sprintf(p, "{\"time\":\"%V\",\"result\":\"%s\"",
                    &ngx_cached_http_log_iso8601, report->word);

    if (ngx_http_usage_request_id(ctx->request, &id) == NGX_OK) {
        p = ngx_http_usage_report_text(p, "request_id", (char *) id.data,
                                       id.len);
    }

    p = ngx_http_usage_report_text(p, "client", (char *) client->data,
                                   client->len);
    p = ngx_http_usage_report_credential(ctx->request, p);
    p = ngx_http_usage_report_text(p, "project_id", project->data,
                                   project->len);
    p = ngx_http_usage_report_reply(p, "legacy", report->legacy);
    p = ngx_http_usage_report_reply(p, "translated", report->translated);

    if (detail[0]) {
        p = ngx_http_usage_report_text(p, "error", detail,
                                       ngx_strlen(detail));
    }

    return ngx_sprintf(p, ",\"values\":%uz,\"differences\":%uz,\"first\":[",
                       report->result.values, report->result.total);
}


static u_char *
ngx_http_usage_report_reply(u_char *p, const char *name,
    ngx_http_usage_compare_reply_t *reply)
{
    p = ngx_sprintf(p, ",\"%s\":{\"status\":%ui", name, reply->status);

    if (reply->read.code[0]) {
        p = ngx_http_usage_report_text(p, "error_code", reply->read.code,
                                       ngx_strlen(reply->read.code));
    }

    *p++ = '}';

    return p;
}


static u_char *
ngx_http_usage_report_difference(u_char *p, usage_difference_t *difference)
{
    u_char  *start;

    start = p;

    p = ngx_http_usage_report_text(p, "desktop", difference->desktop.data,
                                   difference->desktop.len);
    p = ngx_http_usage_report_text(p, "date", difference->time.data,
                                   difference->time.len);
    p = ngx_http_usage_report_text(p, "what", difference->what.data,
                                   difference->what.len);
    p = ngx_http_usage_report_text(p, "legacy", difference->legacy.data,
                                   difference->legacy.len);
    p = ngx_http_usage_report_text(p, "translated",
                                   difference->translated.data,
                                   difference->translated.len);

    *start = '{';
    *p++ = '}';

    return p;
}


/*
 * Writes a comma and a member.  Its value is cut to the length of an id.
 */

static u_char *
ngx_http_usage_report_text(u_char *p, const char *name, const char *data,
    size_t len)
{
    usage_str_t  text;

    text.data = data;
    text.len = ngx_min(len, USAGE_ID_BYTES_MAX);

    p = ngx_sprintf(p, ",\"%s\":", name);

    return (u_char *) usage_json_write_string((char *) p, text);
}


/*
 * Writes $usage_credential, as the access log has it.
 */

static u_char *
ngx_http_usage_report_credential(ngx_http_request_t *r, u_char *p)
{
    static ngx_str_t  name = ngx_string("usage_credential");

    ngx_http_variable_value_t  *value;

    value = ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));

    if (value == NULL || value->not_found) {
        return p;
    }

    return ngx_http_usage_report_text(p, "credential", (char *) value->data,
                                      value->len);
}


static void
ngx_http_usage_report_write(ngx_http_usage_ctx_t *ctx, u_char *p, size_t len)
{
    ssize_t           n;
    ngx_log_t        *log;
    ngx_open_file_t  *file;

    log = ctx->request->connection->log;
    file = ctx->conf->compare_log;

    if (file == NULL) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "usage: compared: %*s", len, p);
        return;
    }

    p[len++] = '\n';

    n = ngx_write_fd(file->fd, p, len);

    if (n != (ssize_t) len) {
        ngx_log_error(NGX_LOG_ERR, log, n == -1 ? ngx_errno : 0,
                      ngx_write_fd_n " to \"%V\" failed", &file->name);
    }
}
