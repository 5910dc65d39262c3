/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_rows.h"


/*
 * Checks the count and the list, and takes them from the root.
 */
static usage_result_t
usage_rows_check(
    usage_rows_t *rows, const char *key, const char *what, usage_error_t *error)
{
    json_t *count;

    count = json_object_get(rows->root, "total_count");
    rows->list = json_object_get(rows->root, key);

    if (json_is_null(rows->list)) {
        rows->list = NULL;
    }

    if (!json_is_integer(count) || json_integer_value(count) < 0) {
        return usage_error(error, 502,
            "the upstream's %s makes no sense: a total_count that is missing "
            "or no count",
            what);
    }

    rows->count = json_integer_value(count);
    rows->rows = (int64_t) json_array_size(rows->list);

    if ((rows->list != NULL && !json_is_array(rows->list))
        || (rows->list == NULL && rows->count > 0))
    {
        return usage_error(error, 502,
            "the upstream's %s makes no sense: %s is missing or no array", what,
            key);
    }

    return USAGE_OK;
}


json_t *
usage_rows_root(usage_str_t body, const char *what, const usage_pool_t *pool,
    usage_error_t *error)
{
    json_t      *root;
    json_error_t reason;

    if (!usage_fits(
            pool, usage_json_parts(body, USAGE_JSON_ANY), USAGE_JSON_PART)) {
        (void) usage_no_memory(pool, error);
        return NULL;
    }

    root = usage_json_load(body, USAGE_JSON_ANY, 0, &reason);

    if (root == NULL) {
        (void) usage_error(
            error, 502, "the upstream's %s is not JSON: %s", what, reason.text);
        return NULL;
    }

    if (!json_is_object(root)) {
        (void) usage_error(error, 502,
            "the upstream's %s makes no sense: it is not an object", what);
        json_decref(root);
        return NULL;
    }

    if (json_is_string(json_object_get(root, "error_code"))) {
        (void) usage_error_told(error, 200, usage_json_text(root, "error_code"),
            usage_json_text(root, "error_msg"));
        json_decref(root);
        return NULL;
    }

    return root;
}


usage_result_t
usage_rows_load(usage_rows_t *rows, usage_str_t body, const char *key,
    const char *what, const usage_pool_t *pool, usage_error_t *error)
{
    rows->root = usage_rows_root(body, what, pool, error);

    if (rows->root == NULL) {
        return USAGE_ERROR;
    }

    if (usage_rows_check(rows, key, what, error) != USAGE_OK) {
        json_decref(rows->root);
        return USAGE_ERROR;
    }

    return USAGE_OK;
}
