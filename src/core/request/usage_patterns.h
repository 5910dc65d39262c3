/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The forms of the route, of dates and of numbers given as strings, as PCRE2
 * patterns compiled once.
 */

#ifndef USAGE_PATTERNS_H
#define USAGE_PATTERNS_H

#include "base/usage_core.h"


typedef struct usage_patterns_s usage_patterns_t;


/* Compiles the patterns; NULL where memory is out.  Freed by the caller. */
usage_patterns_t *usage_patterns_create(void);
void              usage_patterns_free(usage_patterns_t *forms);

/*
 * Whether path, decoded and without its query, is the legacy route; *project
 * is then its project_id, a piece of path.
 */
bool usage_patterns_route(
    const usage_patterns_t *forms, usage_str_t path, usage_str_t *project);

/* Whether text is a date, yyyy-MM-dd to the letter. */
bool usage_patterns_date(const usage_patterns_t *forms, usage_str_t text);

/* Whether text is one or more decimal digits. */
bool usage_patterns_digits(const usage_patterns_t *forms, usage_str_t text);


#endif /* USAGE_PATTERNS_H */
