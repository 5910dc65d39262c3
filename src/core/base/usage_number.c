/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * JSON numbers, and hours.
 */

#include "base/usage_number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>


#define USAGE_EXACT_MANTISSA (INT64_C(1) << 53) /* a double holds it */
#define USAGE_EXACT_POWER    22 /* of ten, that a double holds */
#define USAGE_EXACT_DIGITS   18 /* that 64 bits hold */
#define USAGE_SHORT_DIGITS   15 /* that a double holds */

/* below this, a double holds each whole number of hundredths of an hour */
#define USAGE_EXACT_HUNDREDTHS 9007199254740992.0


const char usage_number_out_of_bounds[] = "a number that is out of bounds";

static const char usage_number_wrong_form[] = "a number of a wrong form";

static const double usage_powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22 };


/*
 * A number that is being read: so far it is mantissa times ten to the power of
 * exponent, if it has at most USAGE_EXACT_DIGITS digits.
 */
typedef struct {
    const char *p; /* what is read next */
    const char *end;
    size_t      digits;
    int64_t     mantissa;
    int         exponent;
} usage_number_t;


static inline bool
usage_is_digit(char c)
{
    return c >= '0' && c <= '9';
}


/*
 * Reads a number of a right form by the C library.
 */
static const char *
usage_number_slow(
    const char *text, size_t len, bool integer, int64_t *whole, double *number)
{
    char *end;

    errno = 0;

    if (integer) {
        *whole = strtoll(text, &end, 10);

        if (errno == ERANGE) {
            return usage_number_out_of_bounds;
        }

        *number = (double) *whole;

    } else {
        *number = strtod(text, &end);

        if (isinf(*number)) {
            return usage_number_out_of_bounds;
        }
    }

    return end == text + len ? NULL : "a number that cannot be read";
}


/*
 * Reads one digit or more; each of them lowers the exponent by shift, which is
 * 1 behind the point.  false: there is no digit.
 */
static inline bool
usage_number_digits(usage_number_t *number, int shift)
{
    const char *start;

    start = number->p;

    for (; number->p < number->end && usage_is_digit(*number->p); number->p++) {
        if (++number->digits <= USAGE_EXACT_DIGITS) {
            number->mantissa = number->mantissa * 10 + (*number->p - '0');
            number->exponent -= shift;
        }
    }

    return number->p > start;
}


/*
 * Reads what follows an "e".  An exponent that is far too large is not read to
 * its end, and stays too large.  false: there is no digit.
 */
static bool
usage_number_exponent(usage_number_t *number)
{
    int         exponent;
    bool        negative;
    const char *start;

    negative = number->p < number->end && *number->p == '-';
    number->p +=
        number->p < number->end && (*number->p == '-' || *number->p == '+');
    start = number->p;

    for (exponent = 0; number->p < number->end && usage_is_digit(*number->p);
         number->p++)
    {
        if (exponent < 10000) {
            exponent = exponent * 10 + (*number->p - '0');
        }
    }

    number->exponent += negative ? -exponent : exponent;

    return number->p > start;
}


/*
 * Reads digits that begin with no needless zero, a fraction, and an exponent.
 * false: the number has another form.
 */
static bool
usage_number_read(usage_number_t *number, bool *integer)
{
    const char *first;

    first = number->p;

    if (!usage_number_digits(number, 0)
        || (*first == '0' && number->p - first > 1)) {
        return false;
    }

    *integer = number->p == number->end;

    if (number->p < number->end && *number->p == '.') {
        number->p++;

        if (!usage_number_digits(number, 1)) {
            return false;
        }
    }

    if (number->p < number->end && (*number->p == 'e' || *number->p == 'E')) {
        number->p++;

        if (!usage_number_exponent(number)) {
            return false;
        }
    }

    return number->p == number->end;
}


const char *
usage_number_parse(
    const char *text, size_t len, bool *integer, int64_t *whole, double *value)
{
    bool           negative;
    usage_number_t number;

    negative = len > 0 && *text == '-';

    number.p = text + negative;
    number.end = text + len;
    number.mantissa = 0;
    number.exponent = 0;
    number.digits = 0;

    if (!usage_number_read(&number, integer)) {
        return usage_number_wrong_form;
    }

    /* the product or quotient of two numbers that a double holds is rounded
     * once, as it has to be; anything else is left to the C library */

    if (number.digits > USAGE_EXACT_DIGITS
        || (!*integer
            && (number.mantissa > USAGE_EXACT_MANTISSA
                || number.exponent > USAGE_EXACT_POWER
                || number.exponent < -USAGE_EXACT_POWER)))
    {
        return usage_number_slow(text, len, *integer, whole, value);
    }

    *whole = negative ? -number.mantissa : number.mantissa;
    *value = number.exponent < 0
                 ? (double) number.mantissa / usage_powers[-number.exponent]
                 : (double) number.mantissa * usage_powers[number.exponent];

    if (negative) {
        *value = -*value;
    }

    return NULL;
}


