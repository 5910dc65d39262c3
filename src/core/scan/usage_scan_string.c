/* SPDX-License-Identifier: BSD-2-Clause */

#include "scan/usage_scan_string.h"
#include "scan/usage_scan_special.h"
#include "base/usage_number.h"


/*
 * Gives a bit for each byte of the block at p: 1 if it is special.
 */
static inline uint64_t
usage_scan_special(const char *p)
{
    return usage_scan_special16(p) | usage_scan_special16(p + 16) << 16
           | usage_scan_special16(p + 32) << 32
           | usage_scan_special16(p + 48) << 48;
}


void
usage_scan_block(usage_scan_t *scan, const char *p)
{
    char   last[USAGE_SCAN_BLOCK];
    size_t len;

    scan->block = p;
    len = (size_t) (scan->end - p);

    if (len >= USAGE_SCAN_BLOCK) {
        scan->special = usage_scan_special(p);
        return;
    }

    /* a quote behind the last byte is special */

    memset(last, '"', USAGE_SCAN_BLOCK);
    memcpy(last, p, len);
    scan->special = usage_scan_special(last);
}


void
usage_scan_string_start(usage_scan_t *scan)
{
    scan->state = USAGE_SCAN_IN_STRING;
    scan->too_long = false;
    scan->kept = 0;
    scan->missing = 0;
    scan->surrogate = 0;
}


/*
 * Adds len bytes at p to scan->text, if the string is wanted and not too long.
 */
static void
usage_scan_keep(usage_scan_t *scan, const char *p, size_t len)
{
    if (!(scan->key ? usage_scan_wants_key(scan)
                    : usage_scan_wants_value(scan))) {
        return;
    }

    if (len > USAGE_SCAN_KEPT_MAX - scan->kept) {
        scan->too_long = true;
        return;
    }

    memcpy(scan->text + scan->kept, p, len);
    scan->kept += len;
}


/*
 * Takes a byte of a character that isn't ASCII: the first one tells how many
 * follow, and which range the second has to be in (Unicode, table 3-7).  false:
 * the byte can't stand there.
 */
static bool
usage_scan_utf8(usage_scan_t *scan, unsigned char c)
{
    if (scan->missing > 0) {
        if (c < scan->low || c > scan->high) {
            return false;
        }

        scan->missing--;
        scan->low = 0x80;
        scan->high = 0xbf;

        return true;
    }

    if (c < 0xc2 || c > 0xf4) {
        return false;
    }

    scan->missing = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    scan->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    scan->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

    return true;
}


/*
 * Ends the string at the quote at p.  What came before start is in scan->text
 * already.
 */
static const char *
usage_scan_string_end(usage_scan_t *scan, const char *start, const char *p)
{
    usage_str_t text;

    text.data = start;
    text.len = (size_t) (p - start);

    /* nothing came before: the text is handed on where it is */

    if (scan->kept == 0 && !scan->too_long) {
        scan->too_long = text.len > USAGE_SCAN_KEPT_MAX;

    } else {
        usage_scan_keep(scan, start, text.len);

        text.data = scan->text;
        text.len = scan->kept;
    }

    return usage_scan_string(scan, p + 1, text, scan->too_long);
}


/*
 * Reads characters that stand for themselves, up to and with a quote or a
 * backslash.
 */
static const char *
usage_scan_string_plain(usage_scan_t *scan, const char *p)
{
    const char   *start;
    unsigned char c;

    /* a surrogate's second half has to come right after the first */

    if (scan->surrogate != 0 && *p != '\\') {
        return usage_scan_fail(scan, "a lone surrogate");
    }

    for (start = p;; p++) {
        if (scan->missing == 0) {
            p = usage_scan_plain(scan, p);
        }

        if (p == scan->end) {
            usage_scan_keep(scan, start, (size_t) (p - start));
            return p;
        }

        c = (unsigned char) *p;

        if (c < 0x80) {
            break;
        }

        if (!usage_scan_utf8(scan, c)) {
            return usage_scan_fail(scan, "invalid UTF-8");
        }
    }

    if (scan->missing > 0) {
        return usage_scan_fail(scan, "invalid UTF-8");
    }

    if (c == '"') {
        return usage_scan_string_end(scan, start, p);
    }

    if (c != '\\') {
        return usage_scan_fail(scan, "a control character in a string");
    }

    usage_scan_keep(scan, start, (size_t) (p - start));
    scan->state = USAGE_SCAN_IN_ESCAPE;

    return p + 1;
}


