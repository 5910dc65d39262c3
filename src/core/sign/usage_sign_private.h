/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of the canonical request use of each other.
 */

#ifndef USAGE_SIGN_PRIVATE_H
#define USAGE_SIGN_PRIVATE_H

#include "sign/usage_sign.h"


/* The bytes that a query's canonical form has at most. */
#define usage_sign_query_max(query) (4 * (query).len + 1)

/*
 * Writes the canonical form of a query, which is as it was sent, and gives the
 * end.  reading: as for usage_sign_canonical().  NULL: memory is out.
 */
char *usage_sign_query(
    char *p, usage_str_t query, unsigned reading, const usage_pool_t *pool);

/* Gives text without the spaces and tabs at its ends. */
usage_str_t usage_sign_trimmed(usage_str_t text);


#endif /* USAGE_SIGN_PRIVATE_H */
