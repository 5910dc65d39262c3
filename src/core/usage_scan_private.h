/*
 * What the files of the JSON reader share: usage_scan.c has the structure,
 * usage_scan_string.c what is between two quotes.
 */

#ifndef USAGE_SCAN_PRIVATE_H
#define USAGE_SCAN_PRIVATE_H

#include "usage_scan.h"


/* what is expected next */

enum {
    USAGE_SCAN_AT_VALUE = 0,
    USAGE_SCAN_AT_FIRST_ELEMENT, /* or the array's end */
    USAGE_SCAN_AT_FIRST_KEY,     /* or the object's end */
    USAGE_SCAN_AT_KEY,
    USAGE_SCAN_AT_COLON,
    USAGE_SCAN_AFTER_VALUE,
    USAGE_SCAN_IN_STRING,
    USAGE_SCAN_IN_ESCAPE,
    USAGE_SCAN_IN_UNICODE, /* the four digits of \uXXXX */
    USAGE_SCAN_IN_NUMBER,
    USAGE_SCAN_IN_WORD,
    USAGE_SCAN_AT_END,
    USAGE_SCAN_FAILED
};


/* Ends the reading; reason is NULL where a callback ended it. */
usage_result_t usage_scan_fail(usage_scan_t *scan, const char *reason);

/* A whole value, no container: handed on where it is wanted. */
usage_result_t
usage_scan_value(usage_scan_t *scan, const usage_scan_value_t *value);

/* The quote that starts a string, a key or a value. */
void usage_scan_string_start(usage_scan_t *scan, bool key);

/*
 * What is inside: plain characters from *pp on, of which there is one at
 * least, up to the quote or the backslash that *pp is then behind; the
 * character after a backslash; a digit of \\uXXXX.
 */
usage_result_t
usage_scan_string_plain(usage_scan_t *scan, const char **pp, const char *end);
usage_result_t usage_scan_string_escape(usage_scan_t *scan, char c);
usage_result_t usage_scan_string_unicode(usage_scan_t *scan, char c);


#endif /* USAGE_SCAN_PRIVATE_H */
