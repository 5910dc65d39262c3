/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Percent-encoding (RFC 3986): of the successors' queries, and of what a
 * signature covers.
 */

#ifndef USAGE_PERCENT_H
#define USAGE_PERCENT_H

#include "base/usage_core.h"


/* Whether a character is written as it is: A-Z a-z 0-9 - . _ ~ */
bool usage_percent_unreserved(char c);

/* The length of text once it is encoded: at most three times its own. */
size_t usage_percent_encoded(usage_str_t text);

/* Writes text encoded, and gives the end. */
char *usage_percent_encode(char *p, usage_str_t text);

/*
 * The first character of text, which isn't empty, decoded; gives how many
 * bytes it takes in text: 3 or, also for a "%" that no two hexadecimal digits
 * follow, 1.
 */
size_t usage_percent_decode(usage_str_t text, char *c);


#endif /* USAGE_PERCENT_H */
