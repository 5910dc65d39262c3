/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signing.md: the signature of a request (SDK-HMAC-SHA256).
 *
 * usage_sign.c makes a signature, usage_signature.h verifies one.  Both build
 * the canonical request (usage_sign_canonical.c), of its headers
 * (usage_sign_headers.c) and its query (usage_sign_query.c), and hash it
 * (usage_sign_hash.c).
 */

#ifndef USAGE_SIGN_H
#define USAGE_SIGN_H

#include "base/usage_core.h"


#define USAGE_SIGN_ALGORITHM "SDK-HMAC-SHA256"

#define USAGE_SIGN_HEX_LEN  64 /* a SHA-256 in hexadecimal digits */
#define USAGE_SIGN_DATE_LEN (sizeof("20060102T030405Z") - 1)


typedef struct {
    usage_str_t name;
    usage_str_t value;
} usage_header_t;


/*
 * What is signed of a request.  The path and the query are as they are sent,
 * with their percent-encoding.  A header's name may be in any case, and there
 * may be spaces and tabs around its value.
 */
typedef struct {
    usage_str_t           method;
    usage_str_t           path;
    usage_str_t           query;
    const usage_header_t *headers;
    size_t                count; /* headers */
    usage_str_t           body;
} usage_signed_t;


/*
 * Signers don't agree on how a path or a query is read before it is encoded
 * for the canonical request.  A reading is a sum of these; 0 reads it as
 * signing.md says.
 */
enum {
    USAGE_SIGN_PATH_AS_SENT = 1,  /* "%41" is "%2541" then, not "A" */
    USAGE_SIGN_PLUS_IS_SPACE = 2, /* in the query */
    USAGE_SIGN_SORT_DECODED = 4,  /* sorts parameters before they are encoded */
    USAGE_SIGN_READINGS = 8       /* all sums */
};


/*
 * Makes the value of the Authorization header, from pool, of a request whose
 * headers are all to be signed; one of them is X-Sdk-Date.  USAGE_ERROR:
 * memory is out, or libcrypto fails.
 */
usage_result_t usage_sign(const usage_signed_t *request, usage_str_t access_key,
    usage_str_t secret, const usage_pool_t *pool, usage_str_t *authorization);


/* the canonical request */

/*
 * Builds the canonical request, from pool.  headers: of usage_sign_headers();
 * content: of usage_sign_content(); reading: a sum of USAGE_SIGN_*.
 * USAGE_ERROR: memory is out.
 */
usage_result_t usage_sign_canonical(const usage_signed_t *request,
    usage_str_t headers, usage_str_t content, unsigned reading,
    const usage_pool_t *pool, usage_str_t *canonical);

/*
 * Tells whether a reading of the request may give another canonical request
 * than the smaller ones give.  It does for 0.
 */
bool usage_sign_differs(const usage_signed_t *request, unsigned reading);

/*
 * Gives the canonical request's last line: the value of X-Sdk-Content-Sha256,
 * or, without that header, the hash of the body, which is written to hex.
 * USAGE_ERROR: libcrypto fails.
 */
usage_result_t usage_sign_content(const usage_signed_t *request,
    char hex[USAGE_SIGN_HEX_LEN], usage_str_t *content);


/* headers */

/*
 * Builds the canonical request's lines of the signed headers and the line of
 * their names, from pool.  names: in lower case, in order, each once, joined by
 * ";".  A name that the request has no header of has no line.  USAGE_ERROR:
 * memory is out.
 */
usage_result_t usage_sign_headers(const usage_signed_t *request,
    usage_str_t names, const usage_pool_t *pool, usage_str_t *headers);

/* Finds the first header of that name, in any case; NULL: there is none. */
const usage_header_t *
usage_sign_header(const usage_signed_t *request, usage_str_t name);

/* Tells whether there is more than one header of that name, in any case. */
bool usage_sign_header_twice(const usage_signed_t *request, usage_str_t name);

/*
 * Takes the first one of *names, joined by ";", off them.  false: there is none
 * left.
 */
bool usage_sign_next_name(usage_str_t *names, usage_str_t *name);

/*
 * Finds a header's name, in any case, among count names in lower case and in
 * order.  Gives its index, or count: it is none of them.
 */
size_t
usage_sign_find(const usage_str_t *names, size_t count, usage_str_t header);


/* hashes */

/* Writes the SHA-256 of text to hex.  USAGE_ERROR: libcrypto fails. */
usage_result_t usage_sign_hash(usage_str_t text, char hex[USAGE_SIGN_HEX_LEN]);

/*
 * Computes the signature of a canonical request, with the date of its
 * X-Sdk-Date.  USAGE_ERROR: libcrypto fails, or the date has another length
 * than USAGE_SIGN_DATE_LEN.
 */
usage_result_t usage_sign_signature(usage_str_t canonical, usage_str_t date,
    usage_str_t secret, char signature[USAGE_SIGN_HEX_LEN]);


/* dates, as 20060102T030405Z */

/* Gives the time of a date, in seconds since 1970; false: it is no date. */
bool usage_sign_date_parse(usage_str_t date, int64_t *time);

/* Writes a time of the years 1 to 9999 as a date. */
void usage_sign_date_write(int64_t time, char date[USAGE_SIGN_DATE_LEN]);


#endif /* USAGE_SIGN_H */
