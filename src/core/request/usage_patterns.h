/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The patterns, for PCRE2, of the legacy route, of dates, and of numbers that
 * are given as strings (translation.md, "Request").  They are compiled once.
 */

#ifndef USAGE_PATTERNS_H
#define USAGE_PATTERNS_H

#include "base/usage_core.h"


typedef struct usage_patterns_s usage_patterns_t;


/* Compiles the patterns, which the caller frees.  NULL: memory is out. */
usage_patterns_t *usage_patterns_create(void);

/* Frees the patterns. */
void usage_patterns_free(usage_patterns_t *patterns);

/*
 * Tells whether path, decoded and without its query, is the legacy route.
 * *project is then its project_id, a piece of path.
 */
bool usage_patterns_route(
    const usage_patterns_t *patterns, usage_str_t path, usage_str_t *project);

/* Tells whether text has just the form yyyy-MM-dd. */
bool usage_patterns_date(const usage_patterns_t *patterns, usage_str_t text);

/* Tells whether text is one or more decimal digits. */
bool usage_patterns_digits(const usage_patterns_t *patterns, usage_str_t text);


#endif /* USAGE_PATTERNS_H */
