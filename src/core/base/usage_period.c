/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * In: a refusal in JSON.  Out: the period that its error_msg names, as "time:",
 * a number, and a unit.
 */

#include "base/usage_period.h"
#include "base/usage_json.h"

#include <strings.h>


#define USAGE_PERIOD_KEY "time:"

/* a number of more digits names no period: 32 bits may not hold its seconds */
#define USAGE_PERIOD_DIGITS 6


static const struct {
    const char *name; /* may be followed by an "s" */
    unsigned    seconds;
} usage_period_units[] = {
    { "second", 1 },
    { "minute", 60 },
    { "hour", 3600 },
};

#define USAGE_PERIOD_UNITS                                                     \
    (sizeof(usage_period_units) / sizeof(usage_period_units[0]))


static bool
usage_period_letter(char c)
{
    c |= 0x20;

    return c >= 'a' && c <= 'z';
}


/*
 * Gives the seconds of the unit that text begins with; 0: it is none.
 */
static unsigned
usage_period_unit(const char *text)
{
    size_t i, len;

    for (i = 0; i < USAGE_PERIOD_UNITS; i++) {
        len = strlen(usage_period_units[i].name);

        if (strncasecmp(text, usage_period_units[i].name, len) == 0) {
            len += text[len] == 's' || text[len] == 'S';

            return usage_period_letter(text[len])
                       ? 0
                       : usage_period_units[i].seconds;
        }
    }

    return 0;
}


/*
 * Gives the seconds of the period that text begins with; 0: it is none.
 */
static unsigned
usage_period_read(const char *text)
{
    size_t   digits;
    unsigned seconds;

    text += strspn(text, " ");
    digits = strspn(text, "0123456789");

    if (digits > USAGE_PERIOD_DIGITS) {
        return 0;
    }

    for (seconds = 0; digits > 0; digits--) {
        seconds = seconds * 10 + (unsigned) (*text++ - '0');
    }

    text += strspn(text, " ");
    seconds *= usage_period_unit(text);

    return seconds < USAGE_SECONDS_PER_DAY ? seconds : USAGE_SECONDS_PER_DAY;
}


unsigned
usage_period(usage_str_t body)
{
    json_t      *root;
    unsigned     seconds;
    const char  *text, *key;
    json_error_t reason;

    root = usage_json_load(body, USAGE_JSON_ERROR, 0, &reason);
    text = usage_json_text(root, "error_msg").data;
    seconds = 0;

    /* the last one counts: the words end with it */

    for (key = strstr(text, USAGE_PERIOD_KEY); key != NULL;
         key = strstr(key + 1, USAGE_PERIOD_KEY))
    {
        if (key == text || !usage_period_letter(key[-1])) {
            seconds = usage_period_read(key + sizeof(USAGE_PERIOD_KEY) - 1);
        }
    }

    json_decref(root);

    return seconds;
}
