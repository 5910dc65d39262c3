/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: reads a line of the log.
 */

#include "ctl_report.h"
#include "base/usage_json.h"

#include <ctype.h>
#include <stdlib.h>


/* 10000-01-01: later times have no year of four digits */
#define REPORT_TIME_END INT64_C(253402300800)


const char *const report_keys[REPORT_KEYS + 1] = { "client", "agent", "project",
    "credential", "mode", "status", "day", NULL };


/*
 * Replaces what isn't UTF-8: nginx logs the bytes of a header as they are.
 */
static void
make_utf8(char *text, size_t len)
{
    size_t i, n;

    for (i = 0; i < len; i += n) {
        n = usage_utf8_length(text + i, len - i);

        if (n == 0) {
            text[i] = '?';
            n = 1;
        }
    }
}


/*
 * Reads a member that is a number, or digits in a string.
 */
static bool
number_of(const json_t *line, const char *name, int64_t *number)
{
    char         *end;
    usage_str_t   text;
    const json_t *value;

    value = json_object_get(line, name);

    if (json_is_integer(value)) {
        *number = json_integer_value(value);
        return true;
    }

    text = usage_json_text(line, name);

    if (text.len == 0 || !isdigit((unsigned char) *text.data)) {
        return false;
    }

    *number = strtoll(text.data, &end, 10);

    return *end == '\0';
}


/*
 * Reads a time zone such as "+01:00", in seconds.
 */
static bool
zone_of(const char *text, int64_t *zone)
{
    int hours, minutes;

    if ((text[0] != '+' && text[0] != '-') || !isdigit((unsigned char) text[1])
        || !isdigit((unsigned char) text[2]) || text[3] != ':'
        || !isdigit((unsigned char) text[4])
        || !isdigit((unsigned char) text[5]))
    {
        return false;
    }

    hours = (text[1] - '0') * 10 + text[2] - '0';
    minutes = (text[4] - '0') * 10 + text[5] - '0';
    *zone = (text[0] == '-' ? -1 : 1)
            * (hours * USAGE_SECONDS_PER_HOUR + minutes * 60);

    return hours <= 24 && minutes < 60;
}


/*
 * Reads $time_iso8601, such as "2026-11-23T07:44:43+01:00".
 */
static bool
time_of(usage_str_t text, int64_t *time)
{
    char        utc[USAGE_TIME_LEN];
    int64_t     zone;
    usage_str_t local;

    if (text.len != USAGE_TIME_LEN - 1 + 6) {
        return false;
    }

    memcpy(utc, text.data, USAGE_TIME_LEN - 1);
    utc[USAGE_TIME_LEN - 1] = 'Z';
    local.data = utc;
    local.len = USAGE_TIME_LEN;

    if (!zone_of(text.data + USAGE_TIME_LEN - 1, &zone)
        || !usage_time_parse(local, time))
    {
        return false;
    }

    *time -= zone;

    return *time >= 0 && *time < REPORT_TIME_END;
}


/*
 * Tells whether a line tells of a legacy call: the module has set one of its
 * variables, or the path is the call's route.
 */
static bool
is_legacy(
    const json_t *json, const usage_patterns_t *patterns, usage_str_t *project)
{
    bool        routed;
    usage_str_t known;

    routed =
        usage_patterns_route(patterns, usage_json_text(json, "path"), project);
    known = usage_json_text(json, "project_id");

    if (known.len > 0) {
        *project = known;
        return true;
    }

    return routed || usage_json_text(json, "days").len > 0;
}


/*
 * Finds out what a line tells of, and sets all of *line but its json.
 */
static report_kind_t
judge(report_line_t *line, const json_t *json, const usage_patterns_t *patterns)
{
    int64_t status, days;

    if (!number_of(json, "status", &status)
        || !time_of(usage_json_text(json, "time"), &line->time)
        || !json_is_string(json_object_get(json, "client")))
    {
        return REPORT_STRANGE;
    }

    line->keys[REPORT_PROJECT] = ctl_str("");

    if (!is_legacy(json, patterns, &line->keys[REPORT_PROJECT])) {
        return REPORT_OTHER;
    }

    (void) snprintf(line->status, sizeof(line->status), "%03lld",
        (long long) status % 1000);
    usage_day_write(usage_day_of(line->time), line->day);
    line->day[USAGE_DATE_LEN] = '\0';

    line->keys[REPORT_CLIENT] = usage_json_text(json, "client");
    line->keys[REPORT_AGENT] = usage_json_text(json, "agent");
    line->keys[REPORT_CREDENTIAL] = usage_json_text(json, "credential");
    line->keys[REPORT_MODE] = usage_json_text(json, "mode");
    line->keys[REPORT_STATUS] = ctl_str(line->status);
    line->keys[REPORT_DAY] = ctl_str(line->day);
    line->error = status >= 400 || status < 100;
    line->days =
        number_of(json, "days", &days) && days > 0 ? (uint64_t) days : 0;

    return REPORT_LEGACY;
}


report_kind_t
report_line_read(report_line_t *line, const usage_patterns_t *patterns,
    char *text, size_t len)
{
    json_t       *json;
    json_error_t  reason;
    report_kind_t kind;

    json = json_loadb(text, len, JSON_ALLOW_NUL, &reason);

    if (json == NULL) {
        make_utf8(text, len);
        json = json_loadb(text, len, JSON_ALLOW_NUL, &reason);
    }

    kind = judge(line, json, patterns);
    line->json = json;

    if (kind != REPORT_LEGACY) {
        json_decref(json);
    }

    return kind;
}


void
report_line_free(report_line_t *line)
{
    json_decref(line->json);
}
