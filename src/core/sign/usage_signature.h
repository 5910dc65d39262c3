/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signing.md: the verification of a request's signature.
 *
 * usage_signature.c takes the Authorization apart; usage_signature_read.c
 * checks what takes no secret, usage_signature_check.c the rest.
 */

#ifndef USAGE_SIGNATURE_H
#define USAGE_SIGNATURE_H

#include "base/usage_error.h"
#include "sign/usage_sign.h"


/* names in SignedHeaders, and parameters of the query, at most */
#define USAGE_SIGNATURE_NAMES_MAX      100
#define USAGE_SIGNATURE_PARAMETERS_MAX 100


/*
 * What a request says of its signature: pieces of its headers.
 */
typedef struct {
    usage_str_t access_key;              /* of Authorization: Access */
    usage_str_t names;                   /* SignedHeaders */
    usage_str_t value;                   /* Signature */
    usage_str_t date;                    /* X-Sdk-Date */
    usage_str_t content;                 /* the canonical request's last line */
    char        hex[USAGE_SIGN_HEX_LEN]; /* content, if no header has it */
} usage_signature_t;


/*
 * Tells whether the client meant to sign the request: it has an X-Sdk-Date, or
 * an Authorization that names an algorithm of this kind.
 */
bool usage_signature_is(const usage_signed_t *request);

/* Gives the access key that the Authorization names, or "". */
usage_str_t usage_signature_access_key(const usage_signed_t *request);

/* Gives the SignedHeaders that the Authorization names, or "". */
usage_str_t usage_signature_names(const usage_signed_t *request);

/* Tells whether a header's name, in any case, is one of SignedHeaders. */
bool usage_signature_signs(usage_str_t names, usage_str_t name);

/*
 * Reads a request's signature and makes the checks that take no secret: its
 * form is right, each header that it names was sent, its date is at most skew
 * seconds before or after now (both in seconds, now since 1970), and the hash
 * that is signed is the body's.  USAGE_ERROR: 401; 500, libcrypto fails.
 */
usage_result_t usage_signature_read(usage_signature_t *signature,
    const usage_signed_t *request, int64_t now, int64_t skew,
    usage_error_t *error);

/*
 * Checks that the signature is made with the secret.  The time that takes
 * doesn't depend on how much of the signature is right.  secret is NULL if
 * nobody knows the access key: that gives the same error as a wrong signature,
 * and takes as long.  USAGE_ERROR: 401; 500, libcrypto fails; 500
 * or 502, memory is out (usage_no_memory()).
 */
usage_result_t usage_signature_check(const usage_signature_t *signature,
    const usage_signed_t *request, const usage_str_t *secret,
    const usage_pool_t *pool, usage_error_t *error);


#endif /* USAGE_SIGNATURE_H */
