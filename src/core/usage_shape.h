/*
 * The shape of a page's rows: what the bytes between their ids, names and
 * numbers are, as these are the same in nearly all rows.
 *
 * In goes the text of a row that the reader has just accepted, up to and with
 * the brace of the row behind it: usage_shape_learn() keeps its constant bytes
 * (keys, punctuation, white space, metric_name's strings, words), and what
 * stands between them.  Then, the text of later rows: usage_shape_read() gives
 * id, name and seconds of one that has the same constant bytes, with other
 * strings and numbers in between.  It changes nothing else, and whatever it
 * doesn't take is left to the reader.
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

#ifndef USAGE_SHAPE_H
#define USAGE_SHAPE_H

#include "usage_core.h"


#define USAGE_SHAPE_BYTES 512 /* constant ones */
#define USAGE_SHAPE_PARTS 16
#define USAGE_SHAPE_TIMES 8 /* that a page's shape is learned */


typedef enum {
    USAGE_SHAPE_STRING, /* nobody asks for */
    USAGE_SHAPE_ID,
    USAGE_SHAPE_NAME,
    USAGE_SHAPE_NUMBER, /* from here on: numbers; nobody asks for */
    USAGE_SHAPE_SECONDS,
    USAGE_SHAPE_END /* the next row's brace was the last constant byte */
} usage_shape_kind_t;


/*
 * Constant bytes, and what follows them.
 */
typedef struct {
    uint16_t len;
    uint16_t kind;
} usage_shape_part_t;


typedef struct {
    unsigned           parts;  /* 0: there is no shape yet */
    unsigned           times;  /* learned */
    unsigned           others; /* the rows of late that had another one */
    size_t             len;
    usage_shape_part_t part[USAGE_SHAPE_PARTS];
    char               text[USAGE_SHAPE_BYTES]; /* of the parts, in order */
} usage_shape_t;


/*
 * Whose statistics a page shows: the names of its keys.
 */
typedef struct {
    usage_str_t id;     /* a row's id */
    usage_str_t name;   /* what it is called; empty: nobody asks */
    usage_str_t metric; /* that counts */
} usage_page_keys_t;


typedef struct {
    usage_str_t id;   /* in the text */
    usage_str_t name; /* likewise; empty where nobody asks */
    double      seconds;
} usage_shape_row_t;


static inline void
usage_shape_start(usage_shape_t *shape)
{
    shape->parts = 0;
    shape->times = 0;
    shape->others = 0;
}

/*
 * A row that the reader took, up to and with the next one's brace.  One row
 * that is unlike the others doesn't change their shape.
 */
void usage_shape_learn(
    usage_shape_t *shape, const usage_page_keys_t *keys, usage_str_t row);

/*
 * The row at p, if it has that shape and the next one's brace comes before
 * end.  Gives where that is, or NULL: the row is the reader's.  (So is one that
 * ends with a string, where no 16 bytes of input are behind that.)
 */
const char *usage_shape_read(usage_shape_t *shape, const char *p,
    const char *end, usage_shape_row_t *row);


#endif /* USAGE_SHAPE_H */