size_t
usage_number_short(const char *text, const char *end, bool *integer,
    int64_t *whole, double *value)
{
    int64_t     mantissa;
    const char *p, *point;

    if (end - text > USAGE_SHORT_DIGITS + 1) {
        end = text + USAGE_SHORT_DIGITS + 1;
    }

    mantissa = 0;

    for (p = text; p < end && usage_is_digit(*p); p++) {
        mantissa = mantissa * 10 + (*p - '0');
    }

    if (p == text || p == end || (*text == '0' && p - text > 1)) {
        return 0;
    }

    *integer = *p != '.';
    *whole = mantissa;
    *value = (double) mantissa;

    if (!*integer) {
        point = p;

        for (p++; p < end && usage_is_digit(*p); p++) {
            mantissa = mantissa * 10 + (*p - '0');
        }

        if (p == point + 1 || p == end) {
            return 0;
        }

        /* most are whole seconds, as "3600.0": a division would be wasted */

        if (p - point > 2 || point[1] != '0') {
            *value = (double) mantissa / usage_powers[p - point - 1];
        }
    }

    return usage_number_has(*p) ? 0 : (size_t) (p - text);
}


/*
 * Writes hours, in the shortest form or with two decimals.
 */
static char *
usage_hours_write(char *p, double seconds, bool shortest)
{
    char     digits[20];
    size_t   n;
    double   hundredths;
    uint64_t hours;
    unsigned part;

    /* the quotient comes out as half a hundredth only if it is just that, so it
     * is rounded to the right side */

    hundredths = round(seconds / 36);

    if (hundredths >= USAGE_EXACT_HUNDREDTHS) {
        return p + sprintf(p, shortest ? "%.0f" : "%.2f", seconds / 3600);
    }

    hours = (uint64_t) hundredths / 100;
    part = (unsigned) ((uint64_t) hundredths % 100);
    n = sizeof(digits);

    do {
        digits[--n] = (char) ('0' + hours % 10);
        hours /= 10;
    } while (hours > 0);

    memcpy(p, digits + n, sizeof(digits) - n);
    p += sizeof(digits) - n;

    if (part == 0 && shortest) {
        return p;
    }

    *p++ = '.';
    *p++ = (char) ('0' + part / 10);

    if (part % 10 != 0 || !shortest) {
        *p++ = (char) ('0' + part % 10);
    }

    return p;
}


char *
usage_hours_write_number(char *p, double seconds)
{
    return usage_hours_write(p, seconds, true);
}


char *
usage_hours_write_decimals(char *p, double seconds)
{
    return usage_hours_write(p, seconds, false);
}


/* an entry of the table: h hours, t tenths, u hundredths */

#define USAGE_HUNDREDTH(h, t, u)                                               \
    {                                                                          \
#h "." #t #u,                                                          \
        {                                                                      \
            ((h) > 9) + ((u) > 0 ? 4 : (t) > 0 ? 3 : 1), ((h) > 9) + 4         \
        }                                                                      \
    }

#define USAGE_TENTH(h, t)                                                      \
    USAGE_HUNDREDTH(h, t, 0), USAGE_HUNDREDTH(h, t, 1),                        \
        USAGE_HUNDREDTH(h, t, 2), USAGE_HUNDREDTH(h, t, 3),                    \
        USAGE_HUNDREDTH(h, t, 4), USAGE_HUNDREDTH(h, t, 5),                    \
        USAGE_HUNDREDTH(h, t, 6), USAGE_HUNDREDTH(h, t, 7),                    \
        USAGE_HUNDREDTH(h, t, 8), USAGE_HUNDREDTH(h, t, 9)

#define USAGE_HOUR(h)                                                          \
    USAGE_TENTH(h, 0), USAGE_TENTH(h, 1), USAGE_TENTH(h, 2),                   \
        USAGE_TENTH(h, 3), USAGE_TENTH(h, 4), USAGE_TENTH(h, 5),               \
        USAGE_TENTH(h, 6), USAGE_TENTH(h, 7), USAGE_TENTH(h, 8),               \
        USAGE_TENTH(h, 9)

const usage_hours_t usage_hours[] = { USAGE_HOUR(0), USAGE_HOUR(1),
    USAGE_HOUR(2), USAGE_HOUR(3), USAGE_HOUR(4), USAGE_HOUR(5), USAGE_HOUR(6),
    USAGE_HOUR(7), USAGE_HOUR(8), USAGE_HOUR(9), USAGE_HOUR(10), USAGE_HOUR(11),
    USAGE_HOUR(12), USAGE_HOUR(13), USAGE_HOUR(14), USAGE_HOUR(15),
    USAGE_HOUR(16), USAGE_HOUR(17), USAGE_HOUR(18), USAGE_HOUR(19),
    USAGE_HOUR(20), USAGE_HOUR(21), USAGE_HOUR(22), USAGE_HOUR(23),
    USAGE_HUNDREDTH(24, 0, 0) };
