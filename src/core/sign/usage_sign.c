/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The Authorization header of a request that is made here.
 */

#include "sign/usage_sign.h"

#include <stdlib.h>


/*
 * Gives the names of all headers, as SignedHeaders has them: in lower case and
 * in order, each once, joined by ";".
 */
static usage_result_t
usage_sign_names(
    const usage_signed_t *request, const usage_pool_t *pool, usage_str_t *names)
{
    char        *p, *lower;
    size_t       i, j, len;
    usage_str_t *list;

    len = 0;

    for (i = 0; i < request->count; i++) {
        len += request->headers[i].name.len + 1;
    }

    p = usage_alloc(pool, 2 * len + 1);
    list = usage_alloc(pool, (request->count + 1) * sizeof(usage_str_t));

    if (p == NULL || list == NULL) {
        return USAGE_ERROR;
    }

    lower = p + len;

    for (i = 0; i < request->count; i++) {
        list[i].data = lower;
        list[i].len = request->headers[i].name.len;

        for (j = 0; j < list[i].len; j++) {
            char c = request->headers[i].name.data[j];

            *lower++ = c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
        }
    }

    qsort(list, request->count, sizeof(usage_str_t), usage_str_order_sort);

    names->data = p;

    for (i = 0; i < request->count; i++) {
        if (i > 0 && usage_str_equal(list[i], list[i - 1])) {
            continue;
        }

        if (i > 0) {
            *p++ = ';';
        }

        p = usage_str_write(p, list[i]);
    }

    names->len = (size_t) (p - names->data);

    return USAGE_OK;
}


/*
 * Puts the parts of the Authorization header together.
 */
static usage_result_t
usage_sign_authorization(usage_str_t access_key, usage_str_t names,
    const char signature[USAGE_SIGN_HEX_LEN], const usage_pool_t *pool,
    usage_str_t *authorization)
{
    static const usage_str_t start =
        usage_string(USAGE_SIGN_ALGORITHM " Access=");
    static const usage_str_t middle = usage_string(", SignedHeaders=");
    static const usage_str_t end = usage_string(", Signature=");

    char       *p;
    usage_str_t value;

    value.data = signature;
    value.len = USAGE_SIGN_HEX_LEN;

    p = usage_alloc(pool, start.len + access_key.len + middle.len + names.len
                              + end.len + USAGE_SIGN_HEX_LEN);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    authorization->data = p;

    p = usage_str_write(p, start);
    p = usage_str_write(p, access_key);
    p = usage_str_write(p, middle);
    p = usage_str_write(p, names);
    p = usage_str_write(p, end);
    p = usage_str_write(p, value);

    authorization->len = (size_t) (p - authorization->data);

    return USAGE_OK;
}


usage_result_t
usage_sign(const usage_signed_t *request, usage_str_t access_key,
    usage_str_t secret, const usage_pool_t *pool, usage_str_t *authorization)
{
    static const usage_str_t x_sdk_date = usage_string("x-sdk-date");

    char                  hex[USAGE_SIGN_HEX_LEN];
    char                  signature[USAGE_SIGN_HEX_LEN];
    usage_str_t           names, headers, content, canonical;
    const usage_header_t *date;

    date = usage_sign_header(request, x_sdk_date);

    if (date == NULL || usage_sign_names(request, pool, &names) != USAGE_OK
        || usage_sign_content(request, hex, &content) != USAGE_OK
        || usage_sign_headers(request, names, pool, &headers) != USAGE_OK
        || usage_sign_canonical(request, headers, content, 0, pool, &canonical)
               != USAGE_OK
        || usage_sign_signature(canonical, date->value, secret, signature)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_sign_authorization(
        access_key, names, signature, pool, authorization);
}
