/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The two forms of a page of usage_status.  In: metrics and samples.  Out: text
 * for Prometheus, or JSON.
 */

#include "status/ngx_http_usage_status.h"


static void ngx_http_usage_page_value(ngx_http_usage_page_t *page,
    uint64_t value, ngx_http_usage_unit_t unit);
static void ngx_http_usage_page_put(ngx_http_usage_page_t *page,
    const void *data, size_t len);
static void ngx_http_usage_page_text(ngx_http_usage_page_t *page,
    const char *text);
static void ngx_http_usage_page_name(ngx_http_usage_page_t *page);


void
ngx_http_usage_page_begin(ngx_http_usage_page_t *page, u_char *pos)
{
    page->pos = pos;
    page->len = 0;
    page->series = 0;

    if (page->json) {
        ngx_http_usage_page_text(page, "{\n");
    }
}


void
ngx_http_usage_page_end(ngx_http_usage_page_t *page)
{
    if (page->json) {
        ngx_http_usage_page_text(page, "\n}\n");
    }
}


void
ngx_http_usage_page_metric(ngx_http_usage_page_t *page, char *name, char *type,
    char *help)
{
    page->name = name;
    page->suffix = "";

    if (page->json) {
        return;
    }

    ngx_http_usage_page_text(page, "# HELP ");
    ngx_http_usage_page_text(page, name);
    ngx_http_usage_page_text(page, " ");
    ngx_http_usage_page_text(page, help);
    ngx_http_usage_page_text(page, "\n# TYPE ");
    ngx_http_usage_page_text(page, name);
    ngx_http_usage_page_text(page, " ");
    ngx_http_usage_page_text(page, type);
    ngx_http_usage_page_text(page, "\n");
}


void
ngx_http_usage_page_series(ngx_http_usage_page_t *page, char *suffix)
{
    page->suffix = suffix;
    page->samples = 0;

    if (page->json) {
        ngx_http_usage_page_name(page);
        ngx_http_usage_page_text(page, "[");
    }
}


void
ngx_http_usage_page_series_end(ngx_http_usage_page_t *page)
{
    if (page->json) {
        ngx_http_usage_page_text(page, "\n]");
    }
}


void
ngx_http_usage_page_sample(ngx_http_usage_page_t *page, ngx_keyval_t *labels,
    uint64_t value, ngx_http_usage_unit_t unit)
{
    ngx_keyval_t  *label;

    if (page->json) {
        ngx_http_usage_page_text(page, page->samples++ ? ",\n  {" : "\n  {");

    } else {
        ngx_http_usage_page_name(page);
        ngx_http_usage_page_text(page, "{");
    }

    for (label = labels; label->key.len; label++) {

        if (label != labels) {
            ngx_http_usage_page_text(page, page->json ? ", " : ",");
        }

        ngx_http_usage_page_text(page, page->json ? "\"" : "");
        ngx_http_usage_page_put(page, label->key.data, label->key.len);
        ngx_http_usage_page_text(page, page->json ? "\": \"" : "=\"");
        ngx_http_usage_page_put(page, label->value.data, label->value.len);
        ngx_http_usage_page_text(page, "\"");
    }

    ngx_http_usage_page_text(page, page->json ? ", \"value\": " : "} ");
    ngx_http_usage_page_value(page, value, unit);
    ngx_http_usage_page_text(page, page->json ? "}" : "\n");
}


void
ngx_http_usage_page_single(ngx_http_usage_page_t *page, uint64_t value,
    ngx_http_usage_unit_t unit)
{
    ngx_http_usage_page_name(page);

    if (!page->json) {
        ngx_http_usage_page_text(page, " ");
    }

    ngx_http_usage_page_value(page, value, unit);

    if (!page->json) {
        ngx_http_usage_page_text(page, "\n");
    }
}


static void
ngx_http_usage_page_name(ngx_http_usage_page_t *page)
{
    if (page->json) {
        ngx_http_usage_page_text(page, page->series++ ? ",\n\"" : "\"");
    }

    ngx_http_usage_page_text(page, page->name);
    ngx_http_usage_page_text(page, page->suffix);

    if (page->json) {
        ngx_http_usage_page_text(page, "\": ");
    }
}


static void
ngx_http_usage_page_value(ngx_http_usage_page_t *page, uint64_t value,
    ngx_http_usage_unit_t unit)
{
    u_char  *p, text[NGX_INT64_LEN + sizeof(".000")];

    if (unit == NGX_HTTP_USAGE_MILLISECONDS) {
        p = ngx_sprintf(text, "%uL.%03uL", value / 1000, value % 1000);

    } else {
        p = ngx_sprintf(text, "%uL", value);
    }

    ngx_http_usage_page_put(page, text, p - text);
}


static void
ngx_http_usage_page_put(ngx_http_usage_page_t *page, const void *data,
    size_t len)
{
    if (page->pos) {
        page->pos = ngx_cpymem(page->pos, data, len);
    }

    page->len += len;
}


static void
ngx_http_usage_page_text(ngx_http_usage_page_t *page, const char *text)
{
    ngx_http_usage_page_put(page, text, ngx_strlen(text));
}


ngx_int_t
ngx_http_usage_page_label(ngx_pool_t *pool, ngx_str_t *from, ngx_str_t *to)
{
    u_char   *p, *q, *last, *next;
    uint32_t  c;

    q = ngx_pnalloc(pool, 2 * from->len);
    if (q == NULL) {
        return NGX_ERROR;
    }

    to->data = q;
    p = from->data;
    last = p + from->len;

    while (p < last) {
        next = p + 1;
        c = *p;

        if (c >= 0x80) {
            next = p;
            c = ngx_utf8_decode(&next, last - p);
        }

        if (c == '\n') {
            *q++ = '\\';
            *q++ = 'n';

        } else if (c == '"' || c == '\\') {
            *q++ = '\\';
            *q++ = (u_char) c;

        } else if (c < 0x20 || c == 0x7f || c > 0x10ffff
                   || (c >= 0xd800 && c <= 0xdfff))
        {
            /* one wrong byte becomes "?"; the next is looked at by itself */

            *q++ = '?';
            next = p + 1;

        } else {
            q = ngx_cpymem(q, p, next - p);
        }

        p = next;
    }

    to->len = q - to->data;

    return NGX_OK;
}
