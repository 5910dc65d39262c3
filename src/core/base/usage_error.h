/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Errors": what went wrong, as the legacy call says it.
 */

#ifndef USAGE_ERROR_H
#define USAGE_ERROR_H

#include "base/usage_core.h"


typedef struct {
    unsigned status;
    char     detail[400];
} usage_error_t;


/*
 * Fills *error: the HTTP status and a printf-like detail, cut where it is too
 * long, and fit for a log (usage_text_clean()).  Always gives USAGE_ERROR, so
 * that a function can return it.
 */
usage_result_t usage_error(usage_error_t *error, unsigned status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Says why usage_alloc() gave nothing: 502, the call's budget is spent, or 500,
 * memory is out.  Always gives USAGE_ERROR.
 */
usage_result_t usage_no_memory(const usage_pool_t *pool, usage_error_t *error);

/* The error_code and the error_msg that go with a status of 400 or above. */
const char *usage_error_code(unsigned status);
const char *usage_error_msg(unsigned status);

/*
 * The length of value to show in an error: at most USAGE_SHOWN_MAX bytes, cut
 * between characters.  For "%.*s".
 */
int usage_shown(usage_str_t value);

/*
 * Copies so much of value to buffer, which has room for USAGE_SHOWN_MAX bytes,
 * fit for a log (usage_text_clean()); gives its length.
 */
size_t usage_show(usage_str_t value, char *buffer);

/*
 * Writes the legacy error reply for status and detail as JSON.  buffer has
 * room for USAGE_ERROR_JSON_MAX bytes; gives the length written.
 */
#define USAGE_ERROR_JSON_MAX (256 + 6 * sizeof(((usage_error_t *) 0)->detail))

size_t usage_error_json(unsigned status, const char *detail, char *buffer);


/*
 * translation.md, "Errors": what an upstream's reply other than 200 becomes.
 * Gives true where the reply has the form of the API's errors and goes back to
 * the client as it is: *error then tells of it, for the log.  Else *error says
 * what the client is told instead.
 */
bool
usage_error_upstream(unsigned status, usage_str_t body, usage_error_t *error);


#endif /* USAGE_ERROR_H */
