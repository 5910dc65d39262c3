/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The fields of a request and the rules that they follow.
 */

#include "request/usage_request_memory.h"
#include "request/usage_request_private.h"
#include "request/usage_body.h"
#include "base/usage_json.h"
#include "base/usage_table.h"


/*
 * Checks the nth item of desktop_ids.
 */
static usage_result_t
usage_request_check_id(
    const usage_request_reader_t *reader, const json_t *value, size_t n)
{
    usage_str_t id;

    if (!json_is_string(value)) {
        return usage_request_wrong_type(
            reader, "an item of desktop_ids", value, "a string");
    }

    id = usage_request_text(value);

    if (id.len == 0) {
        return usage_error(reader->error, 400,
            "item %zu of desktop_ids is an empty string; allowed: 1 to %d "
            "characters",
            n, USAGE_ID_CHARS_MAX);
    }

    if (usage_utf8_chars(id) > USAGE_ID_CHARS_MAX) {
        return usage_request_too_long(reader, "desktop_ids", id);
    }

    return USAGE_OK;
}


/*
 * Reads the items of desktop_ids, each once, into request->desktop_ids, which
 * has room for all of them.
 */
static usage_result_t
usage_request_items(const usage_request_reader_t *reader,
    usage_request_t *request, const json_t *ids)
{
    bool             added;
    size_t           i;
    json_t          *value;
    usage_table_t    seen;
    usage_desktop_t *desktop;

    if (usage_table_init(&seen, reader->pool, 0) != USAGE_OK) {
        return usage_no_memory(reader->pool, reader->error);
    }

    for (i = 0; i < json_array_size(ids); i++) {
        value = json_array_get(ids, i);

        if (usage_request_check_id(reader, value, i) != USAGE_OK) {
            return USAGE_ERROR;
        }

        desktop = usage_table_add(&seen, usage_request_text(value), &added);
        if (desktop == NULL) {
            return usage_no_memory(reader->pool, reader->error);
        }

        if (added) {
            request->desktop_ids[request->desktops++] = desktop->id;
        }
    }

    return USAGE_OK;
}


static usage_result_t
usage_request_desktop_ids(
    const usage_request_reader_t *reader, usage_request_t *request)
{
    size_t        n;
    const json_t *ids;

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
    if (request->desktop_ids == NULL) {
        return usage_no_memory(reader->pool, reader->error);
    }

    return usage_request_items(reader, request, ids);
}


