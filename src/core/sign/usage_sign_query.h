/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * signing.md, step 1: the canonical query of a request.
 */

#ifndef USAGE_SIGN_QUERY_H
#define USAGE_SIGN_QUERY_H

#include "sign/usage_sign.h"


/* The length of the canonical query, at most. */
#define usage_sign_query_max(query) (4 * (query).len + 1)

/*
 * Writes the canonical query of a query as it was sent, and gives the end;
 * reading as for usage_sign_canonical().  NULL: memory is out.
 */
char *usage_sign_query(
    char *p, usage_str_t query, unsigned reading, const usage_pool_t *pool);


#endif /* USAGE_SIGN_QUERY_H */
