/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_percent.h"
#include "sign/usage_sign_query.h"

#include <stdlib.h>
#include <strings.h>


const usage_header_t *
usage_sign_header(const usage_signed_t *request, usage_str_t name, size_t *i)
{
    const usage_header_t *header;

    while (*i < request->count) {
        header = &request->headers[(*i)++];

        if (header->name.len == name.len
            && strncasecmp(header->name.data, name.data, name.len) == 0)
        {
            return header;
        }
    }

    return NULL;
}


static usage_str_t
usage_sign_trimmed(usage_str_t text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.len--;
    }

    while (
        text.len > 0
        && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
    {
        text.len--;
    }

    return text;
}


static char *
usage_sign_copy(char *p, usage_str_t text)
{
    if (text.len > 0) {
        memcpy(p, text.data, text.len);
    }

    return p + text.len;
}


/*
 * Each segment percent-encoded, always ending in "/"; "%2F" is no end of one.
 */
static char *
usage_sign_path(char *p, usage_str_t path, unsigned reading)
{
    char        c;
    size_t      len;
    bool        slash;
    usage_str_t character;

    slash = false;
    character.data = &c;
    character.len = 1;

    while (path.len > 0) {
        slash = path.data[0] == '/';
        len = usage_percent_decode(path, &c);

        if ((reading & USAGE_SIGN_PATH_AS_SENT) != 0) {
            c = path.data[0];
            len = 1;
        }

        if (slash) {
            *p++ = '/';

        } else {
            p = usage_percent_encode(p, character);
        }

        path.data += len;
        path.len -= len;
    }

    if (!slash) {
        *p++ = '/';
    }

    return p;
}


/*
 * A value of a signed header: of the name-th of the names.
 */
typedef struct {
    size_t      name;
    usage_str_t value;
} usage_sign_value_t;


static int
usage_sign_value_order(const void *one, const void *two)
{
    const usage_sign_value_t *a, *b;

    a = one;
    b = two;

    return a->name != b->name ? (a->name > b->name) - (a->name < b->name)
                              : usage_str_order(a->value, b->value);
}


/*
 * Which of a header's name, in any case, and a name in lower case is first.
 */
static int
usage_sign_name_order(usage_str_t header, usage_str_t name)
{
    size_t        i;
    unsigned char a, b;

    for (i = 0; i < header.len && i < name.len; i++) {
        a = (unsigned char) header.data[i];
        b = (unsigned char) name.data[i];
        a = a >= 'A' && a <= 'Z' ? (unsigned char) (a | 0x20) : a;

        if (a != b) {
            return a > b ? 1 : -1;
        }
    }

    return (header.len > name.len) - (header.len < name.len);
}


size_t
usage_sign_find(const usage_str_t *names, size_t count, usage_str_t header)
{
    int    order;
    size_t low, high, middle;

    low = 0;
    high = count;

    while (low < high) {
        middle = (low + high) / 2;
        order = usage_sign_name_order(header, names[middle]);

        if (order == 0) {
            return middle;
        }

        if (order > 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return count;
}


/*
 * The names, taken apart; gives how many, which list has room for.
 */
static size_t
usage_sign_split(usage_str_t names, usage_str_t *list)
{
    size_t      count;
    const char *end;

    for (count = 0; names.len > 0; count++) {
        end = memchr(names.data, ';', names.len);

        list[count].data = names.data;
        list[count].len = end == NULL ? names.len : (size_t) (end - names.data);

        names.data += list[count].len + (end == NULL ? 0 : 1);
        names.len -= list[count].len + (end == NULL ? 0 : 1);
    }

    return count;
}


usage_result_t
usage_sign_headers(const usage_signed_t *request, usage_str_t names,
    const usage_pool_t *pool, usage_str_t *headers)
{
    char               *p;
    size_t              i, n, count, len;
    usage_str_t        *list;
    usage_sign_value_t *values, *value;

    count = 1;

    for (i = 0; i < names.len; i++) {
        count += names.data[i] == ';' ? 1 : 0;
    }

    list = usage_alloc(pool, count * sizeof(usage_str_t));
    values =
        usage_alloc(pool, (request->count + 1) * sizeof(usage_sign_value_t));

    if (list == NULL || values == NULL) {
        return USAGE_ERROR;
    }

    count = usage_sign_split(names, list);
    len = 1 + names.len;

    /* each header is looked for once, however many names there are */

    for (i = 0, n = 0; i < request->count; i++) {
        value = &values[n];
        value->name = usage_sign_find(list, count, request->headers[i].name);

        if (value->name < count) {
            value->value = usage_sign_trimmed(request->headers[i].value);
            len += list[value->name].len + 1 + value->value.len + 1;
            n++;
        }
    }

    /* a line for each value, as a header may have several */

    qsort(values, n, sizeof(usage_sign_value_t), usage_sign_value_order);

    p = usage_alloc(pool, len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    headers->data = p;

    for (i = 0; i < n; i++) {
        p = usage_sign_copy(p, list[values[i].name]);
        *p++ = ':';
        p = usage_sign_copy(p, values[i].value);
        *p++ = '\n';
    }

    *p++ = '\n';
    p = usage_sign_copy(p, names);

    headers->len = (size_t) (p - headers->data);

    return USAGE_OK;
}


usage_result_t
usage_sign_canonical(const usage_signed_t *request, usage_str_t headers,
    usage_str_t content, unsigned reading, const usage_pool_t *pool,
    usage_str_t *canonical)
{
    char *p;

    p = usage_alloc(pool, request->method.len + 1 + 3 * request->path.len + 2
                              + usage_sign_query_max(request->query) + 1
                              + headers.len + 1 + content.len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    canonical->data = p;

    p = usage_sign_copy(p, request->method);
    *p++ = '\n';
    p = usage_sign_path(p, request->path, reading);
    *p++ = '\n';

    p = usage_sign_query(p, request->query, reading, pool);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    *p++ = '\n';
    p = usage_sign_copy(p, headers);
    *p++ = '\n';
    p = usage_sign_copy(p, content);

    canonical->len = (size_t) (p - canonical->data);

    return USAGE_OK;
}


bool
usage_sign_differs(const usage_signed_t *request, unsigned reading)
{
    if ((reading & USAGE_SIGN_PATH_AS_SENT) != 0
        && memchr(request->path.data, '%', request->path.len) == NULL)
    {
        return false;
    }

    if (request->query.len == 0) {
        return (reading & ~(unsigned) USAGE_SIGN_PATH_AS_SENT) == 0;
    }

    return (reading & USAGE_SIGN_PLUS_IS_SPACE) == 0
           || memchr(request->query.data, '+', request->query.len) != NULL;
}


usage_result_t
usage_sign_content(const usage_signed_t *request, char hex[USAGE_SIGN_HEX_LEN],
    usage_str_t *content)
{
    static const usage_str_t name = usage_string("x-sdk-content-sha256");

    size_t                i;
    const usage_header_t *header;

    i = 0;
    header = usage_sign_header(request, name, &i);

    if (header != NULL) {
        *content = usage_sign_trimmed(header->value);
        return USAGE_OK;
    }

    content->data = hex;
    content->len = USAGE_SIGN_HEX_LEN;

    return usage_sign_hash(request->body, hex);
}
