/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Days": days, their windows and their forms; "By the hour":
 * times and what an hour is called.
 *
 * A day is a number, counted from 1970-01-01 as 0, in UTC.  A time is in
 * seconds since then.
 */

#ifndef USAGE_CALENDAR_H
#define USAGE_CALENDAR_H

#include "base/usage_core.h"


typedef int32_t usage_day_t;

#define USAGE_DATE_LEN      (sizeof("1970-01-01") - 1)
#define USAGE_HTTP_DATE_LEN (sizeof("Thu, 01 Jan 1970 00:00:00 GMT") - 1)
#define USAGE_TIME_LEN      (sizeof("1970-01-01T00:00:00Z") - 1)

/* the longest name of an hour, in bytes without a NUL */
#define USAGE_LABEL_MAX 255


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

/*
 * The time of a text as "2020-04-24T03:02:47Z" to the letter, in the calendar
 * (successors.md, "Connection records").  A fraction of a second, of 1 to 9
 * digits before the Z, is cut off.  A leap second, 23:59:60, is the start of
 * the next day, as for POSIX.  false: the text is no such time.
 */
bool usage_time_parse(usage_str_t text, int64_t *time);

/*
 * Writes a time of the years 1 to 9999 in that form, USAGE_TIME_LEN characters
 * without a NUL.
 */
void usage_time_write(int64_t time, char *text);

/*
 * What the hour that begins at time is called by a format of strftime(), in
 * UTC.  label has room for USAGE_LABEL_MAX bytes and a NUL; gives the length,
 * or 0 where the format makes nothing of the time, or more than that.
 */
size_t usage_hour_label(int64_t time, const char *format, char *label);


/* The day of the week. */
typedef enum {
    USAGE_MONDAY = 0,
    USAGE_TUESDAY,
    USAGE_WEDNESDAY,
    USAGE_THURSDAY,
    USAGE_FRIDAY,
    USAGE_SATURDAY,
    USAGE_SUNDAY
} usage_weekday_t;

usage_weekday_t usage_day_weekday(usage_day_t day);

/* Whether a day's figures don't change any more at the time now. */
bool usage_day_final(usage_day_t day, int64_t now);


#endif /* USAGE_CALENDAR_H */
