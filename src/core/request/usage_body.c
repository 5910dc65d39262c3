/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Parsing a body by jansson, with numbers that jansson refuses, too.
 */

#include "request/usage_body.h"
#include "base/usage_number.h"


/*
 * Replaces each number that is out of bounds by a fraction, which is shorter
 * than any of them.
 */
static void
usage_body_bound_numbers(char *p, char *end)
{
    static const char fraction[] = "0.5";

    char   *start;
    bool    integer, string;
    double  number;
    int64_t whole;

    for (string = false; p < end; p++) {

        if (string) {
            if (*p == '\\' && p + 1 < end) {
                p++;

            } else if (*p == '"') {
                string = false;
            }

            continue;
        }

        if (*p == '"') {
            string = true;
            continue;
        }

        if (!usage_number_has(*p)) {
            continue;
        }

        for (start = p; p + 1 < end && usage_number_has(p[1]); p++) {
            /* to its last character */
        }

        if (usage_number_parse(
                start, (size_t) (p + 1 - start), &integer, &whole, &number)
            == usage_number_out_of_bounds)
        {
            memset(start, ' ', (size_t) (p + 1 - start));
            memcpy(start, fraction, sizeof(fraction) - 1);
        }
    }
}


usage_result_t
usage_body_load(json_t **root, const usage_pool_t *pool, usage_str_t body,
    usage_error_t *error)
{
    char        *copy;
    json_error_t reason;

    if (usage_json_parts(body, USAGE_BODY_PARTS) > USAGE_BODY_PARTS) {
        return usage_error(error, 400,
            "the body has more than %d keys, values and lists; allowed: one "
            "JSON object with the fields of the call",
            USAGE_BODY_PARTS);
    }

    if (body.len == 0) {
        *root = json_object();

    } else {
        *root = usage_json_load(
            body, USAGE_JSON_ANY, JSON_REJECT_DUPLICATES, &reason);
    }

    if (*root == NULL && body.len != 0
        && json_error_code(&reason) == json_error_numeric_overflow)
    {
        copy = usage_alloc(pool, body.len + 1);
        if (copy == NULL) {
            return usage_no_memory(pool, error);
        }

        memcpy(copy, body.data, body.len);
        copy[body.len] = '\0';

        usage_body_bound_numbers(copy, copy + body.len);
        body.data = copy;

        *root = usage_json_load(
            body, USAGE_JSON_ANY, JSON_REJECT_DUPLICATES, &reason);
    }

    if (*root != NULL) {
        return USAGE_OK;
    }

    if (body.len == 0 || json_error_code(&reason) == json_error_out_of_memory) {
        return usage_error(error, 500, "out of memory");
    }

    return usage_error(error, 400,
        "the body is not JSON: %s at byte %d; allowed: one JSON object",
        reason.text, reason.position);
}
