/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signing.md: whether the signature of a request verifies.
 */

#ifndef USAGE_SIGNATURE_H
#define USAGE_SIGNATURE_H

#include "base/usage_error.h"
#include "sign/usage_sign.h"


/* names in SignedHeaders, and parameters of the query, at most */
#define USAGE_SIGNATURE_NAMES_MAX      100
#define USAGE_SIGNATURE_PARAMETERS_MAX 100


/*
 * What a request says of its signature.
 */
typedef struct {
    usage_str_t access_key;
    usage_str_t names; /* SignedHeaders */
    usage_str_t value; /* Signature */
    usage_str_t date;
    usage_str_t content; /* the hash of the body, as it is signed */
    char        hex[USAGE_SIGN_HEX_LEN];
} usage_signature_t;


/*
 * Whether a request is meant to be signed: it has an X-Sdk-Date, or an
 * Authorization of an algorithm of this kind.
 */
bool usage_signature_is(const usage_signed_t *request);

/* The access key that a request names in its Authorization, or "". */
usage_str_t usage_signature_access_key(const usage_signed_t *request);

/* The SignedHeaders that a request names in its Authorization, or "". */
usage_str_t usage_signature_names(const usage_signed_t *request);

/* Whether a header of that name, in any case, is in SignedHeaders. */
bool usage_signature_signs(usage_str_t names, usage_str_t name);

/*
 * Reads a request's signature, and checks all that takes no secret: its form,
 * that what it needs is signed, that it is at most skew seconds old or ahead,
 * and that the body is the one that its hash is of.  USAGE_ERROR: a 401.
 */
usage_result_t usage_signature_read(usage_signature_t *signature,
    const usage_signed_t *request, int64_t now, int64_t skew,
    usage_error_t *error);

/*
 * Whether the signature is that of the secret, in a time that doesn't depend on
 * how much of it is right.  secret NULL: nobody knows the access key; that
 * looks like a wrong signature, and takes as long.  USAGE_ERROR: a 401, or 500.
 */
usage_result_t usage_signature_check(const usage_signature_t *signature,
    const usage_signed_t *request, const usage_str_t *secret,
    const usage_pool_t *pool, usage_error_t *error);


#endif /* USAGE_SIGNATURE_H */
