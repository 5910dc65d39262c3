/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days and times, in UTC: what they are called, and how old they are
 * (translation.md, "Days" and "By the hour").
 *
 * A day is a number: 1970-01-01 is 0.  A time is in seconds since the start of
 * that day.
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


typedef enum {
    USAGE_MONDAY = 0,
    USAGE_TUESDAY,
    USAGE_WEDNESDAY,
    USAGE_THURSDAY,
    USAGE_FRIDAY,
    USAGE_SATURDAY,
    USAGE_SUNDAY
} usage_weekday_t;


/* Gives the day of a time, which may be negative. */
usage_day_t usage_day_of(int64_t time);

/*
 * Gives the day of a date, ten characters of which the form, yyyy-MM-dd, has
 * been checked.  false: the calendar has no such day.
 */
bool usage_day_parse(const char *date, usage_day_t *day);

/* Writes a day as yyyy-MM-dd, USAGE_DATE_LEN characters without a NUL. */
void usage_day_write(usage_day_t day, char *date);

/*
 * Writes the start of a day as an HTTP date, USAGE_HTTP_DATE_LEN characters
 * without a NUL.
 */
void usage_day_write_http(usage_day_t day, char *date);

/*
 * Tells whether a day is older, at the time now, than the successors remember:
 * its last second is more than memory seconds ago.
 */
bool usage_day_forgotten(usage_day_t day, int64_t now, int64_t memory);

/*
 * Gives the time of a text of just the form "2020-04-24T03:02:47Z"
 * (successors.md, "Connection records").  A fraction of a second, of 1 to 9
 * digits before the Z, is cut off.  A leap second, 23:59:60, is the start of
 * the next day, as for POSIX.  false: the text has another form, or the
 * calendar has no such time.
 */
bool usage_time_parse(usage_str_t text, int64_t *time);

/*
 * Writes a time of the years 1 to 9999 in that form, USAGE_TIME_LEN characters
 * without a NUL.
 */
void usage_time_write(int64_t time, char *text);

/*
 * Writes the name of the hour that begins at time, by a format of strftime(),
 * to label, which has room for USAGE_LABEL_MAX bytes and a NUL.  Gives its
 * length; 0: the name is empty or longer than that.
 */
size_t usage_hour_label(int64_t time, const char *format, char *label);


/* Gives the day of the week. */
usage_weekday_t usage_day_weekday(usage_day_t day);

/* Tells whether a day's figures don't change any more at the time now. */
bool usage_day_final(usage_day_t day, int64_t now);

/* Tells whether statistics most likely have the day, at the time now.  Its
 * figures may still change. */
bool usage_day_filed(usage_day_t day, int64_t now);


#endif /* USAGE_CALENDAR_H */
