#include "usage_scan_private.h"
#include "usage_number.h"


usage_result_t
usage_scan_fail(usage_scan_t *scan, const char *reason)
{
    scan->state = USAGE_SCAN_FAILED;
    scan->reason = reason;

    return USAGE_ERROR;
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


static usage_result_t
usage_scan_open(usage_scan_t *scan, bool object)
{
    uint8_t *bits;

    if (usage_scan_wants(scan)) {
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

    return USAGE_OK;
}


static usage_result_t
usage_scan_close(usage_scan_t *scan)
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
        return USAGE_OK;
    }

    outer = scan->depth - 1;
    scan->object = (scan->objects[outer / 8] >> (outer % 8)) & 1;
    scan->state = USAGE_SCAN_AFTER_VALUE;

    return USAGE_OK;
}


static inline usage_result_t
usage_scan_value(usage_scan_t *scan, const usage_scan_value_t *value)
{
    scan->state = USAGE_SCAN_AFTER_VALUE;

    if (usage_scan_wants(scan)
        && scan->handler->value(scan->data, value) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return USAGE_OK;
}


usage_result_t
usage_scan_string(usage_scan_t *scan, const char *text, size_t len)
{
    usage_scan_value_t value;

    if (!scan->key) {
        value.kind = scan->too_long ? USAGE_SCAN_LONG : USAGE_SCAN_STRING;
        value.text.data = text;
        value.text.len = len;

        return usage_scan_value(scan, &value);
    }

    scan->state = USAGE_SCAN_AT_COLON;

    if (scan->wanted != scan->depth) {
        return USAGE_OK;
    }

    scan->keep = false;
    value.text.data = text;
    value.text.len = len;

    if (!scan->too_long
        && scan->handler->key(scan->data, value.text, &scan->keep) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return USAGE_OK;
}


/*
 * A string from the quote at *pp on: most end in the same piece, and have
 * nothing in them that isn't plain.
 */
static usage_result_t
usage_scan_quote(usage_scan_t *scan, const char **pp, const char *end, bool key)
{
    const char *p, *start;

    start = *pp + 1;
    p = usage_scan_plain(start, end);

    if (p == end || *p != '"') {
        *pp = start;
        usage_scan_string_start(scan, key);
        return USAGE_OK;
    }

    *pp = p + 1;
    scan->key = key;
    scan->too_long = p - start > USAGE_SCAN_KEPT_MAX;

    return usage_scan_string(scan, start, (size_t) (p - start));
}


static usage_result_t
usage_scan_number(usage_scan_t *scan, const char *text, size_t len)
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

    return usage_scan_value(scan, &value);
}


static usage_result_t
usage_scan_word(usage_scan_t *scan, const char *text, size_t len)
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

    return usage_scan_value(scan, &value);
}


static inline bool
usage_scan_of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


/*
 * A number or a word, from *pp on: it ends before the first byte that is no
 * part of such, which may come with a later piece.
 */
static usage_result_t
usage_scan_token(usage_scan_t *scan, const char **pp, const char *end)
{
    bool        number;
    size_t      len;
    const char *p, *text;

    number = scan->state == USAGE_SCAN_IN_NUMBER;
    p = *pp;

    while (p < end && (number ? usage_number_has(*p) : usage_scan_of_word(*p)))
    {
        p++;
    }

    text = *pp;
    len = (size_t) (p - text);
    *pp = p;

    if (len > USAGE_SCAN_KEPT_MAX - scan->kept) {
        return usage_scan_fail(scan, "a number or a word that is too long");
    }

    if (p == end || scan->kept > 0) {
        memcpy(scan->text + scan->kept, text, len);
        scan->kept += len;

        if (p == end) {
            return USAGE_OK;
        }

        scan->text[scan->kept] = '\0';
        text = scan->text;
        len = scan->kept;
    }

    return number ? usage_scan_number(scan, text, len)
                  : usage_scan_word(scan, text, len);
}


