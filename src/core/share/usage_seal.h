/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What gateways write to Redis, so that nobody can read or forge it who doesn't
 * have their secret.
 *
 * Two keys are derived from the secret and the namespace by HKDF-SHA-256.  The
 * name of an entry is an HMAC-SHA-256 of what it is and whose.  A value is
 * encrypted and authenticated by AES-256-GCM, with the version and the entry's
 * name as associated data: a value that is moved to another entry doesn't open.
 */

#ifndef USAGE_SEAL_H
#define USAGE_SEAL_H

#include "base/usage_core.h"


/* bytes of a secret, at least */
#define USAGE_SEAL_SECRET_MIN 32

#define USAGE_SEAL_KEY   32
#define USAGE_SEAL_NONCE 12
#define USAGE_SEAL_TAG   16

/* what all names begin with, so that an access list can name them */
#define USAGE_SEAL_PREFIX "usage:"

/* bytes of a name: the prefix, and hexadecimal digits */
#define USAGE_SEAL_NAME (sizeof(USAGE_SEAL_PREFIX) - 1 + 2 * USAGE_SEAL_KEY)

/* bytes by which a sealed value is longer: version, nonce and tag */
#define USAGE_SEAL_EXTRA (1 + USAGE_SEAL_NONCE + USAGE_SEAL_TAG)


typedef struct {
    unsigned char names[USAGE_SEAL_KEY];  /* key of names */
    unsigned char values[USAGE_SEAL_KEY]; /* key of values */
} usage_seal_t;


/*
 * Derives the keys from a secret, for a namespace.  USAGE_ERROR: libcrypto
 * failed.
 */
usage_result_t
usage_seal_init(usage_seal_t *seal, usage_str_t secret, usage_str_t space);

/*
 * Makes the name of an entry: of what it is, and n parts, each of which counts
 * with its length.  USAGE_ERROR: libcrypto failed.
 */
usage_result_t usage_seal_name(const usage_seal_t *seal, const char *what,
    const usage_str_t *parts, size_t n, char name[USAGE_SEAL_NAME]);

/*
 * Seals a value for the entry of that name.  nonce: random bytes, never the
 * same twice.  out has text.len + USAGE_SEAL_EXTRA bytes.  USAGE_ERROR:
 * libcrypto failed.
 */
usage_result_t usage_seal_close(const usage_seal_t *seal, const char *name,
    const unsigned char nonce[USAGE_SEAL_NONCE], usage_str_t text, char *out);

/*
 * Opens a value of the entry of that name.  out has sealed.len bytes, *len of
 * which are the text.  USAGE_ERROR: it isn't a value that was sealed with these
 * keys for this entry.
 */
usage_result_t usage_seal_open(const usage_seal_t *seal, const char *name,
    usage_str_t sealed, char *out, size_t *len);


#endif /* USAGE_SEAL_H */
