/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Days and dates (the Gregorian calendar), and times.
 */

#include "base/usage_calendar.h"

#include <time.h>


/*
 * To count days, years begin in March here: so the leap day is the last one of
 * its year.  An era is 400 years, after which the calendar repeats itself.  It
 * is the Gregorian one for the time before its introduction, too.
 */

#define USAGE_DAYS_PER_ERA     146097 /* 400 years */
#define USAGE_DAYS_BEFORE_1970 719468 /* from 0000-03-01 */


typedef struct {
    int year;
    int month;
    int day;
} usage_date_t;


static usage_day_t
usage_day_from_date(usage_date_t date)
{
    int year, era, year_of_era, day_of_year, day_of_era;

    year = date.month <= 2 ? date.year - 1 : date.year;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * USAGE_DAYS_PER_ERA + day_of_era - USAGE_DAYS_BEFORE_1970;
}


static usage_date_t
usage_day_to_date(usage_day_t day)
{
    int          era, day_of_era, year_of_era, day_of_year, month;
    usage_date_t date;

    day += USAGE_DAYS_BEFORE_1970;
    era = (day >= 0 ? day : day - USAGE_DAYS_PER_ERA + 1) / USAGE_DAYS_PER_ERA;
    day_of_era = day - era * USAGE_DAYS_PER_ERA;
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524
                      - day_of_era / 146096)
                  / 365;
    day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153;

    date.day = day_of_year - (153 * month + 2) / 5 + 1;
    date.month = month < 10 ? month + 3 : month - 9;
    date.year = era * 400 + year_of_era + (date.month <= 2);

    return date;
}


/*
 * Reads n digits.
 */
static int
usage_digits(const char *p, size_t n)
{
    int value;

    for (value = 0; n > 0; n--) {
        value = value * 10 + (*p++ - '0');
    }

    return value;
}


/*
 * Writes a number as n digits, with zeros before it.
 */
static void
usage_write_digits(char *p, size_t n, int value)
{
    while (n > 0) {
        p[--n] = (char) ('0' + value % 10);
        value /= 10;
    }
}


usage_day_t
usage_day_of(int64_t time)
{
    int64_t day;

    day = time / USAGE_SECONDS_PER_DAY;

    if (time % USAGE_SECONDS_PER_DAY < 0) {
        day--;
    }

    return (usage_day_t) day;
}


bool
usage_day_parse(const char *text, usage_day_t *day)
{
    usage_date_t date, back;

    date.year = usage_digits(text, 4);
    date.month = usage_digits(text + 5, 2);
    date.day = usage_digits(text + 8, 2);

    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }

    *day = usage_day_from_date(date);
    back = usage_day_to_date(*day);

    return back.month == date.month && back.day == date.day;
}


void
usage_day_write(usage_day_t day, char *text)
{
    usage_date_t date;

    date = usage_day_to_date(day);

    usage_write_digits(text, 4, date.year);
    text[4] = '-';
    usage_write_digits(text + 5, 2, date.month);
    text[7] = '-';
    usage_write_digits(text + 8, 2, date.day);
}


usage_weekday_t
usage_day_weekday(usage_day_t day)
{
    /* 1970-01-01 was a Thursday */

    return (usage_weekday_t) ((day % 7 + 7 + USAGE_THURSDAY) % 7);
}


void
usage_day_write_http(usage_day_t day, char *text)
{
    static const char weekdays[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    usage_date_t date;

    date = usage_day_to_date(day);

    memcpy(text, "Thu, 01 Jan 1970 00:00:00 GMT", USAGE_HTTP_DATE_LEN);
    memcpy(text, weekdays + 3 * (int) usage_day_weekday(day), 3);
    usage_write_digits(text + 5, 2, date.day);
    memcpy(text + 8, months + (date.month - 1) * 3, 3);
    usage_write_digits(text + 12, 4, date.year);
}


bool
usage_day_forgotten(usage_day_t day, int64_t now, int64_t memory)
{
    return ((int64_t) day + 1) * USAGE_SECONDS_PER_DAY - 1 < now - memory;
}


/*
 * Tells whether text begins with form, in which a zero stands for any digit.
 */
static bool
usage_time_has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++) {
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form) {
            return false;
        }
    }

    return true;
}


/*
 * Tells whether text is what may follow the seconds: a fraction or none, and
 * the Z.
 */
static bool
usage_time_has_end(const char *text, size_t len)
{
    size_t i;

    if (len == 1) {
        return *text == 'Z';
    }

    if (len < sizeof(".0Z") - 1 || len > sizeof(".000000000Z") - 1) {
        return false;
    }

    for (i = 1; i < len - 1; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }

    return text[0] == '.' && text[len - 1] == 'Z';
}


bool
usage_time_parse(usage_str_t text, int64_t *time)
{
    int         hours, minutes, seconds;
    usage_day_t day;

    if (text.len < USAGE_TIME_LEN
        || !usage_time_has_form(text.data, "0000-00-00T00:00:00")
        || !usage_time_has_end(
            text.data + USAGE_TIME_LEN - 1, text.len - (USAGE_TIME_LEN - 1))
        || !usage_day_parse(text.data, &day))
    {
        return false;
    }

    hours = usage_digits(text.data + 11, 2);
    minutes = usage_digits(text.data + 14, 2);
    seconds = usage_digits(text.data + 17, 2);

    /* 23:59:60 is a leap second: it is the same time as 00:00:00 */

    if (hours > 23 || minutes > 59
        || seconds > (hours == 23 && minutes == 59 ? 60 : 59))
    {
        return false;
    }

    *time = (int64_t) day * USAGE_SECONDS_PER_DAY
            + hours * USAGE_SECONDS_PER_HOUR + minutes * 60 + seconds;

    return true;
}


void
usage_time_write(int64_t time, char *text)
{
    int         seconds;
    usage_day_t day;

    day = usage_day_of(time);
    seconds = (int) (time - (int64_t) day * USAGE_SECONDS_PER_DAY);

    memcpy(text, "1970-01-01T00:00:00Z", USAGE_TIME_LEN);
    usage_day_write(day, text);
    usage_write_digits(text + 11, 2, seconds / USAGE_SECONDS_PER_HOUR);
    usage_write_digits(text + 14, 2, seconds / 60 % 60);
    usage_write_digits(text + 17, 2, seconds % 60);
}


size_t
usage_hour_label(int64_t time, const char *format, char *label)
{
    time_t    seconds;
    struct tm tm;

    seconds = (time_t) time;

    if (gmtime_r(&seconds, &tm) == NULL) {
        return 0;
    }

    return strftime(label, USAGE_LABEL_MAX + 1, format, &tm);
}


bool
usage_day_filed(usage_day_t day, int64_t now)
{
    return (int64_t) day * USAGE_SECONDS_PER_DAY + USAGE_FILED_AFTER <= now;
}


bool
usage_day_final(usage_day_t day, int64_t now)
{
    return (int64_t) day * USAGE_SECONDS_PER_DAY + USAGE_FINAL_AFTER <= now;
}
