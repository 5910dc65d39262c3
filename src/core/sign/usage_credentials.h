/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The access keys of a file of usage_credentials:
 *
 *     {"ACCESS KEY": {"sk": "…", "security_token": "…"}, …}
 *
 * The security token, of a temporary key, may be left out.
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
 * Reads a file's text; what it keeps of it is copied to pool.  USAGE_ERROR:
 * *error says what is wrong, and where, but nothing of what the text holds.
 */
usage_result_t usage_credentials_read(usage_credentials_t *credentials,
    usage_str_t text, const usage_pool_t *pool, usage_error_t *error);

/*
 * The credential of an access key, or NULL.  The time it takes doesn't tell
 * which keys there are.
 */
const usage_credential_t *usage_credentials_find(
    const usage_credentials_t *credentials, usage_str_t access_key);

/* Wipes the secrets out, before their memory is given back. */
void usage_credentials_wipe(usage_credentials_t *credentials);


#endif /* USAGE_CREDENTIALS_H */
