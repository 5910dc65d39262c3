/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_scan_private.h"
#include "base/usage_number.h"


static const char *usage_scan_token(usage_scan_t *scan, const char *p);


const char *
usage_scan_fail(usage_scan_t *scan, const char *reason)
{
    scan->state = USAGE_SCAN_FAILED;
    scan->reason = reason;

    return NULL;
}


/*
 * Whether the value that comes now is handed on: all that is open is wanted,
 * and so was the key before it.
 */
static inline bool
usage_scan_wants(const usage_scan_t *scan)
{
    return scan->keep && scan->wanted == scan->depth;
}


/*
 * An object in an array: the handler may read it, and some that follow.
 */
static const char *
usage_scan_element(usage_scan_t *scan, const char *p)
{
    const char *start;

    start = p;

    if (scan->handler->element(scan->data, &p, scan->end) != USAGE_OK) {
        return usage_scan_fail(scan, NULL);
    }

    if (p != start) {
        usage_scan_block(scan, p);
    }

    return p;
}


static const char *
usage_scan_open(usage_scan_t *scan, const char *p, bool object)
{
    uint8_t *bits;

    if (usage_scan_wants(scan)) {
        if (object && scan->depth > 0 && !scan->object) {
            p = usage_scan_element(scan, p);
            if (p == NULL) {
                return NULL;
            }
        }

        if (scan->handler->open(scan->data, object) != USAGE_OK) {
            return usage_scan_fail(scan, NULL);
        }

        scan->wanted++;
    }

    bits = &scan->objects[scan->depth / 8];
    *bits = (uint8_t) ((*bits & ~(1u << (scan->depth % 8)))
                       | ((unsigned) object << (scan->depth % 8)));
    scan->depth++;
    scan->object = object;
    scan->keep = true;
    scan->state =
        object ? USAGE_SCAN_AT_FIRST_KEY : USAGE_SCAN_AT_FIRST_ELEMENT;

    return p + 1;
}


static const char *
usage_scan_close(usage_scan_t *scan, const char *p)
{
    unsigned outer;

    if (scan->wanted == scan->depth) {
        if (scan->handler->close(scan->data) != USAGE_OK) {
            return usage_scan_fail(scan, NULL);
        }

        scan->wanted--;
    }

    scan->depth--;

    if (scan->depth == 0) {
        scan->state = USAGE_SCAN_AT_END;
        return p + 1;
    }

    outer = scan->depth - 1;
    scan->object = (scan->objects[outer / 8] >> (outer % 8)) & 1;
    scan->state = USAGE_SCAN_AFTER_VALUE;

    return p + 1;
}


