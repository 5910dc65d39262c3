/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Compiling the patterns, and matching them.
 */

#include "request/usage_patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>


#define USAGE_PATTERN_ROUTE                                                    \
    "\\A/v2/([A-Za-z0-9_-]{1,255})/desktops/statistics/used\\z"
#define USAGE_PATTERN_DATE   "\\A[0-9]{4}-[0-9]{2}-[0-9]{2}\\z"
#define USAGE_PATTERN_DIGITS "\\A[0-9]+\\z"


struct usage_patterns_s {
    pcre2_code       *route;
    pcre2_code       *date;
    pcre2_code       *digits;
    pcre2_match_data *match;
};


static pcre2_code *
usage_patterns_compile(const char *pattern)
{
    int        error;
    PCRE2_SIZE offset;

    return pcre2_compile(
        (PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
}


usage_patterns_t *
usage_patterns_create(void)
{
    usage_patterns_t *patterns;

    patterns = calloc(1, sizeof(usage_patterns_t));
    if (patterns == NULL) {
        return NULL;
    }

    patterns->route = usage_patterns_compile(USAGE_PATTERN_ROUTE);
    patterns->date = usage_patterns_compile(USAGE_PATTERN_DATE);
    patterns->digits = usage_patterns_compile(USAGE_PATTERN_DIGITS);
    patterns->match = pcre2_match_data_create(2, NULL);

    if (patterns->route == NULL || patterns->date == NULL
        || patterns->digits == NULL || patterns->match == NULL)
    {
        usage_patterns_free(patterns);
        return NULL;
    }

    return patterns;
}


void
usage_patterns_free(usage_patterns_t *patterns)
{
    pcre2_code_free(patterns->route);
    pcre2_code_free(patterns->date);
    pcre2_code_free(patterns->digits);
    pcre2_match_data_free(patterns->match);
    free(patterns);
}


static bool
usage_patterns_match(
    const usage_patterns_t *patterns, const pcre2_code *form, usage_str_t text)
{
    return pcre2_match(form, (PCRE2_SPTR) text.data, text.len, 0, 0,
               patterns->match, NULL)
           > 0;
}


bool
usage_patterns_route(
    const usage_patterns_t *patterns, usage_str_t path, usage_str_t *project)
{
    const PCRE2_SIZE *groups;

    if (!usage_patterns_match(patterns, patterns->route, path)) {
        return false;
    }

    groups = pcre2_get_ovector_pointer(patterns->match);
    project->data = path.data + groups[2];
    project->len = groups[3] - groups[2];

    return true;
}


bool
usage_patterns_date(const usage_patterns_t *patterns, usage_str_t text)
{
    return usage_patterns_match(patterns, patterns->date, text);
}


bool
usage_patterns_digits(const usage_patterns_t *patterns, usage_str_t text)
{
    return usage_patterns_match(patterns, patterns->digits, text);
}
