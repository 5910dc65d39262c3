/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_call.h"
#include "base/usage_percent.h"

#include <inttypes.h>
#include <stdio.h>


/* the bytes that a query takes at most, without the filters' values and the ids
 * to look up */
#define USAGE_CALL_QUERY_MAX 256


static const struct {
    const char *path;
    const char *name;      /* in words */
    const char *action;    /* successors.md, "Rights" */
    const char *by_name;   /* the filter's parameter */
    const char *by_domain; /* NULL: it has none */
    const char *by_id;     /* of the ids, each has the parameter for itself */
    const char *sort;
} usage_calls[] = {

    /* the longest use comes first: what follows a row without use has none */

    { "/statistics/metrics/desktops", "statistics of desktops",
        "workspace:statistics:listDesktopMetrics", "resource_name", NULL,
        "resource_id", "desktop_usage" },
    { "/statistics/metrics/users", "statistics of users",
        "workspace:statistics:listUserMetrics", "username", "domain", NULL,
        "user_usage" },
    { "/desktops", "desktop directory", "workspace:desktops:list", NULL, NULL,
        "desktop_id", NULL },
    { "/connections/desktops", "connection records",
        "workspace:connections:securityList", "user_name", NULL, NULL, NULL },
    { "/desktop-monitor/", "desktop monitoring",
        "workspace:desktops:getMonitor and ces:metricData:get", NULL, NULL,
        NULL, NULL },
};


bool
usage_call_id_plain(usage_str_t id)
{
    size_t i;
    char   c;

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z')
            && !(c >= '0' && c <= '9') && c != '-' && c != '_')
        {
            return false;
        }
    }

    return id.len > 0;
}


usage_result_t
usage_call_path(const usage_call_t *call, usage_str_t project,
    const usage_pool_t *pool, usage_str_t *path)
{
    char       *p;
    size_t      len;
    const char *tail;
    usage_str_t id = usage_string("");

    if (call->api == USAGE_CALL_MONITOR) {
        id = call->id;
    }

    tail = usage_calls[call->api].path;
    len = sizeof("/v2/") - 1 + project.len + strlen(tail) + id.len;

    p = usage_alloc(pool, len + 1);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    (void) sprintf(p, "/v2/%.*s%s%.*s", (int) project.len, project.data, tail,
        (int) id.len, id.data);

    path->data = p;
    path->len = len;

    return USAGE_OK;
}


/*
 * Writes a filter, unless its value is empty.
 */
static char *
usage_call_filter(char *p, const char *parameter, usage_str_t value)
{
    if (value.len == 0) {
        return p;
    }

    p += sprintf(p, "&%s=", parameter);

    return usage_percent_encode(p, value);
}


/*
 * Writes the window of time of records: to the minute, which is the documented
 * form, or with seconds.  first and last have USAGE_TIME_LEN characters.
 */
static char *
usage_call_period(char *p, const usage_call_t *call, char *first, char *last)
{
    int         len;
    const char *end;

    len = USAGE_TIME_LEN;
    end = "";

    if (!call->with_seconds) {
        len = sizeof("1970-01-01T00:00") - 1;
        end = "Z";
    }

    return p
           + sprintf(p, "start_time=%.*s%s&end_time=%.*s%s&", len, first, end,
               len, last, end);
}


/*
 * Writes the window of time of statistics, records and monitoring, and the
 * order of rows of statistics.
 */
static char *
usage_call_window(char *p, const usage_call_t *call)
{
    char    first[USAGE_TIME_LEN], last[USAGE_TIME_LEN];
    int64_t end;

    switch (call->api) {

    case USAGE_CALL_DESKTOPS:
    case USAGE_CALL_USERS:
        end = ((int64_t) call->last + 1) * USAGE_SECONDS_PER_DAY - 1;

        if (call->api == USAGE_CALL_USERS && call->to < end) {
            end = call->to;
        }

        usage_time_write((int64_t) call->first * USAGE_SECONDS_PER_DAY, first);
        usage_time_write(end, last);
        break;

    case USAGE_CALL_RECORDS:
        usage_time_write(call->from, first);
        usage_time_write(call->to, last);

        return usage_call_period(p, call, first, last);

    case USAGE_CALL_MONITOR:
        usage_time_write(call->from, first);
        usage_time_write(call->to, last);
        break;

    case USAGE_CALL_DIRECTORY:
    default:
        return p;
    }

    p += sprintf(p, "start_time=%.*s&end_time=%.*s&", (int) USAGE_TIME_LEN,
        first, (int) USAGE_TIME_LEN, last);

    if (usage_calls[call->api].sort != NULL) {
        p += sprintf(
            p, "sort_field=%s&sort_type=DESC&", usage_calls[call->api].sort);
    }

    return p;
}


size_t
usage_call_id_bytes(usage_str_t id)
{
    return sizeof("&desktop_id=") - 1 + usage_percent_encoded(id);
}


static size_t
usage_call_query_max(const usage_call_t *call)
{
    size_t i, len;

    len = USAGE_CALL_QUERY_MAX + usage_percent_encoded(call->name)
          + usage_percent_encoded(call->domain)
          + usage_percent_encoded(call->enterprise_project)
          + usage_percent_encoded(call->id);

    for (i = 0; i < call->count; i++) {
        len += usage_call_id_bytes(call->desktops[i]->id);
    }

    return len;
}


usage_result_t
usage_call_query(
    const usage_call_t *call, const usage_pool_t *pool, usage_str_t *query)
{
    char  *p;
    size_t i;

    p = usage_alloc(pool, usage_call_query_max(call));
    if (p == NULL) {
        return USAGE_ERROR;
    }

    query->data = p;

    p = usage_call_window(p, call);

    if (call->api == USAGE_CALL_MONITOR) {
        p += sprintf(p, "metric_name=user_online_info");
        query->len = (size_t) (p - query->data);

        return USAGE_OK;
    }

    p += sprintf(
        p, "offset=%" PRId64 "&limit=%" PRId64, call->offset, call->limit);

    p = usage_call_filter(p, usage_calls[call->api].by_name, call->name);
    p = usage_call_filter(p, usage_calls[call->api].by_domain, call->domain);
    p = usage_call_filter(p, usage_calls[call->api].by_id, call->id);
    p = usage_call_filter(p, "enterprise_project_id", call->enterprise_project);

    for (i = 0; i < call->count; i++) {
        p = usage_call_filter(
            p, usage_calls[call->api].by_id, call->desktops[i]->id);
    }

    query->len = (size_t) (p - query->data);

    return USAGE_OK;
}


const char *
usage_call_name(const usage_call_t *call, char *buffer)
{
    char        first[USAGE_DATE_LEN], last[USAGE_DATE_LEN];
    const char *name;

    name = usage_calls[call->api].name;

    if (call->api != USAGE_CALL_DESKTOPS && call->api != USAGE_CALL_USERS) {
        return name;
    }

    usage_day_write(call->first, first);
    usage_day_write(call->last, last);

    (void) snprintf(buffer, USAGE_CALL_NAME_MAX, "%s for %.*s to %.*s", name,
        (int) USAGE_DATE_LEN, first, (int) USAGE_DATE_LEN, last);

    return buffer;
}


const char *
usage_call_action(usage_call_api_t api)
{
    return usage_calls[api].action;
}
