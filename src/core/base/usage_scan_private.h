/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of the JSON reader share: usage_scan.c has the structure,
 * usage_scan_string.c what is between two quotes.
 */

#ifndef USAGE_SCAN_PRIVATE_H
#define USAGE_SCAN_PRIVATE_H

#include "base/usage_scan.h"


/* what is expected next */

enum {
    USAGE_SCAN_AT_VALUE = 0,
    USAGE_SCAN_AT_FIRST_ELEMENT, /* or the array's end */
    USAGE_SCAN_AT_FIRST_KEY,     /* or the object's end */
    USAGE_SCAN_AT_KEY,
    USAGE_SCAN_AT_COLON,
    USAGE_SCAN_AFTER_VALUE,
    USAGE_SCAN_AT_END,
    USAGE_SCAN_FAILED,
    USAGE_SCAN_IN_STRING, /* from here on: inside a value */
    USAGE_SCAN_IN_ESCAPE,
    USAGE_SCAN_IN_UNICODE, /* the four digits of \uXXXX */
    USAGE_SCAN_IN_NUMBER,
    USAGE_SCAN_IN_WORD
};


/*
 * The steps of a reader are given where it stands in the piece, and give where
 * it goes on; NULL ends the reading.
 */

/* Ends it; reason is NULL where a callback did. */
const char *usage_scan_fail(usage_scan_t *scan, const char *reason);

/* A whole string, key or value, without its quotes, which ends at p. */
const char *
usage_scan_string(usage_scan_t *scan, const char *p, usage_str_t text);

/* The quote that starts a string, a key or a value. */
void usage_scan_string_start(usage_scan_t *scan, bool key);

/*
 * What is inside: plain characters, up to behind the quote or the backslash;
 * the character after a backslash; a digit of \uXXXX.
 */
const char *usage_scan_string_plain(usage_scan_t *scan, const char *p);
const char *usage_scan_string_escape(usage_scan_t *scan, const char *p);
const char *usage_scan_string_unicode(usage_scan_t *scan, const char *p);

/* Looks at the block of input at p for what a string cannot take as it is. */
void usage_scan_block(usage_scan_t *scan, const char *p);

/*
 * The first byte from p on that a string cannot take as it is: a quote, a
 * backslash, a control character, or one that isn't ASCII; or the end of the
 * piece.
 *
 * Blocks are looked at as a whole, and one after the other: so nothing has to
 * wait until it is known where a string starts.
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


#endif /* USAGE_SCAN_PRIVATE_H */
