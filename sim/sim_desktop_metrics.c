/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The usage statistics of desktops.
 */

#include "sim_api.h"
#include "sim_stats.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

#define RETENTION 180 /* how many days before today they go back */


/* Gives the name that a desktop has in statistics. */

static const char *
resource_name(const sim_desktop_t *d)
{
    return d->resource_name ? d->resource_name : d->name;
}


/* Gives the seconds from a desktop's last use to the end of the window. */

static int64_t
idle(const sim_page_t *page, size_t desktop)
{
    int64_t end = (page->last + 1) * SIM_DAY, last;

    last = sim_usage_last(page->world->tenant, desktop, end);

    if (last == SIM_NEVER) {
        last = page->world->tenant->first * SIM_DAY;
    }

    return last < end ? end - last : 0;
}


static int64_t
desktop_usage(const sim_page_t *page, size_t row)
{
    return sim_stats_usage(
        page, page->world->tenant->desktops[row / 2].usage, row);
}


/* Writes the name of the user who connected to a desktop last, if any did. */

static void
add_latest_user(sim_buf_t *b, const sim_tenant_t *t, const sim_desktop_t *d)
{
    size_t latest;

    if (d->sessions.n > 0) {
        latest = d->sessions.items[d->sessions.n - 1];
        sim_buf_member(b, "latest_connect_username",
            t->users[t->sessions[latest].user].name);
    }
}


static void
desktop_row(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults)
{
    size_t               n = row / 2;
    const sim_tenant_t  *t = page->world->tenant;
    const sim_desktop_t *d;

    if (row >= SIM_PHANTOM) {
        sim_page_phantom(b, "resource_id", "phantom-", row);
        sim_page_phantom(b, "resource_name", "PHANTOM-", row);
        sim_stats_phantom(b, "desktop_usage", faults);
        return;
    }

    d = &t->desktops[n];

    if (!faults->no_id) {
        sim_buf_member(b, "resource_id", d->id);
    }

    sim_buf_member(b, "resource_name", resource_name(d));

    if (d->pool_id) {
        sim_buf_member(b, "resource_pool_id", d->pool_id);
    }

    if (page->world->cfg.habits.machine_sid) {
        sim_buf_member(b, "machine_sid", d->sid);
    }

    sim_stats_project(b, page, row);
    add_latest_user(b, t, d);
    sim_stats_metrics(b, "desktop_usage", desktop_usage(page, row),
        "desktop_idle_duration", idle(page, n), n % 3 == 1, faults);

    if (n % 7 == 5) {
        sim_buf_str(b, ",");
        sim_page_metric(b, "desktop_cpu_peak", (int64_t) (n % 100));
    }

    sim_buf_str(b, "]");
}


/* Tells whether a desktop, which was used for `used` seconds, passes the
 * filter.
 */

static int
passes(
    const sim_page_t *page, const sim_stats_filter_t *f, size_t i, int64_t used)
{
    int64_t              unused;
    const sim_desktop_t *d = &page->world->tenant->desktops[i];

    if ((page->world->cfg.habits.idle == SIM_IDLE_HIDDEN && used == 0)
        || used < f->min_usage || used > f->max_usage
        || !sim_stats_is_name(resource_name(d), f)
        || (f->id != NULL && strcmp(f->id, d->id) != 0))
    {
        return 0;
    }

    if (f->min_idle == 0 && f->max_idle == INT64_MAX) {
        return 1;
    }

    unused = idle(page, i);

    return unused >= f->min_idle && unused <= f->max_idle;
}


/* Reads a bound in units of so many seconds; `none` if it isn't given. */

static int64_t
read_bound(sim_call_t *c, const char *name, int64_t unit, int64_t none)
{
    int64_t n = sim_query_number(&c->query, name, 0, 100000, -1);

    return n < 0 ? none : n * unit;
}


static void
read_desktop_filter(
    const sim_page_t *page, sim_call_t *c, sim_stats_filter_t *f)
{
    sim_stats_name(page, c, "resource_name", 255, f);

    if (page->world->cfg.habits.resource_id) {
        f->id = sim_query_text(&c->query, "resource_id", 255);
    }

    f->project = sim_query_text(&c->query, "enterprise_project_id", 255);
    f->min_idle = read_bound(c, "min_idle_days", SIM_DAY, 0);
    f->max_idle = read_bound(c, "max_idle_days", SIM_DAY, INT64_MAX);
    f->min_usage = read_bound(c, "usage_min_hours", SIM_HOUR, 0);
    f->max_usage = read_bound(c, "usage_max_hours", SIM_HOUR, INT64_MAX);

    sim_stats_sorting(c, f, "desktop_usage", "desktop_idle_duration");
}


void
sim_api_desktop_metrics(sim_world_t *w, sim_call_t *c)
{
    int                 by_idle;
    size_t              i, row, n = 0;
    int64_t             used;
    sim_keyed_t        *rows;
    sim_stats_filter_t  f = { 0 };
    sim_page_t          page = { .world = w, .call = c, .row = desktop_row };
    const sim_tenant_t *t = w->tenant;

    sim_stats_window(c, &page, RETENTION, 0);
    sim_stats_paging(c, &page);
    read_desktop_filter(&page, c, &f);

    if (sim_reply_bad_query(c)) {
        return;
    }

    rows = sim_alloc(2 * t->ndesktops * sizeof(*rows));
    by_idle = f.sort_field && strcmp(f.sort_field, "desktop_usage") != 0;

    for (i = 0; i < t->ndesktops && page.first <= page.last; i++) {
        for (row = 2 * i; row < 2 * i + sim_stats_rows(&page, i); row++) {
            used = desktop_usage(&page, row);

            if (passes(&page, &f, i, used)) {
                rows[n].row = row;
                rows[n++].key = by_idle ? idle(&page, i) : used;
            }
        }
    }

    sim_stats_list(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}