static inline const char *
usage_scan_value(
    usage_scan_t *scan, const char *p, const usage_scan_value_t *value)
{
    scan->state = USAGE_SCAN_AFTER_VALUE;

    if (usage_scan_wants(scan)
        && scan->handler->value(scan->data, value) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return p;
}


static inline const char *
usage_scan_key(
    usage_scan_t *scan, const char *p, usage_str_t name, bool too_long)
{
    scan->state = USAGE_SCAN_AT_COLON;

    if (scan->wanted != scan->depth) {
        return p;
    }

    scan->keep = false;

    if (!too_long
        && scan->handler->key(scan->data, name, &scan->keep) != USAGE_OK) {
        return usage_scan_fail(scan, NULL);
    }

    return p;
}


static inline const char *
usage_scan_text(
    usage_scan_t *scan, const char *p, usage_str_t text, bool too_long)
{
    usage_scan_value_t value;

    value.kind = too_long ? USAGE_SCAN_LONG : USAGE_SCAN_STRING;
    value.text = text;

    return usage_scan_value(scan, p, &value);
}


const char *
usage_scan_string(usage_scan_t *scan, const char *p, usage_str_t text)
{
    return scan->key ? usage_scan_key(scan, p, text, scan->too_long)
                     : usage_scan_text(scan, p, text, scan->too_long);
}


/*
 * A string from the quote at p on: most end in the same piece, and have
 * nothing in them that isn't plain.
 */
static inline const char *
usage_scan_quote(usage_scan_t *scan, const char *p, bool key)
{
    bool        too_long;
    usage_str_t text;

    text.data = p + 1;
    p = usage_scan_plain(scan, text.data);

    if (p == scan->end || *p != '"') {
        usage_scan_string_start(scan, key);
        usage_scan_block(scan, text.data);
        return text.data;
    }

    text.len = (size_t) (p - text.data);
    too_long = text.len > USAGE_SCAN_KEPT_MAX;

    return key ? usage_scan_key(scan, p + 1, text, too_long)
               : usage_scan_text(scan, p + 1, text, too_long);
}


static const char *
usage_scan_number(
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
 * A number from p on: most are short, and end in the same piece.
 */
static inline const char *
usage_scan_digits(usage_scan_t *scan, const char *p)
{
    bool               integer;
    size_t             len;
    usage_scan_value_t value;

    len = usage_number_short(
        p, scan->end, &integer, &value.integer, &value.number);

    if (len == 0) {
        scan->kept = 0;
        scan->state = USAGE_SCAN_IN_NUMBER;
        return usage_scan_token(scan, p);
    }

    value.kind = integer ? USAGE_SCAN_INTEGER : USAGE_SCAN_REAL;

    return usage_scan_value(scan, p + len, &value);
}


static const char *
usage_scan_word(usage_scan_t *scan, const char *p, const char *text, size_t len)
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


static inline bool
usage_scan_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


/*
 * A number or a word, from p on: it ends before the first byte that is no
 * part of such, which may come with a later piece.
 */
static const char *
usage_scan_token(usage_scan_t *scan, const char *p)
{
    bool        number;
    size_t      len;
    const char *text;

    number = scan->state == USAGE_SCAN_IN_NUMBER;
    text = p;

    while (p < scan->end
           && (number ? usage_number_has(*p) : usage_scan_of_word(*p)))
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

    return number ? usage_scan_number(scan, p, text, len)
                  : usage_scan_word(scan, p, text, len);
}


static inline const char *
usage_scan_at_value(usage_scan_t *scan, const char *p)
{
    char c;

    c = *p;

    if (scan->depth == USAGE_SCAN_DEPTH_MAX) {
        return usage_scan_fail(scan, "nested too deeply");
    }

    if (c == '{' || c == '[') {
        return usage_scan_open(scan, p, c == '{');
    }

    if (scan->depth == 0) {
        return usage_scan_fail(scan, "neither an object nor an array");
    }

    if (c == '"') {
        return usage_scan_quote(scan, p, false);
    }

    if (c == '-' || (c >= '0' && c <= '9')) {
        return usage_scan_digits(scan, p);
    }

    if (usage_scan_of_word(c)) {
        scan->kept = 0;
        scan->state = USAGE_SCAN_IN_WORD;
        return usage_scan_token(scan, p);
    }

    return usage_scan_fail(scan, "no value where one has to be");
}


static inline const char *
usage_scan_comma(usage_scan_t *scan, const char *p)
{
    scan->keep = true;
    scan->state = scan->object ? USAGE_SCAN_AT_KEY : USAGE_SCAN_AT_VALUE;

    return p + 1;
}


static inline const char *
usage_scan_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }

    return p;
}


/*
 * A key from its quote on, and its value if that is a string or a number.
 */
static inline const char *
usage_scan_member(usage_scan_t *scan, const char *p, const char *end)
{
    p = usage_scan_quote(scan, p, true);

    if (p == NULL || p == end || *p != ':'
        || scan->state != USAGE_SCAN_AT_COLON) {
        return p;
    }

    scan->state = USAGE_SCAN_AT_VALUE;
    p = usage_scan_space(p + 1, end);

    if (p == end) {
        return p;
    }

    if (*p == '"') {
        return usage_scan_quote(scan, p, false);
    }

    return *p >= '0' && *p <= '9' ? usage_scan_digits(scan, p) : p;
}


/*
 * Members of an object, from a key's quote on, as long as each is in its place
 * and no white space is but after colons and commas.  Whatever is otherwise is
 * left to usage_scan_between().
 */
