/* SPDX-License-Identifier: BSD-2-Clause */

#include "share/usage_resp.h"


/* digits of a length, with its sign; fewer than overflow 64 bits */
#define USAGE_RESP_DIGITS 18


static size_t
usage_resp_digits(size_t number)
{
    size_t digits;

    for (digits = 1; number > 9; number /= 10) {
        digits++;
    }

    return digits;
}


size_t
usage_resp_size(const usage_str_t *args, size_t n)
{
    size_t i, size;

    size = sizeof("*\r\n") - 1 + usage_resp_digits(n);

    for (i = 0; i < n; i++) {
        size += sizeof("$\r\n\r\n") - 1 + usage_resp_digits(args[i].len)
                + args[i].len;
    }

    return size;
}


/*
 * Writes the line of a count: "*3" or "$17".
 */
static char *
usage_resp_count(char *p, char type, size_t count)
{
    size_t i, digits;

    digits = usage_resp_digits(count);

    *p++ = type;

    for (i = digits; i > 0; i--) {
        p[i - 1] = (char) ('0' + count % 10);
        count /= 10;
    }

    p += digits;
    *p++ = '\r';
    *p++ = '\n';

    return p;
}


char *
usage_resp_write(char *p, const usage_str_t *args, size_t n)
{
    size_t i;

    p = usage_resp_count(p, '*', n);

    for (i = 0; i < n; i++) {
        p = usage_resp_count(p, '$', args[i].len);

        if (args[i].len > 0) {
            memcpy(p, args[i].data, args[i].len);
            p += args[i].len;
        }

        *p++ = '\r';
        *p++ = '\n';
    }

    return p;
}


void
usage_resp_init(usage_resp_t *resp, size_t skip, const usage_pool_t *pool)
{
    memset(resp, 0, sizeof(usage_resp_t));

    resp->skip = skip;
    resp->pool = pool;
}


/*
 * Reads the number of a line, from its second byte on.
 */
static bool
usage_resp_number(const usage_resp_t *resp, int64_t *number)
{
    bool        negative;
    const char *p, *end;

    p = resp->line + 1;
    end = resp->line + resp->len;
    negative = p < end && *p == '-';

    if (negative) {
        p++;
    }

    if (p == end || end - p > USAGE_RESP_DIGITS) {
        return false;
    }

    for (*number = 0; p < end; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }

        *number = 10 * *number + (*p - '0');
    }

    if (negative) {
        *number = -*number;
    }

    return true;
}


/*
 * Keeps the start of a line, without its type.
 */
static void
usage_resp_keep(usage_resp_t *resp)
{
    resp->text.len = resp->len - 1;

    if (resp->text.len > USAGE_RESP_TEXT_MAX) {
        resp->text.len = USAGE_RESP_TEXT_MAX;
    }

    memcpy(resp->kept, resp->line + 1, resp->text.len);
    resp->text.data = resp->kept;
}


/*
 * Begins a bulk string, of which so many bytes come.
 */
static usage_result_t
usage_resp_bulk(usage_resp_t *resp, int64_t size)
{
    if (size > (int64_t) USAGE_RESP_VALUE_MAX || size < -1) {
        return USAGE_ERROR;
    }

    if (size == -1) {
        resp->kind = USAGE_RESP_NIL;
        return USAGE_OK;
    }

    resp->kind = USAGE_RESP_BULK;
    resp->body = true;
    resp->left = (size_t) size + 2;
    resp->skips = resp->skip > 0;

    if (resp->skips) {
        return USAGE_AGAIN;
    }

    resp->bytes = usage_alloc(resp->pool, (size_t) size + 1);
    resp->text.data = resp->bytes;
    resp->text.len = (size_t) size;

    return resp->bytes != NULL ? USAGE_AGAIN : USAGE_ERROR;
}


/*
 * Takes a whole line.  USAGE_OK: the reply ends with it.
 */
