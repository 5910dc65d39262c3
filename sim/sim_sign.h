/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Signatures of access keys: SDK-HMAC-SHA256.
 */

#ifndef SIM_SIGN_H
#define SIM_SIGN_H

#include "sim_buf.h"

#include <jansson.h>


typedef struct {
    char *name; /* in lower case */
    char *value;
} sim_header_t;


/* A request as it came. */
typedef struct {
    const char         *method;
    const char         *path;  /* raw, up to the question mark */
    const char         *query; /* raw, "" for none */
    const sim_header_t *headers;
    size_t              nheaders;
    const char         *body;
    size_t              body_len;
} sim_signed_t;


/* The value of the first header of that name (lower case), or NULL. */
const char *sim_header(const sim_signed_t *r, const char *name);

/*
 * Writes the canonical request.  names are those of the headers signed, as
 * "host;x-sdk-date"; hash is the body's.  The path is encoded as it was sent,
 * or decoded before: SDKs do both, and mostly it is the same.
 */
void sim_canonical(sim_buf_t *b, const sim_signed_t *r, const char *names,
    const char *hash, int decoded);

/* Whether it is "AK:SK" or "AK:SK:TOKEN". */
int sim_sign_is_key(const char *s);

/*
 * Checks the request's signature, at the time now.  keys is an array of
 * "AK:SK" or "AK:SK:TOKEN".  0 if it is right, or -1 and what is wrong.
 */
int sim_sign_check(
    const sim_signed_t *r, const json_t *keys, int64_t now, char why[256]);

#endif
