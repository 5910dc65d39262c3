/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The canonical request: what the path, the query and the body contribute, and
 * all of it put together.
 */

#include "sign/usage_sign_private.h"
#include "base/usage_percent.h"


/*
 * Writes the canonical path, and gives the end: each segment is decoded and
 * encoded again, and the last one ends with a "/", too.  A "%2F" is part of a
 * segment.
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

    p = usage_str_write(p, request->method);
    *p++ = '\n';
    p = usage_sign_path(p, request->path, reading);
    *p++ = '\n';

    p = usage_sign_query(p, request->query, reading, pool);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    *p++ = '\n';
    p = usage_str_write(p, headers);
    *p++ = '\n';
    p = usage_str_write(p, content);

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

    const usage_header_t *header;

    header = usage_sign_header(request, name);

    if (header != NULL) {
        *content = usage_sign_trimmed(header->value);
        return USAGE_OK;
    }

    content->data = hex;
    content->len = USAGE_SIGN_HEX_LEN;

    return usage_sign_hash(request->body, hex);
}
