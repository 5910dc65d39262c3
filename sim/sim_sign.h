/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Requests signed with an access key: SDK-HMAC-SHA256 (signing.md, "AK/SK
 * signing").
 */

#ifndef SIM_SIGN_H
#define SIM_SIGN_H

#include "sim_buf.h"

#include <jansson.h>


typedef struct {
    char *name; /* in lower case */
    char *value;
} sim_header_t;


/* A request as it came; its parts are the caller's. */
typedef struct {
    const char         *method;
    const char         *path;  /* raw, up to the question mark */
    const char         *query; /* raw, "" for none */
    const sim_header_t *headers;
    size_t              nheaders;
    const char         *body;
    size_t              body_len;
} sim_signed_t;


/* Finds the value of the first header of a name in lower case, or NULL. */
const char *sim_header(const sim_signed_t *r, const char *name);

/*
 * Writes the canonical request.  `names` are those of the signed headers, as
 * "host;x-sdk-date"; `hash` is that of the body, in hex.  With `decoded` the
 * path is decoded before it is encoded: some SDKs do that, others don't, and
 * the result differs only for a path with escapes.
 */
void sim_canonical(sim_buf_t *b, const sim_signed_t *r, const char *names,
    const char *hash, int decoded);

/* Tells whether `s` has the form "AK:SK" or "AK:SK:TOKEN". */
int sim_sign_is_key(const char *s);

/*
 * Checks the request's signature at the time `now`.  `keys` is an array of
 * strings of the form above.  Gives 0 if it is right, else -1 and what is
 * wrong.
 */
int sim_sign_check(
    const sim_signed_t *r, const json_t *keys, int64_t now, char why[256]);

#endif
