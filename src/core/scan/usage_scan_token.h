/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers and words (true, false, null) of the JSON reader.
 *
 * Neither has a last character of its own: both end before the first byte that
 * is no part of them, which may come with the next piece.
 */

#ifndef USAGE_SCAN_TOKEN_H
#define USAGE_SCAN_TOKEN_H

#include "scan/usage_scan_event.h"


/* Tells whether a word may begin with c, or go on with it. */
static inline bool
usage_scan_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads the number that begins at p, with a digit or a minus sign. */
const char *usage_scan_number(usage_scan_t *scan, const char *p);

/* Reads the word that begins at p, with a letter. */
const char *usage_scan_word(usage_scan_t *scan, const char *p);

/* Goes on at p with a number or a word that began in an earlier piece. */
const char *usage_scan_token_go_on(usage_scan_t *scan, const char *p);


#endif /* USAGE_SCAN_TOKEN_H */
