/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Errors, as the legacy call reports them (translation.md, "Errors").
 */

#ifndef USAGE_ERROR_H
#define USAGE_ERROR_H

#include "base/usage_core.h"


typedef struct {
    unsigned status;      /* of HTTP */
    char     detail[400]; /* what was wrong, in words, for people */
} usage_error_t;


/*
 * Fills *error with a status and a detail, whose format is that of printf().  A
 * detail that is too long is cut, and what would harm a log or a terminal is
 * replaced (usage_text_clean()).  Always gives USAGE_ERROR, so that a function
 * can return it.
 */
usage_result_t usage_error(usage_error_t *error, unsigned status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Fills *error with the reason why usage_alloc() gave NULL: 502, the budget of
 * the call is spent; 500, memory is out.  Always gives USAGE_ERROR.
 */
usage_result_t usage_no_memory(const usage_pool_t *pool, usage_error_t *error);

/* Give the error_code and the error_msg of a status of 400 or above. */
const char *usage_error_code(unsigned status);
const char *usage_error_msg(unsigned status);

/*
 * Gives the length of value to show in an error, as "%.*s" takes it: at most
 * USAGE_SHOWN_MAX bytes, cut between characters.
 */
int usage_shown(usage_str_t value);

/*
 * Copies that much of value to buffer, which has room for USAGE_SHOWN_MAX
 * bytes, and replaces what would harm a log (usage_text_clean()).  Gives the
 * length.
 */
size_t usage_show(usage_str_t value, char *buffer);

/*
 * Writes an error reply of the legacy call (legacy.md, "Error reply, any other
 * status") to buffer, which has room for USAGE_ERROR_JSON_MAX bytes.  detail:
 * "" leaves error_detail out.  Gives the length.
 */
#define USAGE_ERROR_JSON_MAX (256 + 6 * sizeof(((usage_error_t *) 0)->detail))

size_t usage_error_json(unsigned status, const char *detail, char *buffer);


/*
 * Fills *error with 502: the upstream's reply of that status has the form of
 * the API's errors, but is none that goes back to the client as it is.  code
 * and msg are its error_code and its error_msg, the latter empty if there is
 * none; each is cut to USAGE_SHOWN_MAX bytes.  Always gives USAGE_ERROR.
 */
usage_result_t usage_error_told(
    usage_error_t *error, unsigned status, usage_str_t code, usage_str_t msg);

/*
 * Judges an upstream's reply with another status than 200.  true: it is an
 * error of the API and goes back to the client as it is; *error has the words
 * for the log.  false: *error is what the client gets instead.
 */
bool
usage_error_upstream(unsigned status, usage_str_t body, usage_error_t *error);


#endif /* USAGE_ERROR_H */
