/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reading a field of a request by its name and type.
 *
 * USAGE_ERROR of any function: reader->error is filled, with 400 and the
 * field's name, or with 500.
 */

#ifndef USAGE_REQUEST_PRIVATE_H
#define USAGE_REQUEST_PRIVATE_H

#include "request/usage_request.h"

#include <jansson.h>


typedef struct {
    const usage_pool_t     *pool;
    const usage_patterns_t *patterns;
    const json_t           *root;
    usage_error_t          *error;
} usage_request_reader_t;


/* Gives a field's value; NULL: it is left out, or null, which is the same. */
const json_t *
usage_request_field(const usage_request_reader_t *reader, const char *name);

/* Gives the text of a string, which lives as long as value. */
usage_str_t usage_request_text(const json_t *value);

/*
 * Reads a field that is a string.  *text lives as long as reader->root; it is
 * empty if the field is left out.  allowed: what an error says is allowed.
 */
usage_result_t usage_request_string(const usage_request_reader_t *reader,
    const char *name, const char *allowed, usage_str_t *text);

/*
 * Reads a field that is an integer from 0 to max, given as a number or as a
 * string of digits.  If it is left out, *number stays as it is.
 */
usage_result_t usage_request_integer(const usage_request_reader_t *reader,
    const char *name, uint32_t max, uint32_t *number);

/* Says that a value has a wrong type.  Always gives USAGE_ERROR. */
usage_result_t usage_request_wrong_type(const usage_request_reader_t *reader,
    const char *name, const json_t *value, const char *allowed);

/* Says that a text has too many characters.  Always gives USAGE_ERROR. */
usage_result_t usage_request_too_long(
    const usage_request_reader_t *reader, const char *name, usage_str_t text);


#endif /* USAGE_REQUEST_PRIVATE_H */
