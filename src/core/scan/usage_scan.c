/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The structure of the input: which containers are open, and what stands
 * between keys and values.  What is inside of these is read by
 * usage_scan_string.c and usage_scan_token.c.
 */

#include "scan/usage_scan_string.h"
#include "scan/usage_scan_token.h"


/*
 * Offers the handler the object at p, an element of a wanted array: it may read
 * that, and some that follow, by itself.  Gives the place of the first one that
 * it left.
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


/*
 * Opens the container whose bracket is at p.
 */
static const char *
usage_scan_open(usage_scan_t *scan, const char *p, bool object)
{
    uint8_t *bits;

    if (usage_scan_wants_value(scan)) {
        if (object && scan->depth > 0 && !scan->object
            && scan->handler->element != NULL)
        {
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
    scan->value_wanted = true;
    scan->state =
        object ? USAGE_SCAN_AT_FIRST_KEY : USAGE_SCAN_AT_FIRST_ELEMENT;

    return p + 1;
}


/*
 * Closes the innermost container, whose bracket is at p.
 */
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


/*
 * Reads the value that begins at p.
 */
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
        return usage_scan_number(scan, p);
    }

    if (usage_scan_is_letter(c)) {
        return usage_scan_word(scan, p);
    }

    return usage_scan_fail(scan, "no value where one has to be");
}


/*
 * Passes the comma at p.
 */
static inline const char *
usage_scan_comma(usage_scan_t *scan, const char *p)
{
    scan->value_wanted = true;
    scan->state = scan->object ? USAGE_SCAN_AT_KEY : USAGE_SCAN_AT_VALUE;

    return p + 1;
}


/*
 * Passes white space; gives the first other byte, or end.
 */
static inline const char *
usage_scan_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }

    return p;
}


/*
 * Reads the key whose quote is at p, and its value if that is a string or a
 * number.
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

    return *p >= '0' && *p <= '9' ? usage_scan_number(scan, p) : p;
}


/*
 * Reads members of an object, beginning with the key whose quote is at p, up to
 * and with the object's end.  That is the fast way for what is common: white
 * space stands behind colons and commas only, and the piece does not end.
 * Where anything else comes, this function returns, and usage_scan_between()
 * goes on.
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
 * Reads what is at p, which is no white space and not inside a key or a value.
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
    scan->value_wanted = true;
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

        if (scan->state >= USAGE_SCAN_IN_NUMBER) {
            p = usage_scan_token_go_on(scan, p);

        } else if (scan->state >= USAGE_SCAN_IN_STRING) {
            p = usage_scan_string_go_on(scan, p);

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
