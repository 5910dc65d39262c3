/*
 * translation.md, "Days": days, their windows and their forms.
 *
 * A day is a number, counted from 1970-01-01 as 0, in UTC.
 */

#ifndef USAGE_CALENDAR_H
#define USAGE_CALENDAR_H

#include "usage_core.h"


typedef int32_t usage_day_t;

#define USAGE_DATE_LEN      (sizeof("1970-01-01") - 1)
#define USAGE_HTTP_DATE_LEN (sizeof("Thu, 01 Jan 1970 00:00:00 GMT") - 1)


/* The day of a time in seconds since 1970, which may be negative. */
usage_day_t usage_day_of(int64_t time);

/*
 * The day of a date of the form yyyy-MM-dd (ten characters, the form already
 * checked).  false where the calendar has no such day.
 */
bool usage_day_parse(const char *date, usage_day_t *day);

/* Writes a day as yyyy-MM-dd, USAGE_DATE_LEN characters without a NUL. */
void usage_day_write(usage_day_t day, char *date);

/* Writes the start of a day as an HTTP date, USAGE_HTTP_DATE_LEN characters
 * without a NUL. */
void usage_day_write_http(usage_day_t day, char *date);

/*
 * Whether a day is so old that the successors, which remember so many seconds,
 * have forgotten it at the time now.  A day counts as a whole: it is filed at
 * its last second.
 */
bool usage_day_forgotten(usage_day_t day, int64_t now, int64_t memory);


#endif /* USAGE_CALENDAR_H */
