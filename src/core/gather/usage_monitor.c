/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_monitor.h"
#include "gather/usage_connection.h"
#include "gather/usage_rows.h"


/* What a call asks for: 30 days are allowed, and nothing depends on whether
 * just 30 still are.  How long data are kept. */
#define USAGE_MONITOR_WINDOW                                                   \
    ((int64_t) 30 * USAGE_SECONDS_PER_DAY - USAGE_SECONDS_PER_HOUR)
#define USAGE_MONITOR_KEPT ((int64_t) 180 * USAGE_SECONDS_PER_DAY)

/* how long before the days periods are asked for, at least: 29 days still take
 * one call */
#define USAGE_MONITOR_BEFORE ((int64_t) 23 * USAGE_SECONDS_PER_HOUR)


static size_t
usage_monitor_windows(int64_t seconds)
{
    return (
        size_t) ((seconds + USAGE_MONITOR_WINDOW - 1) / USAGE_MONITOR_WINDOW);
}


size_t
usage_monitor_calls(size_t days)
{
    return usage_monitor_windows(
        (int64_t) days * USAGE_SECONDS_PER_DAY + USAGE_MONITOR_BEFORE);
}


void
usage_monitor_start(usage_monitor_t *monitor, usage_desktop_t *desktop,
    usage_day_t first, size_t days, int64_t now, const usage_pool_t *pool)
{
    int64_t start, end, kept;

    memset(monitor, 0, sizeof(usage_monitor_t));

    start = (int64_t) first * USAGE_SECONDS_PER_DAY;
    end = start + (int64_t) days * USAGE_SECONDS_PER_DAY;
    kept = now - USAGE_MONITOR_KEPT;

    monitor->pool = pool;
    monitor->desktop = desktop;
    monitor->first = first;
    monitor->to = end < now ? end : now;
    monitor->calls =
        usage_monitor_windows(monitor->to - start + USAGE_MONITOR_BEFORE);
    monitor->from =
        monitor->to - (int64_t) monitor->calls * USAGE_MONITOR_WINDOW;

    if (monitor->from < kept) {
        monitor->from = start < kept ? start : kept;
        monitor->calls = usage_monitor_windows(monitor->to - monitor->from);
    }
}


/*
 * Gives the time at which the n-th window begins, and the one before it ends.
 * They are of one length, or nearly so.
 */
static int64_t
usage_monitor_cut(const usage_monitor_t *monitor, size_t n)
{
    return monitor->from
           + (monitor->to - monitor->from) * (int64_t) n
                 / (int64_t) monitor->calls;
}


usage_result_t
usage_monitor_next(usage_monitor_t *monitor, usage_call_t *call)
{
    if (monitor->made == monitor->calls) {
        return USAGE_AGAIN;
    }

    call->api = USAGE_CALL_MONITOR;
    call->kind = USAGE_CALL_MONITORED;
    call->monitor = monitor;
    call->id = monitor->desktop->id;
    call->from = usage_monitor_cut(monitor, monitor->made);
    call->to = usage_monitor_cut(monitor, monitor->made + 1);

    monitor->made++;

    return USAGE_OK;
}


size_t
usage_monitor_ahead(const usage_monitor_t *monitor)
{
    return monitor->calls - monitor->made;
}


/*
 * Adds a period.
 */
static usage_result_t
usage_monitor_row(
    usage_monitor_t *monitor, const json_t *row, usage_error_t *error)
{
    bool            connected;
    usage_session_t period;

    if (!json_is_object(row)) {
        return usage_error(error, 502,
            "the upstream's desktop monitoring makes no sense: a period is not "
            "an object");
    }

    if (usage_json_text(row, "error_code").len > 0) {
        return usage_error_told(error, 200, usage_json_text(row, "error_code"),
            usage_json_text(row, "error_msg"));
    }

    if (usage_connection_read(
            row, "desktop monitoring", monitor->to, &period, &connected, error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (!connected) {
        return USAGE_OK;
    }

    if (period.to > monitor->to) {
        period.to = monitor->to;
    }

    return usage_sessions_add(&monitor->periods, period, monitor->pool)
                   == USAGE_OK
               ? USAGE_OK
               : usage_no_memory(monitor->pool, error);
}


usage_result_t
usage_monitor_body(
    const usage_call_t *call, usage_str_t body, usage_error_t *error)
{
    size_t           i;
    json_t          *root, *list, *row;
    usage_result_t   rc;
    usage_monitor_t *monitor;

    monitor = call->monitor;

    root = usage_rows_root(body, "desktop monitoring", monitor->pool, error);
    if (root == NULL) {
        return USAGE_ERROR;
    }

    rc = USAGE_OK;
    list = json_object_get(root, "user_online_info");

    if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
        rc = usage_error(error, 502,
            "the upstream's desktop monitoring makes no sense: "
            "user_online_info is no array");
    }

    json_array_foreach (list, i, row) {
        if (rc == USAGE_OK) {
            rc = usage_monitor_row(monitor, row, error);
        }
    }

    json_decref(root);

    return rc;
}


double
usage_monitor_count(
    usage_monitor_t *monitor, int64_t width, size_t count, double *bins)
{
    size_t i;
    double sum;

    for (i = 0; i < count; i++) {
        bins[i] = 0;
    }

    usage_sessions_count(&monitor->periods,
        (int64_t) monitor->first * USAGE_SECONDS_PER_DAY, width, count, bins);

    for (i = 0, sum = 0; i < count; i++) {
        sum += bins[i];
    }

    return sum;
}