/*
 * Reads the character behind a backslash.
 */
static const char *
usage_scan_string_escape(usage_scan_t *scan, const char *p)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";

    const char *name;

    if (*p == 'u') {
        scan->state = USAGE_SCAN_IN_UNICODE;
        scan->digits = 4;
        scan->unit = 0;
        return p + 1;
    }

    if (scan->surrogate != 0) {
        return usage_scan_fail(scan, "a lone surrogate");
    }

    name = *p == '\0' ? NULL : strchr(names, *p);
    if (name == NULL) {
        return usage_scan_fail(scan, "an unknown escape");
    }

    usage_scan_keep(scan, values + (name - names), 1);
    scan->state = USAGE_SCAN_IN_STRING;

    return p + 1;
}


/*
 * Adds the character of that number to scan->text, as UTF-8.
 */
static void
usage_scan_keep_code(usage_scan_t *scan, uint32_t code)
{
    char   utf8[4];
    size_t n;

    if (code < 0x80) {
        utf8[0] = (char) code;
        n = 1;

    } else if (code < 0x800) {
        utf8[0] = (char) (0xc0 | (code >> 6));
        n = 2;

    } else if (code < 0x10000) {
        utf8[0] = (char) (0xe0 | (code >> 12));
        n = 3;

    } else {
        utf8[0] = (char) (0xf0 | (code >> 18));
        n = 4;
    }

    if (n > 3) {
        utf8[n - 3] = (char) (0x80 | ((code >> 12) & 0x3f));
    }

    if (n > 2) {
        utf8[n - 2] = (char) (0x80 | ((code >> 6) & 0x3f));
    }

    if (n > 1) {
        utf8[n - 1] = (char) (0x80 | (code & 0x3f));
    }

    usage_scan_keep(scan, utf8, n);
}


/*
 * Adds the character of the \uXXXX that has just been read.  Two of them, a
 * high and a low surrogate, are one character.
 */
static const char *
usage_scan_string_unit(usage_scan_t *scan, const char *p)
{
    uint32_t unit, surrogate;

    unit = scan->unit;
    surrogate = scan->surrogate;
    scan->surrogate = 0;

    if ((unit & 0xfc00) == 0xdc00) {
        if (surrogate == 0) {
            return usage_scan_fail(scan, "a lone surrogate");
        }

        unit = 0x10000 + ((surrogate & 0x3ff) << 10) + (unit & 0x3ff);

    } else if (surrogate != 0) {
        return usage_scan_fail(scan, "a lone surrogate");

    } else if ((unit & 0xfc00) == 0xd800) {
        scan->surrogate = scan->unit;
        return p;

    } else if (unit == 0) {
        return usage_scan_fail(scan, "a NUL in a string");
    }

    usage_scan_keep_code(scan, unit);

    return p;
}


/*
 * Reads a digit of \uXXXX, and ends the character with the fourth one.
 */
static const char *
usage_scan_string_unicode(usage_scan_t *scan, const char *p)
{
    int digit;

    digit = usage_hex_digit(*p);
    if (digit < 0) {
        return usage_scan_fail(scan, "a wrong \\u escape");
    }

    scan->unit = (uint16_t) (scan->unit << 4 | digit);

    if (--scan->digits > 0) {
        return p + 1;
    }

    scan->state = USAGE_SCAN_IN_STRING;

    return usage_scan_string_unit(scan, p + 1);
}


const char *
usage_scan_string_go_on(usage_scan_t *scan, const char *p)
{
    switch (scan->state) {

    case USAGE_SCAN_IN_STRING:
        return usage_scan_string_plain(scan, p);

    case USAGE_SCAN_IN_ESCAPE:
        return usage_scan_string_escape(scan, p);

    default: /* USAGE_SCAN_IN_UNICODE */
        return usage_scan_string_unicode(scan, p);
    }
}
