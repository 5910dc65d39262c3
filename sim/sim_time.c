/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * UTC times and days as numbers; a clock for measuring.
 */

#include "sim_time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>


int64_t
sim_day_of(int64_t year, int month, int mday)
{
    int64_t era, yoe, doy;

    /* years are counted from March, so the leap day is a year's last day */

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    yoe = year - era * 400;
    doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + mday - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}


int64_t
sim_time_day(int64_t t)
{
    return (t >= 0 ? t : t - (SIM_DAY - 1)) / SIM_DAY;
}


/* Splits a day into year, month and day of the month. */

static void
civil(int64_t day, int *year, int *month, int *mday)
{
    int64_t era, doe, yoe, doy, mp;

    day += 719468;
    era = (day >= 0 ? day : day - 146096) / 146097;
    doe = day - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;

    *mday = (int) (doy - (153 * mp + 2) / 5 + 1);
    *month = (int) (mp < 10 ? mp + 3 : mp - 9);
    *year = (int) (yoe + era * 400 + (*month <= 2));
}


/* Tells whether `s` begins as the pattern does, in which 'd' is any digit. */

static int
matches(const char *s, const char *pattern)
{
    for (/* void */; *pattern; s++, pattern++) {
        if (*pattern == 'd' ? !isdigit((unsigned char) *s) : *s != *pattern) {
            return 0;
        }
    }

    return 1;
}


/* Reads a number that has so many digits. */

static int
number(const char *s, int digits)
{
    int n = 0;

    while (digits--) {
        n = n * 10 + (*s++ - '0');
    }

    return n;
}


/* Reads a date of the right form; -1 if the calendar has no such day. */

static int
parse_day(const char *s, int64_t *day)
{
    int y, m, d, y2, m2, d2;

    y = number(s, 4);
    m = number(s + 5, 2);
    d = number(s + 8, 2);

    if (m < 1 || m > 12 || d < 1 || d > 31) {
        return -1;
    }

    *day = sim_day_of(y, m, d);
    civil(*day, &y2, &m2, &d2);

    return (m == m2 && d == d2) ? 0 : -1;
}


int
sim_parse_date(const char *s, int64_t *day)
{
    if (strlen(s) != 10 || !matches(s, "dddd-dd-dd")) {
        return -1;
    }

    return parse_day(s, day);
}


/* Reads the time of a day of the right form, up to its minutes. */

static int
parse_minutes(const char *s, int64_t *t)
{
    int     hour = number(s + 11, 2), min = number(s + 14, 2);
    int64_t day;

    if (parse_day(s, &day) != 0 || hour > 23 || min > 59) {
        return -1;
    }

    *t = day * SIM_DAY + hour * SIM_HOUR + min * 60;

    return 0;
}


int
sim_parse_time(const char *s, int64_t *t)
{
    int     sec;
    int64_t minutes;

    if (strlen(s) != 20 || !matches(s, "dddd-dd-ddTdd:dd:ddZ")
        || parse_minutes(s, &minutes) != 0)
    {
        return -1;
    }

    sec = number(s + 17, 2);

    if (sec > 59) {
        return -1;
    }

    *t = minutes + sec;

    return 0;
}


int
sim_parse_minute(const char *s, int64_t *t)
{
    if (strlen(s) != 17 || !matches(s, "dddd-dd-ddTdd:ddZ")) {
        return -1;
    }

    return parse_minutes(s, t);
}


char *
sim_format_date(int64_t day, char buf[24])
{
    int y, m, d;

    civil(day, &y, &m, &d);
    (void) snprintf(
        buf, 24, "%04d-%02u-%02u", y, (unsigned) m % 100, (unsigned) d % 100);

    return buf;
}


char *
sim_format_time(int64_t t, char buf[24])
{
    int      y, m, d;
    int64_t  day = sim_time_day(t);
    unsigned s = (unsigned) (t - day * SIM_DAY);

    civil(day, &y, &m, &d);
    (void) snprintf(buf, 24, "%04d-%02u-%02uT%02u:%02u:%02uZ", y % 10000,
        (unsigned) m % 100, (unsigned) d % 100, s / 3600 % 100, s / 60 % 60,
        s % 60);

    return buf;
}


int64_t
sim_hundredths(int64_t seconds)
{
    /* a hundredth of an hour is 36 seconds */

    return (seconds + 18) / 36;
}


int64_t
sim_monotonic(void)
{
    struct timespec ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
