/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_calendar.h"
#include "sign/usage_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>


/* where the digits, "T" and "Z" of a date stand in 2006-01-02T03:04:05Z */
static const unsigned char usage_sign_places[USAGE_SIGN_DATE_LEN] = { 0, 1, 2,
    3, 5, 6, 8, 9, 10, 11, 12, 14, 15, 17, 18, 19 };


bool
usage_sign_date_parse(usage_str_t date, int64_t *time)
{
    char        text[USAGE_TIME_LEN];
    size_t      i;
    usage_str_t str;

    if (date.len != USAGE_SIGN_DATE_LEN) {
        return false;
    }

    memcpy(text, "0000-00-00T00:00:00Z", USAGE_TIME_LEN);

    for (i = 0; i < USAGE_SIGN_DATE_LEN; i++) {
        text[usage_sign_places[i]] = date.data[i];
    }

    str.data = text;
    str.len = USAGE_TIME_LEN;

    return usage_time_parse(str, time);
}


void
usage_sign_date_write(int64_t time, char date[USAGE_SIGN_DATE_LEN])
{
    char   text[USAGE_TIME_LEN];
    size_t i;

    usage_time_write(time, text);

    for (i = 0; i < USAGE_SIGN_DATE_LEN; i++) {
        date[i] = text[usage_sign_places[i]];
    }
}


static void
usage_sign_hex(const unsigned char *digest, char hex[USAGE_SIGN_HEX_LEN])
{
    static const char digits[] = "0123456789abcdef";

    size_t i;

    for (i = 0; i < USAGE_SIGN_HEX_LEN / 2; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 0xf];
    }
}


usage_result_t
usage_sign_hash(usage_str_t text, char hex[USAGE_SIGN_HEX_LEN])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) != 1)
    {
        return USAGE_ERROR;
    }

    usage_sign_hex(digest, hex);

    return USAGE_OK;
}


usage_result_t
usage_sign_signature(usage_str_t canonical, usage_str_t date,
    usage_str_t secret, char signature[USAGE_SIGN_HEX_LEN])
{
    static const char algorithm[] = USAGE_SIGN_ALGORITHM "\n";

    char text[sizeof(algorithm) + USAGE_SIGN_DATE_LEN + 1 + USAGE_SIGN_HEX_LEN];
    char         *p;
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (date.len != USAGE_SIGN_DATE_LEN) {
        return USAGE_ERROR;
    }

    p = text;
    memcpy(p, algorithm, sizeof(algorithm) - 1);
    p += sizeof(algorithm) - 1;
    memcpy(p, date.data, date.len);
    p += date.len;
    *p++ = '\n';

    if (usage_sign_hash(canonical, p) != USAGE_OK
        || HMAC(EVP_sha256(), secret.data, (int) secret.len,
               (unsigned char *) text, (size_t) (p - text) + USAGE_SIGN_HEX_LEN,
               digest, NULL)
               == NULL)
    {
        return USAGE_ERROR;
    }

    usage_sign_hex(digest, signature);

    return USAGE_OK;
}


/*
 * The names of all headers, in lower case and order, each once.
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

        memcpy(p, list[i].data, list[i].len);
        p += list[i].len;
    }

    names->len = (size_t) (p - names->data);

    return USAGE_OK;
}


static char *
usage_sign_put(char *p, const char *text, size_t len)
{
    memcpy(p, text, len);

    return p + len;
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

    char *p;

    p = usage_alloc(pool, start.len + access_key.len + middle.len + names.len
                              + end.len + USAGE_SIGN_HEX_LEN);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    authorization->data = p;

    p = usage_sign_put(p, start.data, start.len);
    p = usage_sign_put(p, access_key.data, access_key.len);
    p = usage_sign_put(p, middle.data, middle.len);
    p = usage_sign_put(p, names.data, names.len);
    p = usage_sign_put(p, end.data, end.len);
    p = usage_sign_put(p, signature, USAGE_SIGN_HEX_LEN);

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
    size_t                i;
    usage_str_t           names, headers, content, canonical;
    const usage_header_t *date;

    i = 0;
    date = usage_sign_header(request, x_sdk_date, &i);

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
