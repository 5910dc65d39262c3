/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * UTC times and days, as numbers: seconds and days since 1970.
 */

#ifndef SIM_TIME_H
#define SIM_TIME_H

#include <stdint.h>

#define SIM_DAY      86400
#define SIM_BOUNDARY 86399 /* 23:59:59: where a day's sum is filed */
#define SIM_FILING   7200  /* 02:00: when the day before is filed */


/* The day of a date, days since 1970 (also before 1970, below 0). */
int64_t sim_day_of(int64_t year, int month, int mday);

/* The day that holds a time. */
int64_t sim_time_day(int64_t t);

/* Reads "yyyy-MM-dd" to the letter; 0 or -1. */
int sim_parse_date(const char *s, int64_t *day);

/* Reads "yyyy-MM-ddTHH:mm:ssZ" to the letter; 0 or -1. */
int sim_parse_time(const char *s, int64_t *t);

/* Writes "yyyy-MM-dd" (11 bytes and more are needed). */
char *sim_format_date(int64_t day, char buf[24]);

/* Writes "yyyy-MM-ddTHH:mm:ssZ". */
char *sim_format_time(int64_t t, char buf[24]);

/* Hundredths of an hour in `seconds`, rounded half away from zero. */
int64_t sim_hundredths(int64_t seconds);

#endif