static const char *
usage_scan_members(usage_scan_t *scan, const char *p)
{
    const char *end;

    end = scan->end;

    do {
        p = usage_scan_member(scan, p, end);

        if (p == NULL || p == end || scan->state != USAGE_SCAN_AFTER_VALUE) {
            return p;
        }

        if (*p == '}') {
            return usage_scan_close(scan, p);
        }

        if (*p != ',') {
            return p;
        }

        p = usage_scan_space(usage_scan_comma(scan, p), end);

    } while (p < end && *p == '"');

    return p;
}


/*
 * What is between values, white space aside, at p.
 */
static const char *
usage_scan_between(usage_scan_t *scan, const char *p)
{
    char c;

    c = *p;

    switch (scan->state) {

    case USAGE_SCAN_AT_FIRST_ELEMENT:
        if (c == ']') {
            break;
        }

        return usage_scan_at_value(scan, p);

    case USAGE_SCAN_AT_VALUE:
        return usage_scan_at_value(scan, p);

    case USAGE_SCAN_AT_FIRST_KEY:
    case USAGE_SCAN_AT_KEY:
        if (c == '"') {
            return scan->depth < USAGE_SCAN_DEPTH_MAX
                       ? usage_scan_members(scan, p)
                       : usage_scan_quote(scan, p, true);
        }

        if (c == '}' && scan->state == USAGE_SCAN_AT_FIRST_KEY) {
            break;
        }

        return usage_scan_fail(scan, "no key where one has to be");

    case USAGE_SCAN_AT_COLON:
        if (c != ':') {
            return usage_scan_fail(scan, "no colon after a key");
        }

        scan->state = USAGE_SCAN_AT_VALUE;
        return p + 1;

    case USAGE_SCAN_AFTER_VALUE:
        if (c == ',') {
            return usage_scan_comma(scan, p);
        }

        if (c != (scan->object ? '}' : ']')) {
            return usage_scan_fail(scan, "no comma after a value");
        }

        break;

    default: /* USAGE_SCAN_AT_END, USAGE_SCAN_FAILED */
        return usage_scan_fail(scan, "something after the end");
    }

    return usage_scan_close(scan, p);
}


/*
 * What is inside of a value that began in an earlier piece, or of a string
 * that isn't plain.
 */
static const char *
usage_scan_inside(usage_scan_t *scan, const char *p)
{
    switch (scan->state) {

    case USAGE_SCAN_IN_STRING:
        return usage_scan_string_plain(scan, p);

    case USAGE_SCAN_IN_ESCAPE:
        return usage_scan_string_escape(scan, p);

    case USAGE_SCAN_IN_UNICODE:
        return usage_scan_string_unicode(scan, p);

    default: /* USAGE_SCAN_IN_NUMBER, USAGE_SCAN_IN_WORD */
        return usage_scan_token(scan, p);
    }
}


void
usage_scan_start(
    usage_scan_t *scan, const usage_scan_handler_t *handler, void *data)
{
    scan->handler = handler;
    scan->data = data;
    scan->reason = NULL;
    scan->state = USAGE_SCAN_AT_VALUE;
    scan->depth = 0;
    scan->wanted = 0;
    scan->keep = true;
    scan->kept = 0;
}


usage_result_t
usage_scan_feed(usage_scan_t *scan, const char *p, size_t len)
{
    if (len == 0) {
        return USAGE_OK;
    }

    scan->end = p + len;
    usage_scan_block(scan, p);

    while (p != NULL && p < scan->end) {

        if (scan->state >= USAGE_SCAN_IN_STRING) {
            p = usage_scan_inside(scan, p);

        } else if ((unsigned char) *p > ' ') {
            p = usage_scan_between(scan, p);

        } else if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            p++;

        } else {
            p = usage_scan_fail(scan, "a control character");
        }
    }

    return p == NULL ? USAGE_ERROR : USAGE_OK;
}


usage_result_t
usage_scan_end(usage_scan_t *scan)
{
    if (scan->state == USAGE_SCAN_AT_END) {
        return USAGE_OK;
    }

    (void) usage_scan_fail(scan, "it ends too early");

    return USAGE_ERROR;
}
