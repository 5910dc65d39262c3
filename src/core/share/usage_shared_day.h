/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A day of statistics as bytes, as gateways share it: the id and the seconds of
 * each desktop that the statistics show.
 *
 *     version         1 byte
 *     day             4 bytes, since 1970
 *     fetched         8 bytes, seconds since 1970
 *     wide            1 byte: 1 if seconds are doubles
 *     count           4 bytes, of the rows
 *     rows            each: the id, the seconds
 *
 * Numbers have their highest byte first.  An id that is a UUID in lower case
 * takes a byte 0 and its 16 bytes.  Any other takes two bytes for its length,
 * the highest first and never 0 in both, with the first bit of the first byte
 * set, and its bytes.  Seconds take 4 bytes if all of the day are whole, else
 * 8, those of an IEEE 754 double.
 */

#ifndef USAGE_SHARED_DAY_H
#define USAGE_SHARED_DAY_H

#include "base/usage_calendar.h"


/* characters of a UUID */
#define USAGE_SHARED_DAY_UUID 36


/*
 * A day that is read.
 */
typedef struct {
    usage_day_t day;
    int64_t     fetched; /* seconds since 1970 */
    size_t      count;   /* desktops */

    /* private */
    const char *p;
    const char *end;
    bool        wide;
} usage_shared_day_t;


/* Returns the bytes of a day with these ids and seconds, count of them, at
 * most.
 */
size_t usage_shared_day_size(
    const usage_str_t *ids, const double *seconds, size_t count);

/*
 * Writes a day to out, and returns its bytes.  Ids have at most
 * USAGE_ID_BYTES_MAX bytes.
 */
size_t usage_shared_day_write(char *out, usage_day_t day, int64_t fetched,
    const usage_str_t *ids, const double *seconds, size_t count);

/*
 * Prepares to read the bytes of that day.  USAGE_ERROR: they are of another
 * day, or make no sense anywhere.
 */
usage_result_t usage_shared_day_open(
    usage_shared_day_t *reader, usage_str_t bytes, usage_day_t day);

/*
 * Reads the next desktop.  uuid: memory for an id that isn't in the bytes as it
 * is.  false: there are no more.
 */
bool usage_shared_day_next(usage_shared_day_t *reader, usage_str_t *id,
    char uuid[USAGE_SHARED_DAY_UUID], double *seconds);


#endif /* USAGE_SHARED_DAY_H */