/*
 * Reads a field that is a date; *given tells whether it is there.
 */
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
        && (!usage_patterns_date(reader->patterns, text)
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
 * Reads the range of days: fills in what is left out, and checks its order and
 * its length.
 */
static usage_result_t
usage_request_range(const usage_request_reader_t *reader,
    usage_request_t *request, int64_t now, bool *has_first)
{
    bool has_last;
    char first[USAGE_DATE_LEN + 1] = "", last[USAGE_DATE_LEN + 1] = "";

    if (usage_request_date(reader, "start_time", has_first, &request->first)
            != USAGE_OK
        || usage_request_date(reader, "end_time", &has_last, &request->last)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (!has_last) {
        request->last = usage_day_of(now);
    }

    if (!*has_first) {
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

    return USAGE_OK;
}


/*
 * Reads group_by_type.
 */
static usage_result_t
usage_request_group(
    const usage_request_reader_t *reader, usage_request_t *request)
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

    request->hours = usage_str_equal(text, hour);

    if (text.len != 0 && !request->hours && !usage_str_equal(text, day)) {
        return usage_error(reader->error, 400,
            "group_by_type \"%.*s\" is unknown; allowed: \"DAY\" or \"HOUR\"",
            usage_shown(text), text.data);
    }

    return USAGE_OK;
}


/*
 * Copies the value of a field that may have at most 255 characters.
 */
static usage_result_t
usage_request_name(const usage_request_reader_t *reader, const char *name,
    usage_str_t text, usage_str_t *copy)
{
    if (usage_utf8_chars(text) > USAGE_ID_CHARS_MAX) {
        return usage_request_too_long(reader, name, text);
    }

    return usage_str_copy(reader->pool, text, copy) == USAGE_OK
               ? USAGE_OK
               : usage_no_memory(reader->pool, reader->error);
}


/*
 * Reads the user and the domain.  A domain without a user is ignored. legacy.md
 * has no rule for the length of a domain; it is held to that of a user.
 */
static usage_result_t
usage_request_user(
    const usage_request_reader_t *reader, usage_request_t *request)
{
    usage_str_t user, domain;

    if (usage_request_string(reader, "desktop_username", "a string", &user)
            != USAGE_OK
        || usage_request_string(
               reader, "desktop_user_domain", "a string", &domain)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (user.len == 0) {
        return USAGE_OK;
    }

    if (usage_request_name(reader, "desktop_username", user, &request->user)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (domain.len == 0) {
        return USAGE_OK;
    }

    return usage_request_name(
        reader, "desktop_user_domain", domain, &request->domain);
}


/*
 * Checks that something tells the hours, if they are requested.
 */
static usage_result_t
usage_request_told(const usage_request_reader_t *reader,
    const usage_request_t *request, const usage_rules_t *rules)
{
    if (request->hours && rules->one_project) {
        return usage_error(reader->error, 400,
            "group_by_type \"HOUR\" needs connection records or desktop "
            "monitoring, which are of all enterprise projects, and "
            "usage_enterprise_project asks for one; allowed: \"DAY\"");
    }

    if (!request->hours || rules->connections
        || usage_request_monitored(request, rules))
    {
        return USAGE_OK;
    }

    return usage_error(reader->error, 400,
        "group_by_type \"HOUR\" needs connection records, which this gateway "
        "doesn't read (usage_connections is off)%s; allowed: \"DAY\"",
        rules->monitoring
            ? "; desktop monitoring tells hours of desktop_ids only, and not "
              "those of a desktop_username"
            : ", or for desktop_ids desktop monitoring (usage_monitoring is "
              "off)");
}


/*
 * Reads all fields.
 */
static usage_result_t
usage_request_fields(const usage_request_reader_t *reader,
    usage_request_t *request, int64_t now, const usage_rules_t *rules)
{
    bool has_first;

    memset(request, 0, sizeof(usage_request_t));

    request->user.data = "";
    request->domain.data = "";
    request->limit = USAGE_LIMIT_DEFAULT;

    if (usage_request_desktop_ids(reader, request) != USAGE_OK
        || usage_request_integer(
               reader, "offset", USAGE_OFFSET_MAX, &request->offset)
               != USAGE_OK
        || usage_request_integer(
               reader, "limit", USAGE_LIMIT_MAX, &request->limit)
               != USAGE_OK
        || usage_request_group(reader, request) != USAGE_OK
        || usage_request_user(reader, request) != USAGE_OK
        || usage_request_told(reader, request, rules) != USAGE_OK
        || usage_request_range(reader, request, now, &has_first) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_request_remembered(reader, request, now, rules, has_first);
}


usage_result_t
usage_request_parse(usage_request_t *request, const usage_pool_t *pool,
    const usage_patterns_t *patterns, usage_str_t body, int64_t now,
    const usage_rules_t *rules, usage_error_t *error)
{
    json_t                *root;
    usage_result_t         rc;
    usage_request_reader_t reader;

    if (usage_body_load(&root, pool, body, error) != USAGE_OK) {
        return USAGE_ERROR;
    }

    reader.pool = pool;
    reader.patterns = patterns;
    reader.root = root;
    reader.error = error;

    if (json_is_object(root)) {
        rc = usage_request_fields(&reader, request, now, rules);

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


bool
usage_request_counts(const usage_request_t *request)
{
    return request->limit == 0
           || (request->desktops > 0 && request->offset >= request->desktops);
}


size_t
usage_request_bins(const usage_request_t *request)
{
    return usage_request_days(request)
           * (request->hours ? USAGE_HOURS_PER_DAY : 1);
}
