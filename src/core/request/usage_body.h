/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The body of a request, parsed as JSON (translation.md, "Request").
 */

#ifndef USAGE_BODY_H
#define USAGE_BODY_H

#include "base/usage_error.h"
#include "base/usage_json.h"


/*
 * Parses a body; an empty one is {}.  The caller owns *root, and ends that by
 * json_decref().  USAGE_ERROR: 400, the body is not JSON, has a key twice, or
 * more than USAGE_BODY_PARTS parts (usage_json_parts()); 500 or 502, memory is
 * out (usage_no_memory()).
 *
 * A number that neither 64 bits nor a double can hold is read as a fraction. No
 * field takes a fraction, so it is refused there, and ignored elsewhere.
 */
usage_result_t usage_body_load(json_t **root, const usage_pool_t *pool,
    usage_str_t body, usage_error_t *error);


#endif /* USAGE_BODY_H */
