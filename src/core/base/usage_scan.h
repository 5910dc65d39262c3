/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A JSON reader for pages: it takes its input in pieces as they arrive, checks
 * all of it, and hands on only what its handler wants, copying nothing else.
 *
 * It accepts what jansson accepts, an object or an array at the top: valid
 * UTF-8, no NUL in a string, no lone surrogate, numbers that fit 64 bits or a
 * double, nothing after the value.  It knows nothing of keys given twice; that
 * is its handler's matter.
 */

#ifndef USAGE_SCAN_H
#define USAGE_SCAN_H

#include "base/usage_core.h"


/* the longest string that is kept, the longest number, the deepest nesting */

#define USAGE_SCAN_KEPT_MAX  USAGE_ID_BYTES_MAX
#define USAGE_SCAN_DEPTH_MAX 2048

/* the bytes that are looked at together: a bit each */
#define USAGE_SCAN_BLOCK 64


typedef enum {
    USAGE_SCAN_STRING,
    USAGE_SCAN_LONG, /* a string that is too long to be kept: no text */
    USAGE_SCAN_INTEGER,
    USAGE_SCAN_REAL,
    USAGE_SCAN_TRUE,
    USAGE_SCAN_FALSE,
    USAGE_SCAN_NULL
} usage_scan_kind_t;


typedef struct {
    usage_scan_kind_t kind;
    usage_str_t       text;    /* of a string, valid during the call */
    int64_t           integer; /* of an integer */
    double            number;  /* of an integer or a real */
} usage_scan_value_t;


/*
 * What a reader hands on.  The value at the top is wanted, and so is each
 * element of a wanted array; of a wanted object, key() says which members are:
 * for the others, whatever they hold is checked and forgotten.  A key that is
 * too long to be kept is not wanted.
 *
 * open() and close() are called for wanted containers, value() for wanted
 * values of other kinds.  USAGE_ERROR from any of them ends the reading.
 *
 * element() is called before an object at *p is opened that is an element of a
 * wanted array.  It may read as many of them as are valid and followed by
 * another before the piece's end, and puts *p to the one it leaves unread.
 */
typedef struct {
    usage_result_t (*key)(void *data, usage_str_t name, bool *wanted);
    usage_result_t (*value)(void *data, const usage_scan_value_t *value);
    usage_result_t (*open)(void *data, bool object);
    usage_result_t (*close)(void *data);
    usage_result_t (*element)(void *data, const char **p, const char *end);
} usage_scan_handler_t;


typedef struct {
    const usage_scan_handler_t *handler;
    void                       *data;
    const char                 *reason; /* why the input is not JSON */
    unsigned                    state;
    unsigned                    depth;  /* open containers */
    unsigned                    wanted; /* the outermost of them: wanted ones */
    bool                        object; /* the innermost is one */
    bool                        key;    /* the string is a key */
    bool                        keep;   /* the string is handed on */
    bool                        too_long;
    unsigned char               more; /* bytes missing to the character */
    unsigned char               low;  /* the range of the next of them */
    unsigned char               high;
    unsigned char               digits; /* missing to the \uXXXX */
    uint16_t                    unit;   /* that \uXXXX */
    uint16_t                    surrogate;
    const char                 *end;     /* of the piece */
    const char                 *block;   /* in the piece */
    uint64_t                    special; /* its bytes that are no plain ones */
    size_t                      kept;
    char                        text[USAGE_SCAN_KEPT_MAX + 1];
    uint8_t                     objects[USAGE_SCAN_DEPTH_MAX / 8];
} usage_scan_t;


/* Starts a reader.  handler and data stay the caller's. */
void usage_scan_start(
    usage_scan_t *scan, const usage_scan_handler_t *handler, void *data);

/*
 * Reads the next len bytes.  USAGE_ERROR where a callback gave it, or where
 * the input is not JSON, which scan->reason then tells (NULL otherwise).
 */
usage_result_t usage_scan_feed(usage_scan_t *scan, const char *p, size_t len);

/* Says that there is no more input; as usage_scan_feed(). */
usage_result_t usage_scan_end(usage_scan_t *scan);


#endif /* USAGE_SCAN_H */
