/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signing.md: the signature of a request (SDK-HMAC-SHA256).
 */

#ifndef USAGE_SIGN_H
#define USAGE_SIGN_H

#include "base/usage_core.h"


#define USAGE_SIGN_ALGORITHM "SDK-HMAC-SHA256"

/* a SHA-256 in hexadecimal digits; a date as 20060102T030405Z */
#define USAGE_SIGN_HEX_LEN  64
#define USAGE_SIGN_DATE_LEN 16


typedef struct {
    usage_str_t name;
    usage_str_t value;
} usage_header_t;


/*
 * What is signed of a request.  The path and the query are as they are sent,
 * with their percent-encoding; a header's value may have white space around.
 */
typedef struct {
    usage_str_t           method;
    usage_str_t           path;
    usage_str_t           query;
    const usage_header_t *headers;
    size_t                count;
    usage_str_t           body;
} usage_signed_t;


/*
 * Signers don't agree on what is meant by a path or a query that has to be
 * decoded first.  These tell how it is read; 0: as signing.md says.
 */
enum {
    USAGE_SIGN_PATH_AS_SENT = 1, /* "%41" is "%2541", not "A" */
    USAGE_SIGN_PLUS_IS_SPACE = 2,
    USAGE_SIGN_SORT_DECODED = 4, /* names and values, not their encodings */
    USAGE_SIGN_READINGS = 8
};


/*
 * The canonical request's lines of the signed headers and its line of their
 * names, from pool.  names: in lower case, in order, each once, joined by ";";
 * those that the request doesn't have have no line.  USAGE_ERROR: memory is
 * out.
 */
usage_result_t usage_sign_headers(const usage_signed_t *request,
    usage_str_t names, const usage_pool_t *pool, usage_str_t *headers);

/*
 * The canonical request, from pool.  headers: of usage_sign_headers().
 * content: the last line (usage_sign_content()).  USAGE_ERROR: memory is out.
 */
usage_result_t usage_sign_canonical(const usage_signed_t *request,
    usage_str_t headers, usage_str_t content, unsigned reading,
    const usage_pool_t *pool, usage_str_t *canonical);

/*
 * Finds a header's name, in any case, among names in lower case and in order;
 * gives count where it is none of them.
 */
size_t
usage_sign_find(const usage_str_t *names, size_t count, usage_str_t header);

/* Whether reading makes a difference to 0 for a request. */
bool usage_sign_differs(const usage_signed_t *request, unsigned reading);

/*
 * The canonical request's last line: the value of X-Sdk-Content-Sha256, where
 * the request has it, or the hash of the body, for which hex has room.
 * USAGE_ERROR: libcrypto refuses.
 */
usage_result_t usage_sign_content(const usage_signed_t *request,
    char hex[USAGE_SIGN_HEX_LEN], usage_str_t *content);

/*
 * The signature of a canonical request at a date.  USAGE_ERROR: libcrypto
 * refuses.
 */
usage_result_t usage_sign_signature(usage_str_t canonical, usage_str_t date,
    usage_str_t secret, char signature[USAGE_SIGN_HEX_LEN]);

/*
 * The value of the Authorization header, from pool, of a request whose headers
 * are all to be signed; one of them is X-Sdk-Date.  USAGE_ERROR: memory is
 * out, or libcrypto refuses.
 */
usage_result_t usage_sign(const usage_signed_t *request, usage_str_t access_key,
    usage_str_t secret, const usage_pool_t *pool, usage_str_t *authorization);

/* SHA-256 in hexadecimal digits.  USAGE_ERROR: libcrypto refuses. */
usage_result_t usage_sign_hash(usage_str_t text, char hex[USAGE_SIGN_HEX_LEN]);

/*
 * The next header of a name from *i on, which goes on behind it; the name in
 * any case.  NULL: there is none.
 */
const usage_header_t *
usage_sign_header(const usage_signed_t *request, usage_str_t name, size_t *i);

/* The time of a date to the letter; false where it is none. */
bool usage_sign_date_parse(usage_str_t date, int64_t *time);

/* Writes a time of the years 1 to 9999 as a date. */
void usage_sign_date_write(int64_t time, char date[USAGE_SIGN_DATE_LEN]);


#endif /* USAGE_SIGN_H */
