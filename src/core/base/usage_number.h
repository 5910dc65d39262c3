/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON numbers: from text to value, and from seconds to hours; hexadecimal
 * digits.
 */

#ifndef USAGE_NUMBER_H
#define USAGE_NUMBER_H

#include "base/usage_core.h"

#include <math.h>


/* Whether c may stand in a number: the first that may not ends it. */
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


/*
 * The value of a JSON number of len characters; text[len] is readable and no
 * part of a number.  *integer tells its form: no fraction and no exponent.
 * Gives NULL, or why it is none: its form, or usage_number_out_of_bounds, as
 * neither 64 bits nor a double hold it.
 */
extern const char usage_number_out_of_bounds[];

const char *usage_number_parse(
    const char *text, size_t len, bool *integer, int64_t *whole, double *value);


/*
 * The same, of the number that text begins with, where that is short, has no
 * sign and no exponent, and ends before end.  Gives its length; 0: it is no
 * such number, or none at all.
 */
size_t usage_number_short(const char *text, const char *end, bool *integer,
    int64_t *whole, double *value);


/*
 * translation.md, "Days": use_time, hours from seconds (0 or more, finite),
 * two decimals, half away from zero.  Writes at most USAGE_HOURS_MAX
 * characters and gives the end: the shortest form, or always two decimals.
 */
#define USAGE_HOURS_MAX 320

char *usage_hours_write_number(char *p, double seconds);
char *usage_hours_write_decimals(char *p, double seconds);


/*
 * The same, ready: for each number of hundredths of an hour up to a day.
 */
typedef struct {
    char    text[6]; /* with two decimals; the shortest form begins it */
    uint8_t len[2];  /* of the shortest form; with two decimals */
} usage_hours_t;

extern const usage_hours_t usage_hours[];

static inline bool
usage_hours_are_ready(double seconds)
{
    return seconds > -18 && seconds < USAGE_SECONDS_PER_DAY + 18;
}

/*
 * The hours of such seconds; what is below 0 counts as 0.
 */
static inline const usage_hours_t *
usage_hours_ready(double seconds)
{
    int32_t whole;

    whole = (int32_t) seconds;

    /* a fraction's quotient is half a hundredth only where the seconds make
     * it so; whole seconds, the common case, need none */

    if ((double) whole != seconds) {
        whole = (int32_t) round(seconds / 36) * 36;
    }

    return &usage_hours[(uint32_t) (whole + 18) / 36];
}


#endif /* USAGE_NUMBER_H */
