/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Percent-encoding (RFC 3986), for queries and for signatures.
 */

#ifndef USAGE_PERCENT_H
#define USAGE_PERCENT_H

#include "base/usage_core.h"


/* Gives the length of text once it is encoded: up to three times its own. */
size_t usage_percent_encoded(usage_str_t text);

/* Writes text encoded, and gives the end. */
char *usage_percent_encode(char *p, usage_str_t text);

/*
 * Decodes the first character of text, which isn't empty.  Gives the bytes that
 * it has there: 3, or 1, also for a "%" without two hexadecimal digits, which
 * stands for itself.
 */
size_t usage_percent_decode(usage_str_t text, char *c);


#endif /* USAGE_PERCENT_H */
