/* SPDX-License-Identifier: BSD-2-Clause */

#include "reply/ngx_http_usage_reply_headers.h"

#include "base/usage_calendar.h"
#include "base/usage_number.h"


static ngx_int_t ngx_http_usage_add_request_id(ngx_http_request_t *r);


ngx_int_t
ngx_http_usage_add_unattributed(ngx_http_usage_ctx_t *ctx)
{
    char      *p;
    ngx_str_t  hours;

    if (ctx->answer.unattributed == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, USAGE_HOURS_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    hours.data = (u_char *) p;
    hours.len = usage_hours_write_number(p, ctx->answer.unattributed) - p;

    return ngx_http_usage_add_header(ctx->request, "X-Usage-Unattributed",
                                     &hours);
}


ngx_int_t
ngx_http_usage_add_provisional(ngx_http_usage_ctx_t *ctx)
{
    char             *p;
    size_t            i, past;
    int64_t           now;
    ngx_str_t         dates;
    usage_day_t       day;
    usage_request_t  *request;

    request = &ctx->inbound.request;
    now = ngx_time();
    past = usage_request_past(request, usage_day_of(now));
    p = NULL;
    ngx_str_null(&dates);

    for (i = 0; i < past; i++) {
        day = request->first + (usage_day_t) i;

        if ((int64_t) day * USAGE_SECONDS_PER_DAY
            + ctx->conf->final_after <= now)
        {
            continue;
        }

        if (p == NULL) {
            p = ngx_pnalloc(ctx->request->pool,
                            (past - i) * (USAGE_DATE_LEN + 2));
            if (p == NULL) {
                return NGX_ERROR;
            }

            dates.data = (u_char *) p;

        } else {
            *p++ = ',';
            *p++ = ' ';
        }

        usage_day_write(day, p);
        p += USAGE_DATE_LEN;
    }

    if (p == NULL) {
        return NGX_OK;
    }

    dates.len = (u_char *) p - dates.data;

    return ngx_http_usage_add_header(ctx->request, "X-Usage-Provisional",
                                     &dates);
}


ngx_int_t
ngx_http_usage_add_retry_after(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *value)
{
    u_char    *p;
    ngx_str_t  text;

    if (value && value->len) {
        return ngx_http_usage_add_header(r, "Retry-After", value);
    }

    if (status != NGX_HTTP_TOO_MANY_REQUESTS || (value && value->data)) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text.data = p;
    text.len = ngx_sprintf(p, "%d", USAGE_RETRY_AFTER) - p;

    return ngx_http_usage_add_header(r, "Retry-After", &text);
}


ngx_int_t
ngx_http_usage_add_headers(ngx_http_usage_ctx_t *ctx)
{
    ngx_http_request_t         *r;
    ngx_http_usage_loc_conf_t  *ulcf;

    r = ctx->request;
    ulcf = ctx->conf;

    if ((ulcf->deprecation.len
         && ngx_http_usage_add_header(r, "Deprecation", &ulcf->deprecation)
            != NGX_OK)
        || (ulcf->sunset.len
            && ngx_http_usage_add_header(r, "Sunset", &ulcf->sunset) != NGX_OK)
        || (ulcf->link.len
            && ngx_http_usage_add_header(r, "Link", &ulcf->link) != NGX_OK))
    {
        return NGX_ERROR;
    }

    return ngx_http_usage_add_request_id(r);
}


/*
 * Adds X-Request-Id, if the reply has none yet.
 */

static ngx_int_t
ngx_http_usage_add_request_id(ngx_http_request_t *r)
{
    ngx_str_t         id;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &r->headers_out.headers.part;
    i = 0;

    while ((header = ngx_http_usage_find_header(&part, &i,
                                              ngx_http_usage_request_id_names))
           != NULL)
    {
        if (header->hash) {
            return NGX_OK;
        }
    }

    if (ngx_http_usage_request_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_usage_add_header(r, "X-Request-Id", &id);
}
