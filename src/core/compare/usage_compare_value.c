/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Values of a reply: what they are in words, and when two use_time are equal.
 */

#include "compare/usage_compare_private.h"
#include "base/usage_number.h"

#include <stdio.h>


/* what two doubles may be apart, relatively, although they were read from the
 * same decimals */
#define USAGE_COMPARE_NOISE 1e-9


usage_str_t
usage_compare_text(const json_t *value)
{
    usage_str_t text;

    text.data = json_is_string(value) ? json_string_value(value) : "";
    text.len = json_string_length(value);

    return text;
}


usage_str_t
usage_compare_words(const json_t *value, char *buffer)
{
    usage_str_t text;

    if (value == NULL || json_is_string(value)) {
        return usage_compare_text(value);
    }

    (void) snprintf(buffer, USAGE_COMPARE_WORDS, "%s",
        json_is_null(value)     ? "null"
        : json_is_true(value)   ? "true"
        : json_is_false(value)  ? "false"
        : json_is_object(value) ? "an object"
                                : "an array");

    if (json_is_number(value)) {
        (void) snprintf(
            buffer, USAGE_COMPARE_WORDS, "%.15g", json_number_value(value));
    }

    text.data = buffer;
    text.len = strlen(buffer);

    return text;
}


bool
usage_compare_hours(const json_t *value, double *hours)
{
    bool        integer;
    int64_t     whole;
    usage_str_t text;

    *hours = 0;

    if (json_is_string(value)) {
        text = usage_compare_text(value);

        return usage_number_parse(text.data, text.len, &integer, &whole, hours)
               == NULL;
    }

    *hours = json_number_value(value);

    return json_is_number(value);
}


bool
usage_compare_same_time(
    usage_comparison_t *self, const json_t *legacy, const json_t *translated)
{
    bool   is_number, other_is;
    char   buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    double hours, other, apart;

    is_number = usage_compare_hours(legacy, &hours);
    other_is = usage_compare_hours(translated, &other);

    if (!is_number || !other_is) {
        return is_number == other_is
               && usage_str_equal(usage_compare_words(legacy, buffers[0]),
                   usage_compare_words(translated, buffers[1]));
    }

    apart = fabs(hours - other);

    if (apart > self->result->largest) {
        self->result->largest = apart;
    }

    return apart
           <= self->tolerance + USAGE_COMPARE_NOISE * fmax(1, fabs(hours));
}
