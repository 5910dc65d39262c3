/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Members of JSON objects, with a value for those that are missing.
 */

#include "sim_json.h"

#include <string.h>


json_int_t
sim_json_int(const json_t *object, const char *key, json_int_t none)
{
    const json_t *v = json_object_get(object, key);

    return json_is_integer(v) ? json_integer_value(v) : none;
}


const char *
sim_json_str(const json_t *object, const char *key, const char *none)
{
    const json_t *v = json_object_get(object, key);

    return json_is_string(v) ? json_string_value(v) : none;
}


int
sim_json_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}


json_t *
sim_json_word(const char *s)
{
    size_t sign = *s == '-';

    if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) {
        return json_boolean(*s == 't');
    }

    if (s[sign] && strspn(s + sign, "0123456789") == strlen(s + sign)) {
        return json_integer(strtoll(s, NULL, 10));
    }

    return json_string(s);
}
