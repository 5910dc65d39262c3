/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Desktop monitoring: when one desktop was in use.
 */

#include "sim_api.h"
#include "sim_json.h"
#include "sim_page.h"
#include "sim_stamp.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

#define RETENTION 180 /* how many days before today it goes back */
#define RANGE_MAX 30  /* days */

#define METRIC "user_online_info"


static void
period_row(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults)
{
    sim_none_t          none;
    sim_times_t         form;
    sim_period_t        p = { page->call->now, SIM_NEVER };
    const sim_habits_t *habits = &page->world->cfg.habits;
    const sim_period_t *periods = page->data;

    if (faults->error != NULL) {
        sim_buf_member(b, "error_code",
            sim_json_str(faults->error, "code", "WKS.00000500"));
        sim_buf_member(b, "error_msg",
            sim_json_str(faults->error, "msg", "a fault that was asked for"));
        return;
    }

    if (row < SIM_PHANTOM) {
        p = periods[row];
    }

    if (faults->end_first) {
        p.end = p.setup - 1;
    }

    form = (sim_times_t) habits->times;
    none = (sim_none_t) habits->open_end;

    if (faults->bad_time) {
        sim_buf_member(b, "connection_setup_time", "yesterday");
    } else {
        sim_stamp(b, "connection_setup_time", p.setup, form, none);
    }

    sim_stamp(b, "connection_end_time", p.end, form, none);
}


/* Finds the desktop of the path; gives its number, or SIZE_MAX. */

static size_t
find_desktop(const sim_tenant_t *t, const sim_call_t *c)
{
    char       *id;
    size_t      n = SIZE_MAX;
    const char *raw = strrchr(c->path, '/') + 1;

    id = sim_decode(raw, strlen(raw), '+');

    if (id != NULL) {
        n = sim_tenant_find_desktop(t, id);
    }

    free(id);

    return n != SIZE_MAX && t->desktops[n].gone ? SIZE_MAX : n;
}


/* Reads the range of times, and the metric, of which there is one. */

static void
read_query(sim_query_t *q, int64_t *from, int64_t *to)
{
    const char *metric = sim_query_get(q, "metric_name");

    sim_query_time(q, "start_time", 1, from);
    sim_query_time(q, "end_time", 1, to);

    if (*to - *from < SIM_HOUR || *to - *from > RANGE_MAX * SIM_DAY) {
        sim_query_error(
            q, "start_time, end_time: not 1 hour to %d days apart", RANGE_MAX);
    }

    if (metric == NULL || strcmp(metric, METRIC) != 0) {
        sim_query_error(q, "metric_name: not %s", METRIC);
    }
}


/* Lists the periods of a range, out of `n`: the newest first. */

static void
list_periods(
    sim_page_t *page, const sim_period_t *p, size_t n, int64_t from, int64_t to)
{
    int64_t oldest = (sim_time_day(page->call->now) - RETENTION) * SIM_DAY;

    while (n-- > 0) {
        if (p[n].setup < oldest || p[n].setup > to) {
            continue;
        }

        if (p[n].setup >= from
            || (page->world->cfg.habits.monitor_earlier
                && (p[n].end == SIM_NEVER || p[n].end > from)))
        {
            sim_list_add(&page->rows, n);
        }
    }
}


void
sim_api_monitor(sim_world_t *w, sim_call_t *c)
{
    size_t        n, desktop = find_desktop(w->tenant, c);
    int64_t       from = 0, to = 0;
    sim_page_t    page = { .world = w,
           .call = c,
           .row = period_row,
           .list_key = METRIC,
           .limit = SIM_OFFSET_MAX };
    sim_period_t *periods;

    read_query(&c->query, &from, &to);

    if (sim_reply_bad_query(c)) {
        return;
    }

    if (desktop == SIZE_MAX) {
        sim_reply_error(
            c, 404, "WKS.00010404", "The desktop does not exist", NULL);
        return;
    }

    n = sim_usage_periods(w->tenant, desktop, c->now, &periods);
    list_periods(&page, periods, n, from, to);

    page.data = periods;
    page.tail = n > 0 && periods[n - 1].end == SIM_NEVER
                    ? ",\"online_status\":1"
                    : ",\"online_status\":0";

    sim_page_reply(&page, c);
    free(periods);
}
