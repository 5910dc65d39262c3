/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Strings of the JSON reader: what is between two quotes, a key or a value.
 *
 * Most strings end in the piece in which they begin, and each of their
 * characters stands for itself: these are handed on where they are.  Any other
 * is put together in scan->text, if somebody wants it.
 */

#ifndef USAGE_SCAN_STRING_H
#define USAGE_SCAN_STRING_H

#include "scan/usage_scan_event.h"


/*
 * Looks at the block of input that begins at p, and remembers which of its
 * bytes are special: a quote, a backslash, a control character, or not ASCII.
 * Where the piece ends within the block, its end counts as special.
 */
void usage_scan_block(usage_scan_t *scan, const char *p);

/*
 * Starts a string that is not handed on where it is, behind its first quote.
 * scan->key is set.
 */
void usage_scan_string_start(usage_scan_t *scan);

/*
 * Goes on with such a string at p: reads characters up to the next one that
 * needs another step.
 */
const char *usage_scan_string_go_on(usage_scan_t *scan, const char *p);


/*
 * Gives the first special byte from p on, or the end of the piece.  p is in the
 * block that was looked at last, or behind it.
 *
 * Blocks are looked at as a whole, and one after the other.  So the processor
 * can look at the next one before it knows where a string ends.
 */
static inline const char *
usage_scan_plain(usage_scan_t *scan, const char *p)
{
    uint64_t special;

    for (;;) {
        if (p - scan->block < USAGE_SCAN_BLOCK) {
            special = scan->special >> (p - scan->block);

            if (special != 0) {
                return p + __builtin_ctzll(special);
            }

            p = scan->block + USAGE_SCAN_BLOCK;
        }

        usage_scan_block(scan, scan->block + USAGE_SCAN_BLOCK);
    }
}


/* Reads a string, a key or a value, whose first quote is at p. */
static inline const char *
usage_scan_quote(usage_scan_t *scan, const char *p, bool key)
{
    usage_str_t text;

    scan->key = key;

    text.data = p + 1;
    p = usage_scan_plain(scan, text.data);

    if (p == scan->end || *p != '"') {
        usage_scan_string_start(scan);
        usage_scan_block(scan, text.data);
        return text.data;
    }

    text.len = (size_t) (p - text.data);

    return usage_scan_string(scan, p + 1, text, text.len > USAGE_SCAN_KEPT_MAX);
}


#endif /* USAGE_SCAN_STRING_H */
