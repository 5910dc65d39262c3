/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_connection.h"

#include "base/usage_calendar.h"


#define USAGE_CONNECTION_TIME_MAX (sizeof("1970-01-01T00:00:00.000000000Z") - 1)


static usage_result_t
usage_connection_nonsense(
    usage_error_t *error, const json_t *row, const char *what, const char *key)
{
    usage_str_t text;

    text = usage_json_text(row, key);

    return usage_error(error, 502,
        "the upstream's %s make no sense: %s \"%.*s\"", what, key,
        usage_shown(text), text.data);
}


/*
 * Reads a time in the documented form, or in that of the vendor's other APIs: a
 * space may stand for the T, and the Z may be missing.  Either is UTC.
 */
static bool
usage_connection_parse(usage_str_t text, int64_t *time)
{
    char        copy[USAGE_CONNECTION_TIME_MAX + 1];
    usage_str_t full;

    if (text.len < USAGE_DATE_LEN + 1 || text.len > USAGE_CONNECTION_TIME_MAX) {
        return false;
    }

    memcpy(copy, text.data, text.len);
    full.data = copy;
    full.len = text.len;

    if (copy[USAGE_DATE_LEN] == ' ') {
        copy[USAGE_DATE_LEN] = 'T';
    }

    if (copy[full.len - 1] != 'Z') {
        copy[full.len++] = 'Z';
    }

    return usage_time_parse(full, time);
}


/*
 * Reads a time of a row.  *told is false if the row doesn't tell it.
 */
static usage_result_t
usage_connection_time(const json_t *row, const char *what, const char *key,
    bool *told, int64_t *time, usage_error_t *error)
{
    usage_str_t   text;
    const json_t *value;

    value = json_object_get(row, key);
    text = usage_json_text(row, key);

    *told = value != NULL && !json_is_null(value)
            && !(json_is_string(value) && text.len == 0);

    if (!*told) {
        return USAGE_OK;
    }

    if (!usage_connection_parse(text, time)) {
        return usage_connection_nonsense(error, row, what, key);
    }

    /* the year 1 is how some of the vendor's APIs write "no time" */

    *told = strncmp(text.data, "0001-", sizeof("0001-") - 1) != 0;

    return USAGE_OK;
}


usage_result_t
usage_connection_read(const json_t *row, const char *what, int64_t now,
    usage_session_t *session, bool *used, usage_error_t *error)
{
    bool    ended;
    int64_t setup, end;

    setup = now;
    end = now;

    if (usage_connection_time(
            row, what, "connection_setup_time", used, &setup, error)
            != USAGE_OK
        || usage_connection_time(
               row, what, "connection_end_time", &ended, &end, error)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (*used && ended && end < setup) {
        return usage_connection_nonsense(
            error, row, what, "connection_end_time");
    }

    session->from = setup;
    session->to = ended ? end : now;

    return USAGE_OK;
}
