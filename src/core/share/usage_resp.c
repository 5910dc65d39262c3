/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * RESP2: a command is a list of bulks, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n".  A
 * reply is a line, "+OK\r\n", "-ERR ...\r\n", ":1\r\n", or a bulk,
 * "$1\r\na\r\n"; "$-1\r\n" is no value.
 */

#include "share/usage_resp.h"


/* what the next byte is */

enum {
    RESP_TYPE = 0, /* the first of a reply */
    RESP_LINE,     /* of its first line, or the CR behind it */
    RESP_LINE_LF,
    RESP_BULK,
    RESP_BULK_CR,
    RESP_BULK_LF,
    RESP_BAD /* nothing more is read */
};


/*
 * Writes a type, a number and CR LF.
 */
static char *
usage_resp_write_length(char *p, char type, size_t number)
{
    char   digits[20];
    size_t i;

    i = sizeof(digits);

    do {
        digits[--i] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);

    *p++ = type;
    memcpy(p, digits + i, sizeof(digits) - i);
    p += sizeof(digits) - i;
    *p++ = '\r';
    *p++ = '\n';

    return p;
}


size_t
usage_resp_size(const usage_str_t *args, size_t n)
{
    char   line[32];
    size_t i, size;

    size = (size_t) (usage_resp_write_length(line, '*', n) - line);

    for (i = 0; i < n; i++) {
        size +=
            (size_t) (usage_resp_write_length(line, '$', args[i].len) - line);
        size += args[i].len + 2;
    }

    return size;
}


char *
usage_resp_write(char *p, const usage_str_t *args, size_t n)
{
    size_t i;

    p = usage_resp_write_length(p, '*', n);

    for (i = 0; i < n; i++) {
        p = usage_resp_write_length(p, '$', args[i].len);
        p = usage_str_write(p, args[i]);
        *p++ = '\r';
        *p++ = '\n';
    }

    return p;
}


usage_result_t
usage_resp_command(const usage_str_t *args, size_t n, const usage_pool_t *pool,
    usage_str_t *command)
{
    char  *p;
    size_t size;

    size = usage_resp_size(args, n);

    p = usage_alloc(pool, size);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    (void) usage_resp_write(p, args, n);

    command->data = p;
    command->len = size;

    return USAGE_OK;
}


void
usage_resp_init(usage_resp_t *resp, size_t skip, const usage_pool_t *pool)
{
    memset(resp, 0, sizeof(usage_resp_t));

    resp->skip = skip;
    resp->pool = pool;
}


/*
 * Reads the number that is the line.  false: it is none, or too large.
 */
static bool
usage_resp_number(const usage_resp_t *resp, int64_t *number)
{
    bool    negative;
    size_t  i;
    int64_t value;

    negative = resp->len > 0 && resp->line[0] == '-';
    i = negative ? 1 : 0;

    /* 18 digits always fit */

    if (resp->len == i || resp->len - i > 18) {
        return false;
    }

    for (value = 0; i < resp->len; i++) {
        if (resp->line[i] < '0' || resp->line[i] > '9') {
            return false;
        }

        value = value * 10 + (resp->line[i] - '0');
    }

    *number = negative ? -value : value;

    return true;
}


/*
 * Ends a reply: it is the one that counts, or the next one follows.
 */
static void
usage_resp_end(usage_resp_t *resp)
{
    if (resp->skip > 0 && resp->kind != USAGE_RESP_ERROR) {
        usage_resp_init(resp, resp->skip - 1, resp->pool);
        return;
    }

    resp->complete = true;
}


/*
 * Begins a bulk, whose length is the line.  One that is too large is as good as
 * an error of Redis, whose other replies may be fine.
 */
static usage_result_t
usage_resp_begin_bulk(usage_resp_t *resp)
{
    static const usage_str_t large = usage_string("the value is too large");

    int64_t length;

    if (!usage_resp_number(resp, &length)) {
        return USAGE_ERROR;
    }

    if (length == -1) {
        resp->kind = USAGE_RESP_NIL;
        usage_resp_end(resp);
        return USAGE_OK;
    }

    if (length < 0) {
        return USAGE_ERROR;
    }

    if ((uint64_t) length > USAGE_RESP_VALUE_MAX) {
        resp->kind = USAGE_RESP_ERROR;
        resp->text = large;
        resp->large = true;
        usage_resp_end(resp);
        return USAGE_OK;
    }

    resp->kind = USAGE_RESP_BULK;
    resp->bytes = (size_t) length;
    resp->state = length == 0 ? RESP_BULK_CR : RESP_BULK;
    resp->bulk = usage_alloc(resp->pool, length == 0 ? 1 : resp->bytes);

    return resp->bulk == NULL ? USAGE_ERROR : USAGE_OK;
}


