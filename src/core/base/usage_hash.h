/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The hash of strings that others choose, such as ids and names.
 */

#ifndef USAGE_HASH_H
#define USAGE_HASH_H

#include "base/usage_core.h"


/*
 * Hashes text with a secret seed, by SipHash-1-3: whoever doesn't know the seed
 * can't choose texts that have the same hash.
 */
uint64_t usage_hash(const uint64_t seed[2], usage_str_t text);


#endif /* USAGE_HASH_H */
