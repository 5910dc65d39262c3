/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The fields of the legacy call's body: what usage_request.c reads a request
 * by.
 *
 * Where a function gives a usage_result_t, USAGE_ERROR has filled
 * reader->error: 400 with the field's name, and 500 where memory is out.
 */

#ifndef USAGE_REQUEST_PRIVATE_H
#define USAGE_REQUEST_PRIVATE_H

#include "request/usage_request.h"

#include <jansson.h>


typedef struct {
    const usage_pool_t     *pool;
    const usage_patterns_t *forms;
    const json_t           *root;
    usage_error_t          *error;
} usage_request_reader_t;


/* A field's value, or NULL where it is left out: null is as good as that. */
const json_t *
usage_request_field(const usage_request_reader_t *reader, const char *name);

/* The text of a string, which lives as long as value. */
usage_str_t usage_request_text(const json_t *value);

/*
 * A string field; an empty one is left out, as text->len = 0 tells.  *text
 * lives as long as reader->root.
 */
usage_result_t usage_request_string(const usage_request_reader_t *reader,
    const char *name, const char *allowed, usage_str_t *text);

/*
 * An integer field, 0 to max, as a number or as a string of digits.  *number
 * stays what it is where the field is left out.
 */
usage_result_t usage_request_integer(const usage_request_reader_t *reader,
    const char *name, uint32_t max, uint32_t *number);

/* Errors: a value of a wrong type, and a text of too many characters. */
usage_result_t usage_request_wrong_type(const usage_request_reader_t *reader,
    const char *name, const json_t *value, const char *allowed);
usage_result_t usage_request_too_long(
    const usage_request_reader_t *reader, const char *name, usage_str_t text);


#endif /* USAGE_REQUEST_PRIVATE_H */
