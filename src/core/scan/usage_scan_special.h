/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Looks at sixteen bytes together: which of them a JSON string can't take as
 * they are.  These are quotes, backslashes, control characters, and bytes that
 * are not ASCII.
 */

#ifndef USAGE_SCAN_SPECIAL_H
#define USAGE_SCAN_SPECIAL_H

#include "base/usage_core.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif


#ifdef __SSE2__

/*
 * Gives a bit for each of the sixteen bytes at p, the lowest for the first: 1
 * if it is special.  Bytes are compared as signed ones, so those that are not
 * ASCII are below a space as well.
 */
static inline uint64_t
usage_scan_special16(const char *p)
{
    __m128i bytes, special;

    memcpy(&bytes, p, 16);

    special = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
            _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

    return (unsigned) _mm_movemask_epi8(special);
}

#else

/*
 * Gives a bit for each of the eight bytes at p.
 */
static inline uint64_t
usage_scan_special8(const char *p)
{
    const uint64_t ones = 0x0101010101010101u;

    uint64_t word, ascii, plain;

    memcpy(&word, p, 8);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif

    /* no sum carries over into the next byte: so the high bit of each byte says
     * that it is not below a space, no quote and no backslash; the product
     * gathers these bits in its highest byte */

    ascii = word & (ones * 0x7f);
    plain = (ascii + ones * (0x80 - ' '))
            & ((ascii ^ (ones * '"')) + ones * 0x7f)
            & ((ascii ^ (ones * '\\')) + ones * 0x7f) & ~word;

    return (((~plain >> 7) & ones) * 0x0102040810204080u) >> 56;
}


static inline uint64_t
usage_scan_special16(const char *p)
{
    return usage_scan_special8(p) | usage_scan_special8(p + 8) << 8;
}

#endif


#endif /* USAGE_SCAN_SPECIAL_H */
