#include "usage_number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>


#define USAGE_EXACT_MANTISSA (INT64_C(1) << 53)
#define USAGE_EXACT_POWER    22
#define USAGE_EXACT_DIGITS   18 /* fit 64 bits */

/* hundredths of an hour that a double still counts one by one */
#define USAGE_EXACT_HUNDREDTHS 9007199254740992.0


const char usage_number_out_of_bounds[] = "a number that is out of bounds";

static const char usage_number_wrong_form[] = "a number of a wrong form";


static inline bool
usage_is_digit(char c)
{
    return c >= '0' && c <= '9';
}


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


const char *
usage_number_parse(
    const char *text, size_t len, bool *integer, int64_t *whole, double *number)
{
    static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22 };

    int         exponent, shift;
    bool        negative, small;
    size_t      digits;
    int64_t     mantissa;
    const char *p, *end, *first;

    p = text;
    end = text + len;
    mantissa = 0;
    exponent = 0;
    digits = 0;

    negative = p < end && *p == '-';
    p += negative;
    first = p;

    for (; p < end && usage_is_digit(*p); p++) {
        if (++digits <= USAGE_EXACT_DIGITS) {
            mantissa = mantissa * 10 + (*p - '0');
        }
    }

    if (p == first || (*first == '0' && p - first > 1)) {
        return usage_number_wrong_form;
    }

    *integer = p == end;

    if (p < end && *p == '.') {
        first = ++p;

        for (; p < end && usage_is_digit(*p); p++) {
            if (++digits <= USAGE_EXACT_DIGITS) {
                mantissa = mantissa * 10 + (*p - '0');
                exponent--;
            }
        }

        if (p == first) {
            return usage_number_wrong_form;
        }
    }

    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        small = p < end && *p == '-';
        p += p < end && (*p == '-' || *p == '+');
        first = p;

        for (shift = 0; p < end && usage_is_digit(*p); p++) {
            if (shift < 10000) {
                shift = shift * 10 + (*p - '0');
            }
        }

        if (p == first) {
            return usage_number_wrong_form;
        }

        exponent += small ? -shift : shift;
    }

    if (p != end) {
        return usage_number_wrong_form;
    }

    /* a short mantissa and a short power of ten make an exact product */

    if (digits > USAGE_EXACT_DIGITS
        || (!*integer
            && (mantissa > USAGE_EXACT_MANTISSA || exponent > USAGE_EXACT_POWER
                || exponent < -USAGE_EXACT_POWER)))
    {
        return usage_number_slow(text, len, *integer, whole, number);
    }

    *whole = negative ? -mantissa : mantissa;
    *number = exponent < 0 ? (double) mantissa / powers[-exponent]
                           : (double) mantissa * powers[exponent];

    if (negative) {
        *number = -*number;
    }

    return NULL;
}


static char *
usage_hours_write(char *p, double seconds, bool shortest)
{
    char     digits[20];
    size_t   n;
    double   hundredths;
    uint64_t hours;
    unsigned part;

    /* the quotient is half a hundredth only where the seconds make it so */

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
usage_hours_write_string(char *p, double seconds)
{
    *p++ = '"';
    p = usage_hours_write(p, seconds, false);
    *p++ = '"';

    return p;
}
