/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the JSON reader tells its handler: keys and values, if they are wanted.
 * Besides, the states of the reader, which its files share.
 *
 * Each step of the reader is given the place in the piece at which it begins,
 * and gives the place where the next step begins; NULL ends the reading.
 */

#ifndef USAGE_SCAN_EVENT_H
#define USAGE_SCAN_EVENT_H

#include "scan/usage_scan.h"


/* what is expected next, or what the reader is inside of */

enum {
    USAGE_SCAN_AT_VALUE = 0,
    USAGE_SCAN_AT_FIRST_ELEMENT, /* or the array's end */
    USAGE_SCAN_AT_FIRST_KEY,     /* or the object's end */
    USAGE_SCAN_AT_KEY,
    USAGE_SCAN_AT_COLON,
    USAGE_SCAN_AFTER_VALUE,
    USAGE_SCAN_AT_END,
    USAGE_SCAN_FAILED,
    USAGE_SCAN_IN_STRING,  /* this one and all below: inside a key or a value */
    USAGE_SCAN_IN_ESCAPE,  /* behind a backslash */
    USAGE_SCAN_IN_UNICODE, /* in the four digits of \uXXXX */
    USAGE_SCAN_IN_NUMBER,
    USAGE_SCAN_IN_WORD
};


/*
 * Ends the reading; reason says why the input is not JSON, and is NULL if the
 * handler ended it.  Always gives NULL.
 */
static inline const char *
usage_scan_fail(usage_scan_t *scan, const char *reason)
{
    scan->state = USAGE_SCAN_FAILED;
    scan->reason = reason;

    return NULL;
}


/* Tells whether the key that comes next goes to the handler. */
static inline bool
usage_scan_wants_key(const usage_scan_t *scan)
{
    return scan->wanted == scan->depth;
}


/* Tells whether the value that comes next goes to the handler. */
static inline bool
usage_scan_wants_value(const usage_scan_t *scan)
{
    return scan->value_wanted && scan->wanted == scan->depth;
}


/* Hands on the value that ends before p. */
static inline const char *
usage_scan_value(
    usage_scan_t *scan, const char *p, const usage_scan_value_t *value)
{
    scan->state = USAGE_SCAN_AFTER_VALUE;

    if (usage_scan_wants_value(scan)
        && scan->handler->value(scan->data, value) != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return p;
}


/*
 * Hands on the string that ends, with its quote, before p: a key or a value, as
 * scan->key tells.  A string of more than USAGE_SCAN_KEPT_MAX bytes is
 * too_long, and its text is not looked at.
 */
static inline const char *
usage_scan_string(
    usage_scan_t *scan, const char *p, usage_str_t text, bool too_long)
{
    usage_scan_value_t value;

    if (!scan->key) {
        value.kind = too_long ? USAGE_SCAN_LONG : USAGE_SCAN_STRING;
        value.text = text;

        return usage_scan_value(scan, p, &value);
    }

    scan->state = USAGE_SCAN_AT_COLON;

    if (!usage_scan_wants_key(scan)) {
        return p;
    }

    scan->value_wanted = false;

    if (!too_long
        && scan->handler->key(scan->data, text, &scan->value_wanted)
               != USAGE_OK)
    {
        return usage_scan_fail(scan, NULL);
    }

    return p;
}


#endif /* USAGE_SCAN_EVENT_H */
