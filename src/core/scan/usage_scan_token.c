/* SPDX-License-Identifier: BSD-2-Clause */

#include "scan/usage_scan_token.h"
#include "base/usage_number.h"


/*
 * Hands on the number of len characters at text, which ends before p.
 */
static const char *
usage_scan_end_number(
    usage_scan_t *scan, const char *p, const char *text, size_t len)
{
    bool               integer;
    const char        *reason;
    usage_scan_value_t value;

    reason =
        usage_number_parse(text, len, &integer, &value.integer, &value.number);
    if (reason != NULL) {
        return usage_scan_fail(scan, reason);
    }

    value.kind = integer ? USAGE_SCAN_INTEGER : USAGE_SCAN_REAL;

    return usage_scan_value(scan, p, &value);
}


/*
 * Hands on the word of len letters at text, which ends before p.
 */
static const char *
usage_scan_end_word(
    usage_scan_t *scan, const char *p, const char *text, size_t len)
{
    usage_scan_value_t value;

    if (len == 4 && memcmp(text, "null", 4) == 0) {
        value.kind = USAGE_SCAN_NULL;

    } else if (len == 4 && memcmp(text, "true", 4) == 0) {
        value.kind = USAGE_SCAN_TRUE;

    } else if (len == 5 && memcmp(text, "false", 5) == 0) {
        value.kind = USAGE_SCAN_FALSE;

    } else {
        return usage_scan_fail(scan, "an unknown word");
    }

    return usage_scan_value(scan, p, &value);
}


const char *
usage_scan_token_go_on(usage_scan_t *scan, const char *p)
{
    bool        number;
    size_t      len;
    const char *text;

    number = scan->state == USAGE_SCAN_IN_NUMBER;
    text = p;

    while (p < scan->end
           && (number ? usage_number_has(*p) : usage_scan_is_letter(*p)))
    {
        p++;
    }

    len = (size_t) (p - text);

    if (len > USAGE_SCAN_KEPT_MAX - scan->kept) {
        return usage_scan_fail(scan, "a number or a word that is too long");
    }

    if (p == scan->end || scan->kept > 0) {
        memcpy(scan->text + scan->kept, text, len);
        scan->kept += len;

        if (p == scan->end) {
            return p;
        }

        scan->text[scan->kept] = '\0';
        text = scan->text;
        len = scan->kept;
    }

    return number ? usage_scan_end_number(scan, p, text, len)
                  : usage_scan_end_word(scan, p, text, len);
}


const char *
usage_scan_number(usage_scan_t *scan, const char *p)
{
    bool               integer;
    size_t             len;
    usage_scan_value_t value;

    /* most numbers are short, and end in this piece */

    len = usage_number_short(
        p, scan->end, &integer, &value.integer, &value.number);

    if (len > 0) {
        value.kind = integer ? USAGE_SCAN_INTEGER : USAGE_SCAN_REAL;
        return usage_scan_value(scan, p + len, &value);
    }

    scan->kept = 0;
    scan->state = USAGE_SCAN_IN_NUMBER;

    return usage_scan_token_go_on(scan, p);
}


const char *
usage_scan_word(usage_scan_t *scan, const char *p)
{
    scan->kept = 0;
    scan->state = USAGE_SCAN_IN_WORD;

    return usage_scan_token_go_on(scan, p);
}
