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
    USAGE_SCAN_AT_END,
    USAGE_SCAN_FAILED,
    USAGE_SCAN_IN_STRING, /* from here on: inside a value */
    USAGE_SCAN_IN_ESCAPE,
    USAGE_SCAN_IN_UNICODE, /* the four digits of \uXXXX */
    USAGE_SCAN_IN_NUMBER,
    USAGE_SCAN_IN_WORD
};


/* Ends the reading; reason is NULL where a callback ended it. */
usage_result_t usage_scan_fail(usage_scan_t *scan, const char *reason);

/* A whole string, key or value, without its quotes. */
usage_result_t
usage_scan_string(usage_scan_t *scan, const char *text, size_t len);

/* The quote that starts a string, a key or a value. */
void usage_scan_string_start(usage_scan_t *scan, bool key);

/*
 * What is inside: plain characters from *pp on, of which there is one at
 * least, up to the quote or the backslash that *pp is then behind; the
 * character after a backslash; a digit of \uXXXX.
 */
usage_result_t
usage_scan_string_plain(usage_scan_t *scan, const char **pp, const char *end);
usage_result_t usage_scan_string_escape(usage_scan_t *scan, char c);
usage_result_t usage_scan_string_unicode(usage_scan_t *scan, char c);


/*
 * The first byte from p on that a string cannot take as it is: a quote, a
 * backslash, a control character, or one that isn't ASCII.
 *
 * Eight at a time: in a word, the lowest bit that is found is exact.  A space
 * and an exclamation mark are found as well, as one test is for all up to the
 * quote, and passed by.
 */
static inline const char *
usage_scan_plain(const char *p, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = 0x8080808080808080u;

    uint64_t      word, escape, found;
    unsigned char c;

    while (end - p >= 8) {
        memcpy(&word, p, 8);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif

        escape = word ^ (ones * '\\');
        found = (((word - ones * ('"' + 1)) & ~word)
                    | ((escape - ones) & ~escape) | word)
                & highs;

        if (found == 0) {
            p += 8;
            continue;
        }

        p += __builtin_ctzll(found) / 8;

        if (*p != ' ' && *p != '!') {
            return p;
        }

        p++;
    }

    for (; p < end; p++) {
        c = (unsigned char) *p;

        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) {
            break;
        }
    }

    return p;
}


#endif /* USAGE_SCAN_PRIVATE_H */
