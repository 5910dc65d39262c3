/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_hash.h"


/*
 * Rotates a word to the left.
 */
static inline uint64_t
usage_hash_turn(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}


/*
 * A round of SipHash on its state.
 */
static inline void
usage_hash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = usage_hash_turn(v[1], 13) ^ v[0];
    v[3] = usage_hash_turn(v[3], 16) ^ v[2];
    v[0] = usage_hash_turn(v[0], 32);

    v[2] += v[1];
    v[0] += v[3];
    v[1] = usage_hash_turn(v[1], 17) ^ v[2];
    v[3] = usage_hash_turn(v[3], 21) ^ v[0];
    v[2] = usage_hash_turn(v[2], 32);
}


/*
 * Reads up to 8 bytes as a number in little-endian order.
 */
static inline uint64_t
usage_hash_word(const char *text, size_t len)
{
    size_t   i;
    uint64_t word;

    word = 0;

    for (i = 0; i < len; i++) {
        word |= (uint64_t) (unsigned char) text[i] << (8 * i);
    }

    return word;
}


uint64_t
usage_hash(const uint64_t seed[2], usage_str_t text)
{
    size_t   i;
    uint64_t v[4], word;

    v[0] = seed[0] ^ 0x736f6d6570736575u;
    v[1] = seed[1] ^ 0x646f72616e646f6du;
    v[2] = seed[0] ^ 0x6c7967656e657261u;
    v[3] = seed[1] ^ 0x7465646279746573u;

    for (i = 0; i + 8 <= text.len; i += 8) {
        word = usage_hash_word(text.data + i, 8);

        v[3] ^= word;
        usage_hash_round(v);
        v[0] ^= word;
    }

    word = usage_hash_word(text.data + i, text.len - i)
           | (uint64_t) text.len << 56;

    v[3] ^= word;
    usage_hash_round(v);
    v[0] ^= word;

    v[2] ^= 0xff;
    usage_hash_round(v);
    usage_hash_round(v);
    usage_hash_round(v);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
