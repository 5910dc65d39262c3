/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON that is read by jansson, strings in JSON that is written here, and
 * UTF-8.  (Pages of statistics are read by scan/ and page/ instead.)
 */

#ifndef USAGE_JSON_H
#define USAGE_JSON_H

#include "base/usage_core.h"

#include <jansson.h>


/* how many parts (usage_json_parts()) a text may have */

#define USAGE_JSON_ANY   SIZE_MAX
#define USAGE_JSON_ERROR 10000   /* an error of the API */
#define USAGE_JSON_REPLY 1000000 /* a legacy reply: 100 desktops, 744 hours */

/* the bytes that jansson takes for a part at most, without its text */
#define USAGE_JSON_PART 128

/*
 * Counts the parts of a text in JSON: its opening brackets, colons and commas.
 * Their number bounds that of its values, and so the memory that these take.
 * Counts no further than max + 1.
 */
size_t usage_json_parts(usage_str_t text, size_t max);

/*
 * Reads text by jansson's json_loadb(), with its flags, and refuses a NUL
 * anywhere (jansson would pass one that follows a number or a word).  The
 * caller owns what it gives.  NULL: *reason says why; besides jansson's own
 * reasons, the text has more than max parts.
 */
json_t *usage_json_load(
    usage_str_t text, size_t max, size_t flags, json_error_t *reason);

/*
 * Gives the text of an object's member, which lives as long as the object; an
 * empty text if there is none, or if it is no string.
 */
usage_str_t usage_json_text(const json_t *object, const char *key);

/* The bytes that a string of len bytes takes in JSON at most. */
#define usage_json_string_max(len) (6 * (size_t) (len) + 2)

/*
 * Writes text as a JSON string with its quotes, at most
 * usage_json_string_max(text.len) bytes, and gives the end.  Controls
 * (usage_utf8_control()) are escaped, and bytes that are not UTF-8 become '?'.
 */
char *usage_json_write_string(char *p, usage_str_t text);

/*
 * Gives the bytes, 1 to 4, of the character at text, which has len > 0 bytes;
 * 0: it is not well-formed UTF-8.
 */
size_t usage_utf8_length(const char *text, size_t len);

/* Counts the characters of text, which is valid UTF-8. */
size_t usage_utf8_chars(usage_str_t text);

/*
 * Tells whether the character at text, of n bytes, controls a terminal or the
 * line of a log instead of being shown: C0 and C1 controls, controls of the
 * direction of text, separators of lines and paragraphs.
 */
bool usage_utf8_control(const char *text, size_t n);

/*
 * Makes text harmless for a log or a terminal, in place: each such character,
 * and each byte that is not UTF-8, becomes '?'.  Gives the new length.
 */
size_t usage_text_clean(char *text, size_t len);


#endif /* USAGE_JSON_H */
