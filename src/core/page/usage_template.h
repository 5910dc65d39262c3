/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The shape of pages' rows: what the bytes between their ids, names and numbers
 * are, as these are the same in many rows.
 *
 * In goes the text of a row that the reader has just accepted, up to and with
 * the brace of the row behind it: usage_template_learn() keeps its constant
 * bytes (keys, punctuation, white space, metric_name's strings, words), and
 * what stands between them.  Then, the text of later rows:
 * usage_template_read() gives id, name and seconds of one that has all the
 * constant bytes of a row that was learned, with other strings and numbers in
 * between.  It changes nothing else, and whatever it doesn't take is left to
 * the reader.
 *
 * It takes nothing that the reader would not take, and tells the same of it:
 *
 *  - all bytes are those of a row that the reader took, but for strings and
 *    numbers that are values; so the form is JSON's, no key is given twice,
 *    and what is wanted of the row is in the same places;
 *  - a string takes the place of a string, and has neither escapes nor control
 *    characters, nor bytes that aren't ASCII;
 *  - a number takes the place of a number, and is one that usage_number_short()
 *    reads, for the reader as well;
 *  - an id has 1 to 255 characters, and a name is not too long to be kept.
 */

#ifndef USAGE_TEMPLATE_H
#define USAGE_TEMPLATE_H

#include "base/usage_core.h"


#define USAGE_TEMPLATE_BYTES 4096 /* constant ones */
#define USAGE_TEMPLATE_PARTS 128  /* of all rows */
#define USAGE_TEMPLATE_ONE   24   /* of one */
#define USAGE_TEMPLATE_VAIN                                                    \
    32 /* lessons in vain, after which none is taken                           \
        */


typedef enum {
    USAGE_TEMPLATE_STRING, /* nobody asks for */
    USAGE_TEMPLATE_ID,
    USAGE_TEMPLATE_NAME,
    USAGE_TEMPLATE_NUMBER, /* from here on: numbers; nobody asks for */
    USAGE_TEMPLATE_SECONDS,
    USAGE_TEMPLATE_END /* the next row's brace was the last constant byte */
} usage_template_kind_t;


/*
 * Whose statistics a page shows: the names of its keys.
 */
typedef struct {
    usage_str_t id;     /* a row's id */
    usage_str_t name;   /* what it is called; empty: nobody asks */
    usage_str_t metric; /* that counts */
} usage_page_keys_t;


/*
 * Constant bytes, and what follows them.  Parts are a tree, as rows have some
 * keys or have them not: each way to an end is a row that was learned.
 */
typedef struct {
    uint16_t text; /* where the bytes are */
    uint16_t len;
    uint8_t  kind;
    uint8_t  next;  /* the first part that may come then, counted from 1 */
    uint8_t  other; /* the next that may be in this one's place; or 0 */
} usage_template_part_t;


typedef struct {
    const usage_page_keys_t *keys; /* NULL: nothing is learned yet */
    unsigned                 vain;
    uint8_t                  first;
    uint8_t                  parts;
    size_t                   len; /* of text */
    usage_template_part_t    part[USAGE_TEMPLATE_PARTS];
    char                     text[USAGE_TEMPLATE_BYTES];
} usage_template_t;


typedef struct {
    usage_str_t id;   /* in the text */
    usage_str_t name; /* likewise; empty where nobody asks */
    double      seconds;
} usage_template_row_t;


/* Nothing is learned yet. */
void usage_template_start(usage_template_t *shape);

/*
 * Whether it is the shape of rows of such keys; what is learned first tells
 * whose it is.
 */
static inline bool
usage_template_of(const usage_template_t *shape, const usage_page_keys_t *keys)
{
    return shape->keys == NULL || shape->keys == keys;
}

/* A row that the reader took, up to and with the next one's brace. */
void usage_template_learn(
    usage_template_t *shape, const usage_page_keys_t *keys, usage_str_t row);

/*
 * The row at p, if it has a shape that was learned and the next one's brace
 * comes before end.  Gives where that is, or NULL: the row is the reader's.
 * (So is one that ends with a string, where no 16 bytes of input are behind
 * that.)
 */
const char *usage_template_read(const usage_template_t *shape, const char *p,
    const char *end, usage_template_row_t *row);


#endif /* USAGE_TEMPLATE_H */
