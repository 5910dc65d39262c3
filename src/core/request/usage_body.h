/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Request": the legacy call's body as JSON.
 */

#ifndef USAGE_BODY_H
#define USAGE_BODY_H

#include "base/usage_error.h"
#include "base/usage_json.h"


/*
 * Reads a body; an empty one is {}.  *root is the caller's to json_decref().
 * Errors: 400, it is not JSON, has a key twice, or more than USAGE_BODY_PARTS
 * brackets, colons and commas; 500, memory is out.
 *
 * A number that neither 64 bits nor a double can hold is read as a fraction:
 * no field takes one, and what is unknown is ignored.
 */
usage_result_t usage_body_load(json_t **root, const usage_pool_t *pool,
    usage_str_t body, usage_error_t *error);


#endif /* USAGE_BODY_H */