static usage_result_t
usage_resp_line(usage_resp_t *resp)
{
    int64_t number;

    switch (resp->line[0]) {

    case '+':
        resp->kind = USAGE_RESP_STATUS;
        usage_resp_keep(resp);
        return USAGE_OK;

    case '-':
        resp->kind = USAGE_RESP_ERROR;
        resp->skip = 0;
        usage_resp_keep(resp);
        return USAGE_OK;

    case ':':
        resp->kind = USAGE_RESP_INTEGER;
        return usage_resp_number(resp, &resp->integer) ? USAGE_OK : USAGE_ERROR;

    case '$':
        return usage_resp_number(resp, &number) ? usage_resp_bulk(resp, number)
                                                : USAGE_ERROR;

    default:
        return USAGE_ERROR;
    }
}


/*
 * Takes bytes of a line, up to its end.
 */
static usage_result_t
usage_resp_feed_line(usage_resp_t *resp, const char **p, const char *end)
{
    char byte;

    while (*p < end) {
        byte = *(*p)++;

        if (byte == '\n') {
            if (resp->len < 2 || resp->line[resp->len - 1] != '\r') {
                return USAGE_ERROR;
            }

            resp->len--;

            return usage_resp_line(resp);
        }

        if (resp->len == USAGE_RESP_LINE_MAX
            || (resp->len > 0 && resp->line[resp->len - 1] == '\r'))
        {
            return USAGE_ERROR;
        }

        resp->line[resp->len++] = byte;
    }

    return USAGE_AGAIN;
}


/*
 * Takes bytes of a bulk string, and the CRLF behind them.
 */
static usage_result_t
usage_resp_feed_body(usage_resp_t *resp, const char **p, const char *end)
{
    size_t len;

    if (resp->left > 2) {
        len = resp->left - 2;

        if (len > (size_t) (end - *p)) {
            len = (size_t) (end - *p);
        }

        if (!resp->skips) {
            memcpy(resp->bytes + (resp->text.len - (resp->left - 2)), *p, len);
        }

        *p += len;
        resp->left -= len;
    }

    while (resp->left > 0 && resp->left <= 2 && *p < end) {
        if (*(*p)++ != (resp->left == 2 ? '\r' : '\n')) {
            return USAGE_ERROR;
        }

        resp->left--;
    }

    return resp->left == 0 ? USAGE_OK : USAGE_AGAIN;
}


usage_result_t
usage_resp_feed(usage_resp_t *resp, const char *data, size_t *len)
{
    const char    *p, *end;
    usage_result_t rc;

    p = data;
    end = data + *len;
    rc = USAGE_AGAIN;

    while (!resp->complete && p < end) {
        rc = resp->body ? usage_resp_feed_body(resp, &p, end)
                        : usage_resp_feed_line(resp, &p, end);

        if (rc == USAGE_ERROR) {
            break;
        }

        if (rc != USAGE_OK) {
            continue;
        }

        resp->body = false;
        resp->len = 0;

        if (resp->skip > 0) {
            resp->skip--;
            resp->kind = USAGE_RESP_NONE;

        } else {
            resp->complete = true;
        }
    }

    *len = (size_t) (p - data);

    if (rc == USAGE_ERROR) {
        return USAGE_ERROR;
    }

    return resp->complete ? USAGE_OK : USAGE_AGAIN;
}


bool
usage_resp_elsewhere(const usage_resp_t *resp)
{
    static const usage_str_t codes[] = {
        usage_string("READONLY"),
        usage_string("LOADING"),
        usage_string("MASTERDOWN"),
        usage_string("NOAUTH"),
        usage_string("WRONGPASS"),
        usage_string("MOVED"),
        usage_string("ASK"),
        usage_string("CLUSTERDOWN"),
        usage_string("BUSY"),
        usage_string("UNKILLABLE"),
    };

    size_t      i, len;
    const char *space;

    if (resp->kind != USAGE_RESP_ERROR) {
        return false;
    }

    space = memchr(resp->text.data, ' ', resp->text.len);
    len = space != NULL ? (size_t) (space - resp->text.data) : resp->text.len;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (len == codes[i].len
            && memcmp(resp->text.data, codes[i].data, len) == 0) {
            return true;
        }
    }

    return false;
}