/*
 * Does what a line that is complete says.
 */
static usage_result_t
usage_resp_take_line(usage_resp_t *resp)
{
    if (resp->type == '$') {
        return usage_resp_begin_bulk(resp);
    }

    if (resp->type == ':') {
        if (!usage_resp_number(resp, &resp->integer)) {
            return USAGE_ERROR;
        }

        resp->kind = USAGE_RESP_INTEGER;

    } else {
        resp->kind = resp->type == '+' ? USAGE_RESP_STATUS : USAGE_RESP_ERROR;
        resp->text.data = resp->line;
        resp->text.len = resp->len;
    }

    usage_resp_end(resp);

    return USAGE_OK;
}


/*
 * Takes one byte of a line.
 */
static usage_result_t
usage_resp_line(usage_resp_t *resp, char c)
{
    if (c == '\r') {
        resp->state = RESP_LINE_LF;
        return USAGE_OK;
    }

    if (c == '\n') {
        return USAGE_ERROR;
    }

    if (resp->len < USAGE_RESP_LINE_MAX) {
        resp->line[resp->len++] = c;
        return USAGE_OK;
    }

    /* a text is cut; a number of so many digits is none */

    return resp->type == '+' || resp->type == '-' ? USAGE_OK : USAGE_ERROR;
}


/*
 * Takes one byte that is none of a bulk.
 */
static usage_result_t
usage_resp_byte(usage_resp_t *resp, char c)
{
    switch (resp->state) {

    case RESP_TYPE:
        resp->type = c;
        resp->state = RESP_LINE;
        return c == '+' || c == '-' || c == ':' || c == '$' ? USAGE_OK
                                                            : USAGE_ERROR;

    case RESP_LINE:
        return usage_resp_line(resp, c);

    case RESP_LINE_LF:
        return c == '\n' ? usage_resp_take_line(resp) : USAGE_ERROR;

    case RESP_BULK_CR:
        resp->state = RESP_BULK_LF;
        return c == '\r' ? USAGE_OK : USAGE_ERROR;

    case RESP_BULK_LF:
        if (c != '\n') {
            return USAGE_ERROR;
        }

        resp->text.data = resp->bulk;
        resp->text.len = resp->bytes;
        usage_resp_end(resp);
        return USAGE_OK;

    default: /* RESP_BAD */
        return USAGE_ERROR;
    }
}


/*
 * Takes bytes of a bulk, and gives how many.
 */
static size_t
usage_resp_bulk(usage_resp_t *resp, const char *data, size_t len)
{
    size_t n;

    n = resp->bytes - resp->have;
    n = n < len ? n : len;

    memcpy(resp->bulk + resp->have, data, n);
    resp->have += n;

    if (resp->have == resp->bytes) {
        resp->state = RESP_BULK_CR;
    }

    return n;
}


usage_result_t
usage_resp_feed(usage_resp_t *resp, const char *data, size_t *len)
{
    size_t i;

    for (i = 0; i < *len && !resp->complete;) {
        if (resp->state == RESP_BULK) {
            i += usage_resp_bulk(resp, data + i, *len - i);

        } else if (usage_resp_byte(resp, data[i++]) != USAGE_OK) {
            resp->state = RESP_BAD;
            break;
        }
    }

    /* all that comes behind the length of a large one is of that */

    if (!resp->large) {
        *len = i;
    }

    if (resp->state == RESP_BAD) {
        return USAGE_ERROR;
    }

    return resp->complete ? USAGE_OK : USAGE_AGAIN;
}


bool
usage_resp_elsewhere(const usage_resp_t *resp)
{
    size_t      i;
    const char *space;
    usage_str_t word;

    static const usage_str_t words[] = {
        usage_string("READONLY"),
        usage_string("LOADING"),
        usage_string("NOAUTH"),
        usage_string("WRONGPASS"),
        usage_string("MOVED"),
        usage_string("ASK"),
        usage_string("CLUSTERDOWN"),
        usage_string("MASTERDOWN"),
        usage_string("BUSY"),
    };

    if (!resp->complete || resp->kind != USAGE_RESP_ERROR) {
        return false;
    }

    word = resp->text;
    space = memchr(resp->line, ' ', resp->len);

    if (space != NULL) {
        word.len = (size_t) (space - resp->line);
    }

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (usage_str_equal(word, words[i])) {
            return true;
        }
    }

    return false;
}
