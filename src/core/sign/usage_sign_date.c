/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Dates of signatures, as 20060102T030405Z.
 */

#include "sign/usage_sign.h"
#include "base/usage_calendar.h"


/* where the digits, "T" and "Z" of a date stand in 2006-01-02T03:04:05Z */
static const unsigned char usage_sign_places[USAGE_SIGN_DATE_LEN] = { 0, 1, 2,
    3, 5, 6, 8, 9, 10, 11, 12, 14, 15, 17, 18, 19 };


bool
usage_sign_date_parse(usage_str_t date, int64_t *time)
{
    char        text[USAGE_TIME_LEN];
    size_t      i;
    usage_str_t str;

    if (date.len != USAGE_SIGN_DATE_LEN) {
        return false;
    }

    memcpy(text, "0000-00-00T00:00:00Z", USAGE_TIME_LEN);

    for (i = 0; i < USAGE_SIGN_DATE_LEN; i++) {
        text[usage_sign_places[i]] = date.data[i];
    }

    str.data = text;
    str.len = USAGE_TIME_LEN;

    return usage_time_parse(str, time);
}


void
usage_sign_date_write(int64_t time, char date[USAGE_SIGN_DATE_LEN])
{
    char   text[USAGE_TIME_LEN];
    size_t i;

    usage_time_write(time, text);

    for (i = 0; i < USAGE_SIGN_DATE_LEN; i++) {
        date[i] = text[usage_sign_places[i]];
    }
}
