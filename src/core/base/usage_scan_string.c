/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_scan_private.h"
#include "base/usage_scan_special.h"


static inline uint64_t
usage_scan_special(const char *p)
{
    return usage_scan_special16(p) | usage_scan_special16(p + 16) << 16
           | usage_scan_special16(p + 32) << 32
           | usage_scan_special16(p + 48) << 48;
}


/*
 * The piece's last block is filled up with quotes, of which the first tells
 * its end.
 */
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

    memset(last, '"', USAGE_SCAN_BLOCK);
    memcpy(last, p, len);
    scan->special = usage_scan_special(last);
}


void
usage_scan_string_start(usage_scan_t *scan, bool key)
{
    scan->state = USAGE_SCAN_IN_STRING;
    scan->key = key;
    scan->too_long = false;
    scan->kept = 0;
    scan->more = 0;
    scan->surrogate = 0;
}


/*
 * Keeps a piece of a string that isn't all in one piece of the input.
 */
static void
usage_scan_keep(usage_scan_t *scan, const char *p, size_t len)
{
    if (scan->wanted != scan->depth || (!scan->key && !scan->keep)) {
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
 * A byte of a character that isn't ASCII: how many follow the first, and
 * which range the second has to be in (Unicode, table 3-7).
 */
static bool
usage_scan_utf8(usage_scan_t *scan, unsigned char c)
{
    if (scan->more > 0) {
        if (c < scan->low || c > scan->high) {
            return false;
        }

        scan->more--;
        scan->low = 0x80;
        scan->high = 0xbf;

        return true;
    }

    if (c < 0xc2 || c > 0xf4) {
        return false;
    }

    scan->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    scan->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    scan->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;

    return true;
}


/*
 * The quote at p, of a string that is kept as far as start.
 */
static const char *
usage_scan_string_end(usage_scan_t *scan, const char *start, const char *p)
{
    usage_str_t text;

    text.data = start;
    text.len = (size_t) (p - start);

    if (scan->kept == 0 && !scan->too_long) {
        scan->too_long = text.len > USAGE_SCAN_KEPT_MAX;

    } else {
        usage_scan_keep(scan, start, text.len);

        text.data = scan->text;
        text.len = scan->kept;
    }

    return usage_scan_string(scan, p + 1, text);
}


/*
 * Inside a string, from p on.
 */
const char *
usage_scan_string_plain(usage_scan_t *scan, const char *p)
{
    const char   *start;
    unsigned char c;

    /* a surrogate's second half has to come right after the first */

    if (scan->surrogate != 0 && *p != '\\') {
        return usage_scan_fail(scan, "a lone surrogate");
    }

    for (start = p;; p++) {
        if (scan->more == 0) {
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

    if (scan->more > 0) {
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


const char *
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


const char *
usage_scan_string_unicode(usage_scan_t *scan, const char *p)
{
    char     c;
    unsigned digit;

    c = *p;

    if (c >= '0' && c <= '9') {
        digit = (unsigned) (c - '0');

    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (unsigned) ((c | 0x20) - 'a') + 10;

    } else {
        return usage_scan_fail(scan, "a wrong \\u escape");
    }

    scan->unit = (uint16_t) ((unsigned) scan->unit << 4 | digit);

    if (--scan->digits > 0) {
        return p + 1;
    }

    scan->state = USAGE_SCAN_IN_STRING;

    if (scan->surrogate != 0) {
        if ((scan->unit & 0xfc00) != 0xdc00) {
            return usage_scan_fail(scan, "a lone surrogate");
        }

        usage_scan_keep_code(
            scan, 0x10000 + ((uint32_t) (scan->surrogate & 0x3ff) << 10)
                      + (scan->unit & 0x3ff));
        scan->surrogate = 0;

    } else if ((scan->unit & 0xfc00) == 0xd800) {
        scan->surrogate = scan->unit;

    } else if ((scan->unit & 0xfc00) == 0xdc00) {
        return usage_scan_fail(scan, "a lone surrogate");

    } else if (scan->unit == 0) {
        return usage_scan_fail(scan, "a NUL in a string");

    } else {
        usage_scan_keep_code(scan, scan->unit);
    }

    return p + 1;
}
