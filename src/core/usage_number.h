/*
 * JSON numbers: from text to value, and from seconds to hours.
 */

#ifndef USAGE_NUMBER_H
#define USAGE_NUMBER_H

#include "usage_core.h"


/* Whether c may stand in a number: the first that may not ends it. */
static inline bool
usage_number_has(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'
           || c == 'e' || c == 'E';
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
 * translation.md, "Days": use_time, hours from seconds (0 or more, finite),
 * two decimals, half away from zero.  Writes at most USAGE_HOURS_MAX
 * characters and gives the end: as a number the shortest form, as a string
 * two decimals in quotes.
 */
#define USAGE_HOURS_MAX 320

char *usage_hours_write_number(char *p, double seconds);
char *usage_hours_write_string(char *p, double seconds);


#endif /* USAGE_NUMBER_H */
