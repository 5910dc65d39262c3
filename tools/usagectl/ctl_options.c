/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: the options of its commands, and their values.
 */

#include "ctl_options.h"
#include "base/usage_calendar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>


bool
ctl_options(int argc, char **argv, const ctl_options_t *options, void *data)
{
    int option;

    for (;;) {
        option =
            getopt_long(argc, argv, options->letters, options->names, NULL);

        if (option == -1) {
            return true;
        }

        if (option == 'h') {
            (void) fputs(options->help, stdout);
            return false;
        }

        /* (getopt_long() has said already what it doesn't know) */

        if (!options->set(data, option)) {
            ctl_bad_option();
        }
    }
}


uint64_t
ctl_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char              *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(text, &end, 10);

    if (!isdigit((unsigned char) *text) || *end != '\0' || errno != 0 || n < min
        || n > max)
    {
        ctl_misuse("%s \"%s\" is not a number from %llu to %llu", option, text,
            (unsigned long long) min, (unsigned long long) max);
    }

    return n;
}


double
ctl_hours(const char *option, const char *text)
{
    char  *end;
    double hours;

    hours = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(hours) || hours < 0) {
        ctl_misuse("%s \"%s\" is not a number of hours", option, text);
    }

    return hours;
}


/*
 * Tells whether a text begins as a date does, yyyy-MM-dd.
 */
static bool
ctl_is_date(const char *text)
{
    size_t i;

    for (i = 0; i < USAGE_DATE_LEN; i++) {
        if (i == 4 || i == 7 ? text[i] != '-'
                             : !isdigit((unsigned char) text[i])) {
            return false;
        }
    }

    return true;
}


int32_t
ctl_day(const char *option, const char *text)
{
    usage_day_t day;

    if (!ctl_is_date(text) || text[USAGE_DATE_LEN] != '\0'
        || !usage_day_parse(text, &day))
    {
        ctl_misuse("%s \"%s\" is not a date, yyyy-MM-dd", option, text);
    }

    return day;
}


int64_t
ctl_time(const char *option, const char *text)
{
    int64_t time;

    if (ctl_is_date(text) && text[USAGE_DATE_LEN] == '\0') {
        return (int64_t) ctl_day(option, text) * USAGE_SECONDS_PER_DAY;
    }

    if (!usage_time_parse(ctl_str(text), &time)) {
        ctl_misuse("%s \"%s\" is neither a date, yyyy-MM-dd, nor a time, "
                   "yyyy-MM-ddThh:mm:ssZ",
            option, text);
    }

    return time;
}


int64_t
ctl_duration(const char *option, const char *text)
{
    static const char    units[] = "smhd";
    static const int64_t seconds[] = { 1, 60, 3600, 86400 };

    char       *end;
    long        n;
    const char *unit;

    errno = 0;
    n = strtol(text, &end, 10);
    unit = *end == '\0' ? NULL : strchr(units, *end);

    if (!isdigit((unsigned char) *text) || errno != 0 || n > 100000
        || unit == NULL || end[1] != '\0')
    {
        ctl_misuse(
            "%s \"%s\" is not a time such as 90s, 30m, 12h, 7d", option, text);
    }

    return n * seconds[unit - units];
}


int
ctl_word(const char *option, const char *text, const char *const *words)
{
    int    i;
    char   all[200];
    size_t len;

    for (i = 0, len = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }

        len += (size_t) snprintf(
            all + len, sizeof(all) - len, "%s%s", i == 0 ? "" : ", ", words[i]);
    }

    ctl_misuse("%s \"%s\" is not one of: %s", option, text, all);
}


const char *
ctl_project(const char *option, const char *text)
{
    size_t len;

    len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                       "0123456789_-");

    if (text[len] != '\0' || len == 0 || len > USAGE_ID_CHARS_MAX) {
        ctl_misuse("%s \"%s\" is not a project_id", option, text);
    }

    return text;
}
