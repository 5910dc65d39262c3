/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The statistics of a whole day as bytes, which one gateway writes and others
 * read: the id and the seconds of each desktop.
 *
 * A version (1 byte), the day (4), the time of the fetch (8), 1 if seconds are
 * wide (1), the count of rows (4); then the rows.  Numbers are big-endian.  A
 * row is an id and its seconds.  An id that is a UUID in lower case is a 0 and
 * its 16 bytes; another is its length and its bytes.  The length is one byte,
 * or 255 and two bytes.  Seconds are 4 bytes, or, if any of the day's are not
 * whole, 8: the bits of the double.
 */

#ifndef USAGE_SHARED_DAY_H
#define USAGE_SHARED_DAY_H

#include "base/usage_calendar.h"


#define USAGE_SHARED_DAY_UUID 36 /* characters */


/*
 * A day that is read.
 */
typedef struct {
    usage_day_t day;
    int64_t     fetched; /* seconds since 1970 */
    size_t      count;   /* rows that are still to be given */

    /* the rest is usage_shared_day.c's own */

    bool        wide;
    usage_str_t rest; /* the rows that are still to be given */
} usage_shared_day_t;


/*
 * Gives the bytes that a day of count desktops takes.  seconds[i] is of ids[i].
 */
size_t usage_shared_day_size(
    const usage_str_t *ids, const double *seconds, size_t count);

/*
 * Writes the day to out, and gives its bytes, which are as many as
 * usage_shared_day_size() says.  fetched: seconds since 1970; ids: of 1 to
 * USAGE_ID_BYTES_MAX bytes; seconds: 0 to usage_desktop_seconds(1); count:
 * below 2^32.
 */
size_t usage_shared_day_write(char *out, usage_day_t day, int64_t fetched,
    const usage_str_t *ids, const double *seconds, size_t count);

/*
 * Begins to read bytes, which stay the caller's, and checks all of them first.
 * USAGE_ERROR: they are not that day as usage_shared_day_write() writes it.
 * That no id comes twice is not checked.
 */
usage_result_t usage_shared_day_open(
    usage_shared_day_t *reader, usage_str_t bytes, usage_day_t day);

/*
 * Gives the next desktop: its id, which points into the bytes or to uuid, and
 * its seconds.  false: there is none left.
 */
bool usage_shared_day_next(usage_shared_day_t *reader, usage_str_t *id,
    char uuid[USAGE_SHARED_DAY_UUID], double *seconds);


#endif /* USAGE_SHARED_DAY_H */
