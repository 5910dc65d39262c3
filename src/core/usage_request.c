#include "usage_request.h"
#include "usage_body.h"
#include "usage_json.h"
#include "usage_table.h"

#include <jansson.h>
#include <stdlib.h>


typedef struct {
    const usage_pool_t  *pool;
    const usage_forms_t *forms;
    const json_t        *root;
    usage_error_t       *error;
} usage_request_reader_t;


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


static usage_str_t
usage_request_text(const json_t *value)
{
    usage_str_t text;

    text.data = json_string_value(value);
    text.len = json_string_length(value);

    return text;
}


/*
 * A field's value, or NULL where it is left out: null is as good as that.
 */
static const json_t *
usage_request_field(const usage_request_reader_t *reader, const char *name)
{
    const json_t *value;

    value = json_object_get(reader->root, name);

    return json_is_null(value) ? NULL : value;
}


static usage_result_t
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


/*
 * A string field; an empty one is left out, as text->len = 0 tells.
 */
static usage_result_t
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


static usage_result_t
usage_request_long(
    const usage_request_reader_t *reader, const char *name, usage_str_t text)
{
    return usage_error(reader->error, 400,
        "%s \"%.*s\" has %zu characters; allowed: at most %d", name,
        usage_shown(text), text.data, usage_utf8_chars(text),
        USAGE_ID_CHARS_MAX);
}


/*
 * An integer field, as a number or as a string of digits.
 */
