/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What Redis must not learn: an entry's name is an HMAC-SHA-256, its value is
 * encrypted and authenticated by AES-256-GCM.  Both keys come from the secret
 * that all gateways have, by HKDF-SHA-256; another secret, or another
 * namespace, gives other names, and opens nothing.
 */

#ifndef USAGE_SEAL_H
#define USAGE_SEAL_H

#include "base/usage_core.h"


#define USAGE_SEAL_SECRET_MIN 32 /* bytes of a secret, at least */

#define USAGE_SEAL_KEY   32 /* bytes of a key, and of an HMAC */
#define USAGE_SEAL_NONCE 12 /* bytes */
#define USAGE_SEAL_TAG   16 /* bytes, of GCM */

/* the only part of a name in clear, for the ACL of Redis */
#define USAGE_SEAL_PREFIX "usage:"

/* bytes of a name, as it is sent to Redis: the prefix and hexadecimal digits */
#define USAGE_SEAL_NAME (sizeof(USAGE_SEAL_PREFIX) - 1 + 2 * USAGE_SEAL_KEY)

/* bytes that sealing adds: the version, the nonce and the tag */
#define USAGE_SEAL_EXTRA (1 + USAGE_SEAL_NONCE + USAGE_SEAL_TAG)


/*
 * The keys.  Their owner wipes them.
 */
typedef struct {
    unsigned char names[USAGE_SEAL_KEY];
    unsigned char values[USAGE_SEAL_KEY];
} usage_seal_t;


/*
 * Derives the keys from a secret of at least one byte and a namespace.
 * USAGE_ERROR: libcrypto fails.
 */
usage_result_t
usage_seal_init(usage_seal_t *seal, usage_str_t secret, usage_str_t ns);

/*
 * Writes the name of an entry, without a NUL.  what is its kind, such as "day";
 * the n parts say which one it is.  Each is hashed with its length, so that
 * other parts of the same bytes give another name.  USAGE_ERROR: libcrypto
 * fails.
 */
usage_result_t usage_seal_name(const usage_seal_t *seal, const char *what,
    const usage_str_t *parts, size_t n, char name[USAGE_SEAL_NAME]);

/*
 * Seals text for the entry of that name.  The nonce is random, and used once.
 * out has room for text.len + USAGE_SEAL_EXTRA bytes, which are all written.
 * USAGE_ERROR: libcrypto fails, or the text is too long for it.
 */
usage_result_t usage_seal_close(const usage_seal_t *seal, const char *name,
    const unsigned char nonce[USAGE_SEAL_NONCE], usage_str_t text, char *out);

/*
 * Opens what was sealed for the entry of that name.  out has room for
 * sealed.len - USAGE_SEAL_EXTRA bytes; *len says them.  USAGE_ERROR: it is too
 * short, of another version or another entry, was changed, or libcrypto fails;
 * out and *len say nothing then.
 */
usage_result_t usage_seal_open(const usage_seal_t *seal, const char *name,
    usage_str_t sealed, char *out, size_t *len);


#endif /* USAGE_SEAL_H */
