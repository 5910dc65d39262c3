/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Times as seconds since 1970-01-01T00:00:00Z, days as days since 1970-01-01,
 * both in UTC; and a clock for measuring.
 */

#ifndef SIM_TIME_H
#define SIM_TIME_H

#include <stdint.h>

#define SIM_HOUR   3600
#define SIM_DAY    86400
#define SIM_FILING 7200 /* 02:00: from then on, the day before is filed */


/* Gives the day of a date.  Dates before 1970 are below 0. */
int64_t sim_day_of(int64_t year, int month, int mday);

/* Gives the day that a time is in. */
int64_t sim_time_day(int64_t t);

/* Reads "yyyy-MM-dd" and nothing else; 0, or -1 if `s` has another form. */
int sim_parse_date(const char *s, int64_t *day);

/* Reads "yyyy-MM-ddTHH:mm:ssZ" and nothing else; 0 or -1 likewise. */
int sim_parse_time(const char *s, int64_t *t);

/* Reads "yyyy-MM-ddTHH:mmZ" and nothing else; 0 or -1 likewise. */
int sim_parse_minute(const char *s, int64_t *t);

/* Writes "yyyy-MM-dd" with a NUL; gives buf. */
char *sim_format_date(int64_t day, char buf[24]);

/* Writes "yyyy-MM-ddTHH:mm:ssZ" with a NUL; gives buf. */
char *sim_format_time(int64_t t, char buf[24]);

/* Converts seconds, 0 or more, to hundredths of an hour; halves go up. */
int64_t sim_hundredths(int64_t seconds);

/* Gives the milliseconds of a clock that nobody sets: it only goes forward. */
int64_t sim_monotonic(void);

#endif
