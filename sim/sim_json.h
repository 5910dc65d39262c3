/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Members of JSON objects, with a value for those that are missing.
 */

#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <jansson.h>


/*
 * Gives the member's integer, or `none` if it is missing or no integer.  Here
 * and below, NULL is an object without members.
 */
json_int_t sim_json_int(const json_t *object, const char *key, json_int_t none);

/* Gives the member's string, which is the object's; or `none` likewise. */
const char *
sim_json_str(const json_t *object, const char *key, const char *none);

/* Tells whether the member is true. */
int sim_json_true(const json_t *object, const char *key);

/*
 * Converts a word of the command line: digits are a number, true and false are
 * booleans, all else is a string.  Gives a new reference.
 */
json_t *sim_json_word(const char *s);

#endif
