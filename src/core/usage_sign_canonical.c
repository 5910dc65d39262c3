#include "usage_percent.h"
#include "usage_sign_query.h"

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
 * A line for each value of a signed header, as it may have several.
 */
static char *
usage_sign_lines(char *p, const usage_signed_t *request, usage_str_t name,
    usage_str_t *values)
{
    size_t                i, count;
    const usage_header_t *header;

    i = 0;
    count = 0;

    while ((header = usage_sign_header(request, name, &i)) != NULL) {
        values[count++] = usage_sign_trimmed(header->value);
    }

    if (count > 1) {
        qsort(values, count, sizeof(usage_str_t), usage_str_order_sort);
    }

    for (i = 0; i < count; i++) {
        p = usage_sign_copy(p, name);
        *p++ = ':';
        p = usage_sign_copy(p, values[i]);
        *p++ = '\n';
    }

    return p;
}


/*
 * The lines of all headers that names has, and the names themselves.
 */
static char *
usage_sign_headers(char *p, const usage_signed_t *request, usage_str_t names,
    usage_str_t *values)
{
    const char *end;
    usage_str_t name, rest;

    for (rest = names; rest.len > 0; /* void */) {
        end = memchr(rest.data, ';', rest.len);

        name.data = rest.data;
        name.len = end == NULL ? rest.len : (size_t) (end - rest.data);

        p = usage_sign_lines(p, request, name, values);

        rest.data += name.len + (end == NULL ? 0 : 1);
        rest.len -= name.len + (end == NULL ? 0 : 1);
    }

    *p++ = '\n';

    return usage_sign_copy(p, names);
}


/*
 * The length of the canonical request at most; no name is in names twice.
 */
static size_t
usage_sign_max(
    const usage_signed_t *request, usage_str_t names, usage_str_t content)
{
    size_t i, len;

    len = request->method.len + 1 + 3 * request->path.len + 2
          + usage_sign_query_max(request->query) + 1 + names.len + 2
          + content.len;

    for (i = 0; i < request->count; i++) {
        len += request->headers[i].name.len + 1 + request->headers[i].value.len
               + 1;
    }

    return len;
}


usage_result_t
usage_sign_canonical(const usage_signed_t *request, usage_str_t names,
    usage_str_t content, unsigned reading, const usage_pool_t *pool,
    usage_str_t *canonical)
{
    char        *p;
    usage_str_t *values;

    p = usage_alloc(pool, usage_sign_max(request, names, content));
    values = usage_alloc(pool, (request->count + 1) * sizeof(usage_str_t));

    if (p == NULL || values == NULL) {
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
    p = usage_sign_headers(p, request, names, values);
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
