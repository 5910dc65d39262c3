#include "usage_directory.h"
#include "usage_json.h"


static usage_result_t
usage_directory_rows(
    usage_table_t *table, const json_t *rows, usage_error_t *error)
{
    size_t           i;
    usage_str_t      id;
    const json_t    *value;
    usage_desktop_t *desktop;

    for (i = 0; i < json_array_size(rows); i++) {
        value = json_object_get(json_array_get(rows, i), "desktop_id");
        id.data = json_string_value(value);
        id.len = json_string_length(value);

        if (id.data == NULL || id.len == 0) {
            return usage_error(error, 502,
                "the upstream's desktop directory makes no sense: a desktop "
                "without its desktop_id");
        }

        desktop = usage_table_find(table, id);
        if (desktop != NULL) {
            desktop->known = true;
        }
    }

    return USAGE_OK;
}


usage_result_t
usage_directory_read(
    usage_table_t *table, usage_str_t body, usage_error_t *error)
{
    json_t        *root, *count, *rows;
    json_error_t   reason;
    usage_result_t rc;

    root = usage_json_load(body, 0, &reason);
    if (root == NULL) {
        return usage_error(error, 502,
            "the upstream's desktop directory is not JSON: %s", reason.text);
    }

    count = json_object_get(root, "total_count");
    rows = json_object_get(root, "desktops");

    if (!json_is_integer(count)
        || (rows != NULL && !json_is_array(rows) && !json_is_null(rows)))
    {
        rc = usage_error(error, 502,
            "the upstream's desktop directory makes no sense: total_count or "
            "desktops");

    } else if (json_integer_value(count) < 0
               || (size_t) json_integer_value(count) != json_array_size(rows))
    {
        rc = USAGE_AGAIN;

    } else {
        rc = usage_directory_rows(table, rows, error);
    }

    json_decref(root);

    return rc;
}