static usage_result_t
usage_request_integer(const usage_request_reader_t *reader, const char *name,
    uint32_t max, uint32_t *number)
{
    int64_t       n;
    size_t        i;
    usage_str_t   text;
    const json_t *value;

    value = usage_request_field(reader, name);
    if (value == NULL) {
        return USAGE_OK;
    }

    if (json_is_string(value)) {
        text = usage_request_text(value);

        if (!usage_forms_digits(reader->forms, text)) {
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

    } else if (json_is_integer(value)) {
        n = json_integer_value(value);

        if (n < 0 || n > max) {
            return usage_error(reader->error, 400,
                "%s %lld is out of range; allowed: 0 to %u", name,
                (long long) n, max);
        }

    } else {
        return usage_request_wrong_type(reader, name, value, "a whole number");
    }

    *number = (uint32_t) n;

    return USAGE_OK;
}


static usage_result_t
usage_request_desktop_ids(
    const usage_request_reader_t *reader, usage_request_t *request)
{
    bool             added;
    size_t           i, n;
    usage_str_t      id;
    usage_table_t    seen;
    const json_t    *ids, *value;
    usage_desktop_t *desktop;

    ids = usage_request_field(reader, "desktop_ids");
    if (ids == NULL) {
        return USAGE_OK;
    }

    if (!json_is_array(ids)) {
        return usage_request_wrong_type(
            reader, "desktop_ids", ids, "an array of strings");
    }

    n = json_array_size(ids);
    if (n == 0) {
        return USAGE_OK;
    }

    if (n > USAGE_DESKTOP_IDS_MAX) {
        return usage_error(reader->error, 400,
            "desktop_ids has %zu items; allowed: at most %d", n,
            USAGE_DESKTOP_IDS_MAX);
    }

    request->desktop_ids = usage_alloc(reader->pool, n * sizeof(usage_str_t));
    if (request->desktop_ids == NULL
        || usage_table_init(&seen, reader->pool, 0) != USAGE_OK)
    {
        return usage_error(reader->error, 500, "out of memory");
    }

    for (i = 0; i < n; i++) {
        value = json_array_get(ids, i);

        if (!json_is_string(value)) {
            return usage_request_wrong_type(
                reader, "an item of desktop_ids", value, "a string");
        }

        id = usage_request_text(value);

        if (id.len == 0) {
            return usage_error(reader->error, 400,
                "item %zu of desktop_ids is an empty string; allowed: 1 to %d "
                "characters",
                i, USAGE_ID_CHARS_MAX);
        }

        if (usage_utf8_chars(id) > USAGE_ID_CHARS_MAX) {
            return usage_request_long(reader, "desktop_ids", id);
        }

        desktop = usage_table_add(&seen, id, &added);
        if (desktop == NULL) {
            return usage_error(reader->error, 500, "out of memory");
        }

        if (added) {
            request->desktop_ids[request->desktops++] = desktop->id;
        }
    }

    return USAGE_OK;
}


static usage_result_t
usage_request_date(const usage_request_reader_t *reader, const char *name,
    bool *given, usage_day_t *day)
{
    usage_str_t text;

    if (usage_request_string(reader, name, "a date, yyyy-MM-dd", &text)
        != USAGE_OK) {
        return USAGE_ERROR;
    }

    *given = text.len != 0;

    if (*given
        && (!usage_forms_date(reader->forms, text)
            || !usage_day_parse(text.data, day)))
    {
        return usage_error(reader->error, 400,
            "%s \"%.*s\" is not a date; allowed: yyyy-MM-dd, a day of the "
            "calendar",
            name, usage_shown(text), text.data);
    }

    return USAGE_OK;
}


/*
 * The range of days: what is left out, its order and its length, and whether
 * the successors remember it.
 */
static usage_result_t
usage_request_range(const usage_request_reader_t *reader,
    usage_request_t *request, int64_t now, int64_t memory)
{
    bool        has_first, has_last;
    char        first[USAGE_DATE_LEN + 1] = "", last[USAGE_DATE_LEN + 1] = "";
    usage_day_t oldest;

    if (usage_request_date(reader, "start_time", &has_first, &request->first)
            != USAGE_OK
        || usage_request_date(reader, "end_time", &has_last, &request->last)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (!has_last) {
        request->last = usage_day_of(now);
    }

    if (!has_first) {
        request->first = request->last - (USAGE_DAYS_DEFAULT - 1);
    }

    usage_day_write(request->first, first);
    usage_day_write(request->last, last);

    if (request->last < request->first) {
        return usage_error(reader->error, 400,
            "end_time %s is before start_time %s%s", last, first,
            has_last ? "" : " (left out, end_time is today, UTC)");
    }

    if (request->last - request->first >= USAGE_DAYS_MAX) {
        return usage_error(reader->error, 400,
            "start_time %s to end_time %s are %d days; allowed: at most %d, "
            "both ends counted",
            first, last, request->last - request->first + 1, USAGE_DAYS_MAX);
    }

    if (memory != 0 && usage_day_forgotten(request->first, now, memory)) {
        oldest = request->first;

        while (usage_day_forgotten(oldest, now, memory)) {
            oldest++;
        }

        usage_day_write(oldest, last);

        return usage_error(reader->error, 400,
            "%s %s is older than the %lld days that the successor API keeps; "
            "allowed: from %s on",
            has_first ? "start_time" : "the range's first day", first,
            (long long) (memory / USAGE_SECONDS_PER_DAY), last);
    }

    return USAGE_OK;
}


static usage_result_t
usage_request_group(const usage_request_reader_t *reader)
{
    usage_str_t              text;
    static const usage_str_t day = usage_string("DAY");
    static const usage_str_t hour = usage_string("HOUR");

    if (usage_request_string(
            reader, "group_by_type", "\"DAY\" or \"HOUR\"", &text)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (usage_str_equal(text, hour)) {
        return usage_error(reader->error, 400,
            "group_by_type \"HOUR\" is not supported yet; allowed: \"DAY\"");
    }

    if (text.len != 0 && !usage_str_equal(text, day)) {
        return usage_error(reader->error, 400,
            "group_by_type \"%.*s\" is unknown; allowed: \"DAY\" or \"HOUR\"",
            usage_shown(text), text.data);
    }

    return USAGE_OK;
}


static usage_result_t
usage_request_user(const usage_request_reader_t *reader)
{
    usage_str_t name, domain;

    if (usage_request_string(reader, "desktop_username", "a string", &name)
            != USAGE_OK
        || usage_request_string(
               reader, "desktop_user_domain", "a string", &domain)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (usage_utf8_chars(name) > USAGE_ID_CHARS_MAX) {
        return usage_request_long(reader, "desktop_username", name);
    }

    if (name.len != 0) {
        return usage_error(reader->error, 400,
            "desktop_username \"%.*s\" is not supported yet; allowed: to leave "
            "it out",
            usage_shown(name), name.data);
    }

    return USAGE_OK;
}


static usage_result_t
usage_request_fields(const usage_request_reader_t *reader,
    usage_request_t *request, int64_t now, int64_t memory)
{
    request->desktop_ids = NULL;
    request->desktops = 0;
    request->offset = 0;
    request->limit = USAGE_LIMIT_DEFAULT;

    if (usage_request_desktop_ids(reader, request) != USAGE_OK
        || usage_request_range(reader, request, now, memory) != USAGE_OK
        || usage_request_integer(
               reader, "offset", USAGE_OFFSET_MAX, &request->offset)
               != USAGE_OK
        || usage_request_integer(
               reader, "limit", USAGE_LIMIT_MAX, &request->limit)
               != USAGE_OK
        || usage_request_group(reader) != USAGE_OK
        || usage_request_user(reader) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


usage_result_t
usage_request_parse(usage_request_t *request, const usage_pool_t *pool,
    const usage_forms_t *forms, usage_str_t body, int64_t now, int64_t memory,
    usage_error_t *error)
{
    json_t                *root;
    usage_result_t         rc;
    usage_request_reader_t reader;

    if (usage_body_load(&root, pool, body, error) != USAGE_OK) {
        return USAGE_ERROR;
    }

    reader.pool = pool;
    reader.forms = forms;
    reader.root = root;
    reader.error = error;

    if (json_is_object(root)) {
        rc = usage_request_fields(&reader, request, now, memory);

    } else {
        rc = usage_request_wrong_type(
            &reader, "the body", root, "one JSON object");
    }

    json_decref(root);

    return rc;
}


size_t
usage_request_days(const usage_request_t *request)
{
    return (size_t) (request->last - request->first) + 1;
}


size_t
usage_request_past(const usage_request_t *request, usage_day_t today)
{
    if (request->first > today) {
        return 0;
    }

    return request->last > today ? (size_t) (today - request->first) + 1
                                 : usage_request_days(request);
}
