/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Headers of a request: how they are found, and the lines that the canonical
 * request has of them.
 */

#include "sign/usage_sign_private.h"

#include <stdlib.h>
#include <strings.h>


/*
 * Finds the next header of a name from the *i-th on, and sets *i to the one
 * behind it.
 */
static const usage_header_t *
usage_sign_next_header(
    const usage_signed_t *request, usage_str_t name, size_t *i)
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


const usage_header_t *
usage_sign_header(const usage_signed_t *request, usage_str_t name)
{
    size_t i;

    i = 0;

    return usage_sign_next_header(request, name, &i);
}


bool
usage_sign_header_twice(const usage_signed_t *request, usage_str_t name)
{
    size_t i;

    i = 0;

    return usage_sign_next_header(request, name, &i) != NULL
           && usage_sign_next_header(request, name, &i) != NULL;
}


bool
usage_sign_next_name(usage_str_t *names, usage_str_t *name)
{
    const char *end;

    if (names->len == 0) {
        return false;
    }

    end = memchr(names->data, ';', names->len);

    name->data = names->data;
    name->len = end == NULL ? names->len : (size_t) (end - names->data);

    names->data += name->len + (end != NULL);
    names->len -= name->len + (end != NULL);

    return true;
}


usage_str_t
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


/*
 * A value of a signed header.
 */
typedef struct {
    size_t      name; /* its index among the names */
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
 * Compares a header's name, in any case, with a name in lower case, as for
 * qsort().
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
 * Takes names, joined by ";", apart.  NULL: memory is out.
 */
static usage_str_t *
usage_sign_split(usage_str_t names, const usage_pool_t *pool, size_t *count)
{
    size_t       i, n;
    usage_str_t *list;

    n = 1;

    for (i = 0; i < names.len; i++) {
        n += names.data[i] == ';' ? 1 : 0;
    }

    list = usage_alloc(pool, n * sizeof(usage_str_t));
    if (list == NULL) {
        return NULL;
    }

    for (*count = 0; usage_sign_next_name(&names, &list[*count]);) {
        (*count)++;
    }

    return list;
}


/*
 * Gives the values of the headers that are among count names, in the order of
 * these; *n of them.  A header that is sent several times has several values.
 * NULL: memory is out.
 */
static usage_sign_value_t *
usage_sign_values(const usage_signed_t *request, const usage_str_t *names,
    size_t count, const usage_pool_t *pool, size_t *n)
{
    size_t              i;
    usage_sign_value_t *values, *value;

    values =
        usage_alloc(pool, (request->count + 1) * sizeof(usage_sign_value_t));
    if (values == NULL) {
        return NULL;
    }

    /* each header is looked for once, however many names there are */

    for (i = 0, *n = 0; i < request->count; i++) {
        value = &values[*n];
        value->name = usage_sign_find(names, count, request->headers[i].name);

        if (value->name < count) {
            value->value = usage_sign_trimmed(request->headers[i].value);
            (*n)++;
        }
    }

    qsort(values, *n, sizeof(usage_sign_value_t), usage_sign_value_order);

    return values;
}


usage_result_t
usage_sign_headers(const usage_signed_t *request, usage_str_t names,
    const usage_pool_t *pool, usage_str_t *headers)
{
    char               *p;
    size_t              i, n, count, len;
    usage_str_t        *list;
    usage_sign_value_t *values;

    list = usage_sign_split(names, pool, &count);
    if (list == NULL) {
        return USAGE_ERROR;
    }

    values = usage_sign_values(request, list, count, pool, &n);
    if (values == NULL) {
        return USAGE_ERROR;
    }

    len = 1 + names.len;

    for (i = 0; i < n; i++) {
        len += list[values[i].name].len + 1 + values[i].value.len + 1;
    }

    p = usage_alloc(pool, len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    headers->data = p;

    for (i = 0; i < n; i++) {
        p = usage_str_write(p, list[values[i].name]);
        *p++ = ':';
        p = usage_str_write(p, values[i].value);
        *p++ = '\n';
    }

    *p++ = '\n';
    p = usage_str_write(p, names);

    headers->len = (size_t) (p - headers->data);

    return USAGE_OK;
}
