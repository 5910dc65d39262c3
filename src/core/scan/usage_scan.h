/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A streaming JSON reader.  It takes the input in pieces as they arrive, checks
 * all of it, and tells a handler the keys and values that this one wants.  It
 * copies nothing but strings and numbers that are cut by the end of a piece,
 * and strings with escapes.
 *
 * It accepts what jansson accepts with an object or an array at the top: valid
 * UTF-8, no NUL in a string, no lone surrogate, numbers that fit 64 bits or a
 * double, nothing after the value.  It does not notice a key that is given
 * twice: the handler has to.
 *
 * The files of this folder, each of which uses the ones behind it:
 * usage_scan.c (containers, and what stands between values),
 * usage_scan_string.c (strings), usage_scan_token.c (numbers and words),
 * usage_scan_event.h (what the handler is told), usage_scan_special.h (sixteen
 * bytes looked at together).
 */

#ifndef USAGE_SCAN_H
#define USAGE_SCAN_H

#include "base/usage_core.h"


#define USAGE_SCAN_KEPT_MAX  USAGE_ID_BYTES_MAX /* of a string or a number */
#define USAGE_SCAN_DEPTH_MAX 2048               /* open containers */

/* bytes that are looked at together, as each has a bit in a word */
#define USAGE_SCAN_BLOCK 64


typedef enum {
    USAGE_SCAN_STRING,
    USAGE_SCAN_LONG, /* a string of more than USAGE_SCAN_KEPT_MAX bytes */
    USAGE_SCAN_INTEGER,
    USAGE_SCAN_REAL,
    USAGE_SCAN_TRUE,
    USAGE_SCAN_FALSE,
    USAGE_SCAN_NULL
} usage_scan_kind_t;


typedef struct {
    usage_scan_kind_t kind;
    usage_str_t       text;    /* of STRING; valid during the call */
    int64_t           integer; /* of INTEGER */
    double            number;  /* of INTEGER and REAL */
} usage_scan_value_t;


/*
 * What a handler is told.
 *
 * The value at the top is wanted, and so is each element of a wanted array.  Of
 * a wanted object, key() says which members are wanted: it is called with each
 * name, and sets *wanted.  All other values are checked and forgotten.  A key
 * of more than USAGE_SCAN_KEPT_MAX bytes is not wanted.
 *
 * open() and close() are called for each wanted object or array, value() for
 * each wanted value of another kind.
 *
 * element() is called before open() for each object that is an element of a
 * wanted array.  *p is its brace, end the end of the piece.  It may read this
 * object and some that follow by itself, if they are valid, and leaves *p at
 * the brace of the first one that it did not read.  It may be NULL.
 *
 * USAGE_ERROR from any of them ends the reading.
 */
typedef struct {
    usage_result_t (*key)(void *data, usage_str_t name, bool *wanted);
    usage_result_t (*value)(void *data, const usage_scan_value_t *value);
    usage_result_t (*open)(void *data, bool object);
    usage_result_t (*close)(void *data);
    usage_result_t (*element)(void *data, const char **p, const char *end);
} usage_scan_handler_t;


/*
 * A reader.  Its fields are its own, but for reason.
 */
typedef struct {
    const usage_scan_handler_t *handler;
    void                       *data;   /* the handler's */
    const char                 *reason; /* why the input is not JSON, or NULL */
    unsigned                    state;
    unsigned                    depth;  /* open containers */
    unsigned                    wanted; /* of these, counted from the top */
    bool                        object; /* the innermost one is an object */
    bool                        value_wanted; /* if its container is */
    const char                 *end;          /* of the piece */

    /* the block of the piece that was looked at last, and a bit for each byte:
     * 1 if a string can't take it as it is */

    const char *block;
    uint64_t    special;

    /* of the string that is read */

    bool          key;       /* it is a key, not a value */
    bool          too_long;  /* to be kept */
    unsigned char missing;   /* bytes, to the end of a UTF-8 character */
    unsigned char low;       /* the range of the next of them */
    unsigned char high;      /* (likewise) */
    unsigned char digits;    /* missing to the \uXXXX */
    uint16_t      unit;      /* the \uXXXX */
    uint16_t      surrogate; /* the high one that came before; 0: none */

    /* what earlier pieces had of the string, number or word */

    size_t kept; /* bytes */
    char   text[USAGE_SCAN_KEPT_MAX + 1];

    uint8_t objects[USAGE_SCAN_DEPTH_MAX / 8]; /* a bit for each container */
} usage_scan_t;


/*
 * Starts a reader.  handler and data stay the caller's, and are used until the
 * end.
 */
void usage_scan_start(
    usage_scan_t *scan, const usage_scan_handler_t *handler, void *data);

/*
 * Reads the next len bytes.  USAGE_ERROR: the handler ended the reading
 * (scan->reason is NULL), or the input is not JSON (scan->reason says why).
 */
usage_result_t usage_scan_feed(usage_scan_t *scan, const char *p, size_t len);

/* Says that there is no more input.  Errors as of usage_scan_feed(). */
usage_result_t usage_scan_end(usage_scan_t *scan);


#endif /* USAGE_SCAN_H */
