/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Hashes of strings that come from outside.
 */

#ifndef USAGE_HASH_H
#define USAGE_HASH_H

#include "base/usage_core.h"


/*
 * Hashes text by a secret: who doesn't know the seed can't choose texts whose
 * hashes are the same (SipHash-1-3).
 */
uint64_t usage_hash(const uint64_t seed[2], usage_str_t text);


#endif /* USAGE_HASH_H */
