/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The canonical query: parameters decoded, sorted, and encoded again.
 */

#include "sign/usage_sign_private.h"
#include "base/usage_percent.h"

#include <stdlib.h>


typedef struct {
    usage_str_t name;   /* decoded */
    usage_str_t value;  /* decoded */
    usage_str_t first;  /* what it is sorted by: of the name */
    usage_str_t second; /* of the value */
} usage_parameter_t;


static int
usage_sign_parameter_order(const void *one, const void *two)
{
    int                      order;
    const usage_parameter_t *a, *b;

    a = one;
    b = two;

    order = usage_str_order(a->first, b->first);

    return order != 0 ? order : usage_str_order(a->second, b->second);
}


/*
 * Decodes text to *p, and moves *p behind it.
 */
static usage_str_t
usage_sign_decode(char **p, usage_str_t text, unsigned reading)
{
    size_t      len;
    usage_str_t decoded;

    decoded.data = *p;

    while (text.len > 0) {
        len = usage_percent_decode(text, *p);

        if (text.data[0] == '+' && (reading & USAGE_SIGN_PLUS_IS_SPACE) != 0) {
            **p = ' ';
        }

        (*p)++;
        text.data += len;
        text.len -= len;
    }

    decoded.len = (size_t) (*p - decoded.data);

    return decoded;
}


/*
 * Encodes text to *p, and moves *p behind it.
 */
static usage_str_t
usage_sign_encode(char **p, usage_str_t text)
{
    usage_str_t encoded;

    encoded.data = *p;
    *p = usage_percent_encode(*p, text);
    encoded.len = (size_t) (*p - encoded.data);

    return encoded;
}


/*
 * Reads a parameter, as it was sent.  The strings are written at p; gives the
 * end of them.
 */
static char *
usage_sign_parameter(
    usage_parameter_t *parameter, char *p, usage_str_t text, unsigned reading)
{
    const char *equals;
    usage_str_t name, value;

    equals = memchr(text.data, '=', text.len);

    name = text;
    value.data = "";
    value.len = 0;

    if (equals != NULL) {
        name.len = (size_t) (equals - text.data);
        value.data = equals + 1;
        value.len = text.len - name.len - 1;
    }

    parameter->name = usage_sign_decode(&p, name, reading);
    parameter->value = usage_sign_decode(&p, value, reading);
    parameter->first = parameter->name;
    parameter->second = parameter->value;

    if ((reading & USAGE_SIGN_SORT_DECODED) == 0) {
        parameter->first = usage_sign_encode(&p, parameter->name);
        parameter->second = usage_sign_encode(&p, parameter->value);
    }

    return p;
}


/*
 * Reads all parameters, whose strings are written at p; gives their number.
 * What is empty, as between two "&", is no parameter.
 */
static size_t
usage_sign_parameters(
    usage_parameter_t *parameters, char *p, usage_str_t query, unsigned reading)
{
    size_t      count;
    const char *end;
    usage_str_t text;

    count = 0;

    while (query.len > 0) {
        end = memchr(query.data, '&', query.len);

        text.data = query.data;
        text.len = end == NULL ? query.len : (size_t) (end - query.data);

        query.data += text.len;
        query.len -= text.len;

        if (end != NULL) {
            query.data++;
            query.len--;
        }

        if (text.len > 0) {
            p = usage_sign_parameter(&parameters[count++], p, text, reading);
        }
    }

    return count;
}


char *
usage_sign_query(
    char *p, usage_str_t query, unsigned reading, const usage_pool_t *pool)
{
    char              *memory;
    size_t             i, count;
    usage_parameter_t *parameters;

    if (query.len == 0) {
        return p;
    }

    count = 1;

    for (i = 0; i < query.len; i++) {
        count += query.data[i] == '&' ? 1 : 0;
    }

    /* (for what is decoded, and what that is encoded to) */

    memory = usage_alloc(pool, query.len + 3 * query.len);
    parameters = usage_alloc(pool, count * sizeof(usage_parameter_t));

    if (memory == NULL || parameters == NULL) {
        return NULL;
    }

    count = usage_sign_parameters(parameters, memory, query, reading);

    qsort(parameters, count, sizeof(usage_parameter_t),
        usage_sign_parameter_order);

    for (i = 0; i < count; i++) {
        if (i > 0) {
            *p++ = '&';
        }

        p = usage_percent_encode(p, parameters[i].name);
        *p++ = '=';
        p = usage_percent_encode(p, parameters[i].value);
    }

    return p;
}
