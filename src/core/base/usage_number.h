/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON numbers: from text to value, and from seconds to hours; hexadecimal
 * digits.
 */

#ifndef USAGE_NUMBER_H
#define USAGE_NUMBER_H

#include "base/usage_core.h"

#include <math.h>


/* Tells whether c may be part of a JSON number; what is not ends it. */
static inline bool
usage_number_has(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'
           || c == 'e' || c == 'E';
}


/* Gives the value of a hexadecimal digit; -1: c is none. */
static inline int
usage_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* why a number is none, if neither 64 bits nor a double hold it */
extern const char usage_number_out_of_bounds[];

/*
 * Reads a JSON number of len characters; text[len] can be read, and is no part
 * of a number.  *integer: it has no fraction and no exponent, and *whole is its
 * value; *value is set in either case.  Gives NULL, or why it is no number:
 * usage_number_out_of_bounds, or words about its form.
 */
const char *usage_number_parse(
    const char *text, size_t len, bool *integer, int64_t *whole, double *value);


/*
 * Reads the number that text begins with in the same way, if it has at most 15
 * digits, no sign and no exponent, and ends before end.  Gives its length; 0:
 * it is no number, or another one.
 */
size_t usage_number_short(const char *text, const char *end, bool *integer,
    int64_t *whole, double *value);


#define USAGE_HOURS_MAX 320 /* characters of hours */

/*
 * Write seconds (0 or more, finite) as the hours of a use_time, rounded to two
 * decimals, half away from zero (translation.md, "Days"), and give the end.
 * The number is in its shortest form; decimals are always two.
 */
char *usage_hours_write_number(char *p, double seconds);
char *usage_hours_write_decimals(char *p, double seconds);


/*
 * A table of hours, already written, for each hundredth of an hour up to a day:
 * most hours of a reply are copied from it.
 */
typedef struct {
    char    text[6]; /* with two decimals; the shortest form is its beginning */
    uint8_t len[2];  /* characters of the shortest form, and of two decimals */
} usage_hours_t;

extern const usage_hours_t usage_hours[];

/* Tells whether the table has the hours of that many seconds. */
static inline bool
usage_hours_are_ready(double seconds)
{
    return seconds > -18 && seconds < USAGE_SECONDS_PER_DAY + 18;
}

/* Gives the hours of such seconds; less than 0 counts as 0. */
static inline const usage_hours_t *
usage_hours_ready(double seconds)
{
    int32_t whole;

    whole = (int32_t) seconds;

    /* whole seconds, the common case, are rounded as integers; others become a
     * whole number of hundredths, of 36 seconds each, first */

    if ((double) whole != seconds) {
        whole = (int32_t) round(seconds / 36) * 36;
    }

    return &usage_hours[(uint32_t) (whole + 18) / 36];
}


#endif /* USAGE_NUMBER_H */
