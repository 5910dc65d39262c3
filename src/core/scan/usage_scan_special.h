/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Sixteen bytes at once: which of them a string cannot take as they are.
 */

#ifndef USAGE_SCAN_SPECIAL_H
#define USAGE_SCAN_SPECIAL_H

#include "base/usage_core.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif


#ifdef __SSE2__

/*
 * A bit each: of a quote, a backslash, a control character, or no ASCII.  As
 * signed ones, bytes that aren't ASCII are below a space as well.
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

static inline uint64_t
usage_scan_special8(const char *p)
{
    const uint64_t ones = 0x0101010101010101u;

    uint64_t word, ascii, plain;

    memcpy(&word, p, 8);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif

    /* the sums don't leave their bytes: a high bit tells that a byte is not
     * below a space, no quote and no backslash; a product gathers them */

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
