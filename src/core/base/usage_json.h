/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON beside the pages: what jansson reads, the pieces that the core writes
 * itself, and UTF-8.
 */

#ifndef USAGE_JSON_H
#define USAGE_JSON_H

#include "base/usage_core.h"

#include <jansson.h>


/* any number of parts; those of an error of the API; of a legacy reply, whose
 * 100 desktops have 744 hours of 5 parts each */
#define USAGE_JSON_ANY   SIZE_MAX
#define USAGE_JSON_ERROR 10000
#define USAGE_JSON_REPLY 1000000

/* the memory that jansson takes for a part, at most, but for its text */
#define USAGE_JSON_PART 128

/*
 * Counts the brackets, colons and commas of text: what its values, keys and
 * lists are told apart by, and so a measure of what it takes to keep them. Ends
 * where there are more than max.
 */
size_t usage_json_parts(usage_str_t text, size_t max);

/*
 * Reads text by jansson: as json_loadb(), which by itself passes by a NUL that
 * follows a number or a word.  NULL, too, where it has more than max parts.
 */
json_t *usage_json_load(
    usage_str_t text, size_t max, size_t flags, json_error_t *reason);

/* The bytes that a string of len bytes takes at most, with its quotes. */
#define usage_json_string_max(len) (6 * (size_t) (len) + 2)

/*
 * Writes text as a JSON string with its quotes, and gives the end.  The room
 * needed is usage_json_string_max(text.len).  Controls (usage_utf8_control())
 * are escaped; bytes that are not UTF-8 become '?'.
 */
char *usage_json_write_string(char *p, usage_str_t text);

/*
 * The length in bytes of the character at text, of len > 0 bytes: 1 to 4, or 0
 * where it is not well-formed UTF-8.
 */
size_t usage_utf8_length(const char *text, size_t len);

/* The number of characters in text, which is valid UTF-8. */
size_t usage_utf8_chars(usage_str_t text);

/*
 * Tells whether the character at text, of n bytes, does something to a terminal
 * or to a line of a log instead of being shown: a control of C0 or C1, a
 * control of the direction of text, a separator of lines or paragraphs.
 */
bool usage_utf8_control(const char *text, size_t n);

/*
 * Makes text fit for a log or a terminal, in place: each such character, and
 * each byte that is not UTF-8, becomes '?'.  Gives the new length.
 */
size_t usage_text_clean(char *text, size_t len);


#endif /* USAGE_JSON_H */