static usage_result_t
usage_scan_at_value(usage_scan_t *scan, const char **pp, const char *end)
{
    char c;

    c = **pp;

    if (scan->depth == USAGE_SCAN_DEPTH_MAX) {
        return usage_scan_fail(scan, "nested too deeply");
    }

    if (c == '{' || c == '[') {
        ++*pp;
        return usage_scan_open(scan, c == '{');
    }

    if (scan->depth == 0) {
        return usage_scan_fail(scan, "neither an object nor an array");
    }

    if (c == '"') {
        return usage_scan_quote(scan, pp, end, false);
    }

    scan->kept = 0;

    if (c == '-' || (c >= '0' && c <= '9')) {
        scan->state = USAGE_SCAN_IN_NUMBER;
        return usage_scan_token(scan, pp, end);
    }

    if (usage_scan_of_word(c)) {
        scan->state = USAGE_SCAN_IN_WORD;
        return usage_scan_token(scan, pp, end);
    }

    return usage_scan_fail(scan, "no value where one has to be");
}


/*
 * What is between values, white space aside, at *pp.
 */
static usage_result_t
usage_scan_between(usage_scan_t *scan, const char **pp, const char *end)
{
    char c;

    c = **pp;

    switch (scan->state) {

    case USAGE_SCAN_AT_FIRST_ELEMENT:
        if (c == ']') {
            break;
        }

        return usage_scan_at_value(scan, pp, end);

    case USAGE_SCAN_AT_VALUE:
        return usage_scan_at_value(scan, pp, end);

    case USAGE_SCAN_AT_FIRST_KEY:
    case USAGE_SCAN_AT_KEY:
        if (c == '"') {
            return usage_scan_quote(scan, pp, end, true);
        }

        if (c == '}' && scan->state == USAGE_SCAN_AT_FIRST_KEY) {
            break;
        }

        return usage_scan_fail(scan, "no key where one has to be");

    case USAGE_SCAN_AT_COLON:
        if (c != ':') {
            return usage_scan_fail(scan, "no colon after a key");
        }

        ++*pp;
        scan->state = USAGE_SCAN_AT_VALUE;
        return USAGE_OK;

    case USAGE_SCAN_AFTER_VALUE:
        if (c == ',') {
            ++*pp;
            scan->keep = true;
            scan->state =
                scan->object ? USAGE_SCAN_AT_KEY : USAGE_SCAN_AT_VALUE;
            return USAGE_OK;
        }

        if (c != (scan->object ? '}' : ']')) {
            return usage_scan_fail(scan, "no comma after a value");
        }

        break;

    default: /* USAGE_SCAN_AT_END, USAGE_SCAN_FAILED */
        return usage_scan_fail(scan, "something after the end");
    }

    ++*pp;

    return usage_scan_close(scan);
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
    const char    *end;
    usage_result_t rc;

    end = p + len;
    rc = USAGE_OK;

    while (p < end && rc == USAGE_OK) {

        if (scan->state < USAGE_SCAN_IN_STRING) {
            if ((unsigned char) *p > ' ') {
                rc = usage_scan_between(scan, &p, end);

            } else if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
                p++;

            } else {
                rc = usage_scan_fail(scan, "a control character");
            }

            continue;
        }

        switch (scan->state) {

        case USAGE_SCAN_IN_STRING:
            rc = usage_scan_string_plain(scan, &p, end);
            break;

        case USAGE_SCAN_IN_ESCAPE:
            rc = usage_scan_string_escape(scan, *p++);
            break;

        case USAGE_SCAN_IN_UNICODE:
            rc = usage_scan_string_unicode(scan, *p++);
            break;

        default: /* USAGE_SCAN_IN_NUMBER, USAGE_SCAN_IN_WORD */
            rc = usage_scan_token(scan, &p, end);
            break;
        }
    }

    return rc;
}


usage_result_t
usage_scan_end(usage_scan_t *scan)
{
    if (scan->state == USAGE_SCAN_AT_END) {
        return USAGE_OK;
    }

    return usage_scan_fail(scan, "it ends too early");
}
