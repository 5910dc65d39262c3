/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The access keys of a file of usage_credentials:
 *
 *     {"ACCESS KEY": {"sk": "…", "security_token": "…"}, …}
 *
 * A temporary key has a security token; others leave it out.
 */

#ifndef USAGE_CREDENTIALS_H
#define USAGE_CREDENTIALS_H

#include "base/usage_core.h"
#include "base/usage_error.h"


typedef struct {
    usage_str_t access_key;
    usage_str_t secret;
    usage_str_t security_token; /* empty: none */
} usage_credential_t;

typedef struct {
    usage_credential_t *list;
    size_t              count;
} usage_credentials_t;


/*
 * Reads a file's text; what is kept of it is copied to pool.  USAGE_ERROR:
 * *error says what is wrong, and where, but nothing of what the text holds.
 */
usage_result_t usage_credentials_read(usage_credentials_t *credentials,
    usage_str_t text, const usage_pool_t *pool, usage_error_t *error);

/*
 * Finds the credential of an access key; NULL: there is none.  The time that
 * takes doesn't tell which keys there are.
 */
const usage_credential_t *usage_credentials_find(
    const usage_credentials_t *credentials, usage_str_t access_key);

/* Overwrites the secrets, before their memory is freed. */
void usage_credentials_wipe(usage_credentials_t *credentials);


#endif /* USAGE_CREDENTIALS_H */
