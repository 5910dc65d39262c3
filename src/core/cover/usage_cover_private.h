/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sets of bits, one for each place.  Not for other files than usage_cover*.c.
 */

#ifndef USAGE_COVER_PRIVATE_H
#define USAGE_COVER_PRIVATE_H

#include "cover/usage_cover.h"


/* Returns the words that so many bits take. */
static inline size_t
usage_cover_words(uint32_t count)
{
    return ((size_t) count + 63) / 64;
}


/* Tells whether a bit is set. */
static inline bool
usage_cover_bit(const uint64_t *bits, uint32_t place)
{
    return bits[place / 64] >> (place % 64) & 1;
}


#endif /* USAGE_COVER_PRIVATE_H */
