/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Fields of a request by their type, and the errors of a wrong one.
 */

#include "request/usage_request_private.h"
#include "base/usage_json.h"

#include <stdlib.h>


/*
 * Names the type of a value, for errors.
 */
static const char *
usage_request_type(const json_t *value)
{
    switch (json_typeof(value)) {

    case JSON_OBJECT:
        return "an object";

    case JSON_ARRAY:
        return "an array";

    case JSON_STRING:
        return "a string";

    case JSON_INTEGER:
        return "an integer";

    case JSON_REAL:
        return "a number with a fraction, an exponent or too many digits";

    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";

    case JSON_NULL:
    default:
        return "null";
    }
}


usage_str_t
usage_request_text(const json_t *value)
{
    usage_str_t text;

    text.data = json_string_value(value);
    text.len = json_string_length(value);

    return text;
}


const json_t *
usage_request_field(const usage_request_reader_t *reader, const char *name)
{
    const json_t *value;

    value = json_object_get(reader->root, name);

    return json_is_null(value) ? NULL : value;
}


usage_result_t
usage_request_wrong_type(const usage_request_reader_t *reader, const char *name,
    const json_t *value, const char *allowed)
{
    char       *text;
    usage_str_t shown;

    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (text == NULL) {
        return usage_error(reader->error, 500, "out of memory");
    }

    shown.data = text;
    shown.len = strlen(text);

    (void) usage_error(reader->error, 400, "%s is %s, %.*s; allowed: %s", name,
        usage_request_type(value), usage_shown(shown), text, allowed);

    free(text);

    return USAGE_ERROR;
}


usage_result_t
usage_request_string(const usage_request_reader_t *reader, const char *name,
    const char *allowed, usage_str_t *text)
{
    const json_t *value;

    text->data = "";
    text->len = 0;

    value = usage_request_field(reader, name);
    if (value == NULL) {
        return USAGE_OK;
    }

    if (!json_is_string(value)) {
        return usage_request_wrong_type(reader, name, value, allowed);
    }

    *text = usage_request_text(value);

    return USAGE_OK;
}


usage_result_t
usage_request_too_long(
    const usage_request_reader_t *reader, const char *name, usage_str_t text)
{
    return usage_error(reader->error, 400,
        "%s \"%.*s\" has %zu characters; allowed: at most %d", name,
        usage_shown(text), text.data, usage_utf8_chars(text),
        USAGE_ID_CHARS_MAX);
}


/*
 * Reads an integer from a string of digits.
 */
static usage_result_t
usage_request_digits(const usage_request_reader_t *reader, const char *name,
    uint32_t max, usage_str_t text, uint32_t *number)
{
    size_t  i;
    int64_t n;

    if (!usage_patterns_digits(reader->patterns, text)) {
        return usage_error(reader->error, 400,
            "%s \"%.*s\" is not a whole number; allowed: 0 to %u", name,
            usage_shown(text), text.data, max);
    }

    for (i = 0, n = 0; i < text.len && n <= max; i++) {
        n = n * 10 + (text.data[i] - '0');
    }

    if (n > max) {
        return usage_error(reader->error, 400,
            "%s \"%.*s\" is too large; allowed: 0 to %u", name,
            usage_shown(text), text.data, max);
    }

    *number = (uint32_t) n;

    return USAGE_OK;
}


usage_result_t
usage_request_integer(const usage_request_reader_t *reader, const char *name,
    uint32_t max, uint32_t *number)
{
    int64_t       n;
    const json_t *value;

    value = usage_request_field(reader, name);
    if (value == NULL) {
        return USAGE_OK;
    }

    if (json_is_string(value)) {
        return usage_request_digits(
            reader, name, max, usage_request_text(value), number);
    }

    if (!json_is_integer(value)) {
        return usage_request_wrong_type(reader, name, value, "a whole number");
    }

    n = json_integer_value(value);

    if (n < 0 || n > max) {
        return usage_error(reader->error, 400,
            "%s %lld is out of range; allowed: 0 to %u", name, (long long) n,
            max);
    }

    *number = (uint32_t) n;

    return USAGE_OK;
}
