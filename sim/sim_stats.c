/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The usage statistics of desktops and of users.
 */

#include "sim_api.h"
#include "sim_page.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

/* how many days before today the statistics go back */

#define RETENTION_DESKTOPS 180
#define RETENTION_USERS    30


/*
 * A row, and the value by which rows are sorted.  The row's number is twice
 * that of the desktop or the user.  If their use is spread over two enterprise
 * projects, the row of the second one is odd.
 */

typedef struct {
    size_t  row;
    int64_t key;
} keyed_t;


/* What a query filters and sorts by; NULL: not by that. */

typedef struct {
    const char *name;
    int         exact; /* `name` is a whole name */
    const char *id;
    const char *domain;
    const char *sort_field;
    int         ascending;
    int64_t     min_idle, max_idle, min_usage, max_usage; /* seconds */
} filter_t;


/*
 * Reads the time window.  Its days are those whose 23:59:59 is in it, except
 * days that are not filed yet and days further back than the data go.  If
 * `refused`, a window that is not within these data is an error.
 */

static void
read_window(sim_call_t *c, sim_page_t *page, int64_t retention, int refused)
{
    int64_t start = 0, end = 0, oldest, filed;

    sim_query_time(&c->query, "start_time", 1, &start);
    sim_query_time(&c->query, "end_time", 1, &end);

    if (end < start) {
        sim_query_error(&c->query, "end_time: before start_time");
    }

    oldest = sim_time_day(c->now) - retention;

    if (refused
        && (end - start > retention * SIM_DAY || end > c->now
            || sim_time_day(start) < oldest))
    {
        sim_query_error(&c->query,
            "start_time, end_time: not in the last %d days", (int) retention);
    }

    page->first = sim_time_day(start);
    page->last = sim_time_day(end + 1) - 1;

    filed = sim_world_filed(page->world, c->now);

    page->first = page->first > oldest ? page->first : oldest;
    page->last = page->last < filed ? page->last : filed;
}


static void
read_paging(sim_call_t *c, sim_page_t *page)
{
    page->count_key = "count";
    page->list_key = "items";

    c->offset = sim_query_number(&c->query, "offset", 0, SIM_OFFSET_MAX - 1, 0);
    page->limit = sim_query_number(&c->query, "limit", 1, 100, 10);
}


/* Reads the name to filter by, as far as the service knows that filter. */

static void
read_name(const sim_page_t *page, sim_call_t *c, const char *param, size_t max,
    filter_t *f)
{
    int names = page->world->cfg.habits.statistics_names;

    if (names != SIM_IGNORED) {
        f->name = sim_query_text(&c->query, param, max);
        f->exact = names == SIM_EXACT;
    }
}


/* Tells whether a name passes the filter. */

static int
is_name(const char *name, const filter_t *f)
{
    return f->exact && f->name ? strcmp(name, f->name) == 0
                               : sim_fuzzy(name, f->name);
}


/* Reads how to sort; the field may be one of two. */

static void
read_sorting(sim_call_t *c, filter_t *f, const char *one, const char *other)
{
    const char *type = sim_query_get(&c->query, "sort_type");

    f->sort_field = sim_query_get(&c->query, "sort_field");

    if (f->sort_field != NULL && strcmp(f->sort_field, one) != 0
        && strcmp(f->sort_field, other) != 0)
    {
        sim_query_error(
            &c->query, "sort_field: \"%.100s\" is unknown", f->sort_field);
    }

    if (type != NULL && strcmp(type, "DESC") != 0 && strcmp(type, "ASC") != 0) {
        sim_query_error(&c->query, "sort_type: neither DESC nor ASC");
    }

    f->ascending = type != NULL && strcmp(type, "ASC") == 0;
}


/* Orders rows for qsort(): the largest key first, equal ones as they were. */

static int
by_key(const void *a, const void *b)
{
    const keyed_t *x = a, *y = b;

    if (x->key != y->key) {
        return x->key > y->key ? -1 : 1;
    }

    return x->row < y->row ? -1 : 1;
}


/* Sorts the rows by their keys, if that is requested, and lists them. */

static void
list_rows(sim_page_t *page, keyed_t *rows, size_t n, const filter_t *f)
{
    size_t i;

    if (f->sort_field != NULL && n
        && page->call->hits.fault[SIM_FAULT_UNSORTED] == NULL)
    {
        for (i = 0; i < n && f->ascending; i++) {
            rows[i].key = -rows[i].key;
        }

        qsort(rows, n, sizeof(*rows), by_key);
    }

    for (i = 0; i < n; i++) {
        sim_list_add(&page->rows, rows[i].row);
    }
}


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


/*
 * Gives how many rows there are of a desktop or a user: every other one has two
 * if use is spread over two enterprise projects.
 */

static size_t
rows_of(const sim_page_t *page, size_t n)
{
    const sim_habits_t *habits = &page->world->cfg.habits;

    return habits->enterprise_projects && habits->project_in_rows ? 1 + n % 2
                                                                  : 1;
}


/* Gives a row's seconds, from the sums of its desktop or its user.  The second
 * row has a third of each day, the first one the rest. */

static int64_t
row_usage(const sim_page_t *page, const int64_t *usage, size_t row)
{
    int64_t             day, third = 0, all;
    const sim_tenant_t *t = page->world->tenant;

    all = sim_usage_sum(t, usage, page->first, page->last);

    if (rows_of(page, row / 2) == 1) {
        return all;
    }

    for (day = page->first; day <= page->last; day++) {
        third += sim_usage_sum(t, usage, day, day) / 3;
    }

    return row % 2 ? third : all - third;
}


static int64_t
desktop_usage(const sim_page_t *page, size_t row)
{
    return row_usage(page, page->world->tenant->desktops[row / 2].usage, row);
}


static int64_t
user_usage(const sim_page_t *page, size_t row)
{
    return row_usage(page, page->world->tenant->users[row / 2].usage, row);
}


/* Writes a row's enterprise project, if rows have one. */

static void
add_project(sim_buf_t *b, const sim_page_t *page, size_t row)
{
    if (page->world->cfg.habits.project_in_rows) {
        sim_buf_member(b, "enterprise_project_id",
            row % 2 ? "6fa3c2e0-0000-4000-8000-000000000001" : "0");
    }
}


/*
 * Writes the metrics of a row: its usage, and another one before or after it,
 * as the service doesn't promise an order.  The caller ends the list.
 */

static void
add_metrics(sim_buf_t *b, const char *usage, int64_t used, const char *other,
    int64_t value, int other_first, const sim_row_faults_t *faults)
{
    sim_buf_key(b, "metric");
    sim_buf_str(b, "[");

    if (other_first) {
        sim_page_metric(b, other, value);
        sim_buf_str(b, ",");
        sim_page_usage(b, usage, used, faults);

    } else {
        sim_page_usage(b, usage, used, faults);
        sim_buf_str(b, ",");
        sim_page_metric(b, other, value);
    }
}


/* Writes a phantom's metric: a day in use. */

static void
add_phantom_metric(
    sim_buf_t *b, const char *usage, const sim_row_faults_t *faults)
{
    sim_buf_key(b, "metric");
    sim_buf_str(b, "[");
    sim_page_usage(b, usage, SIM_DAY, faults);
    sim_buf_str(b, "]");
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
        add_phantom_metric(b, "desktop_usage", faults);
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

    add_project(b, page, row);
    add_latest_user(b, t, d);
    add_metrics(b, "desktop_usage", desktop_usage(page, row),
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
passes(const sim_page_t *page, const filter_t *f, size_t i, int64_t used)
{
    int64_t              unused;
    const sim_desktop_t *d = &page->world->tenant->desktops[i];

    if ((page->world->cfg.habits.idle && used == 0) || used < f->min_usage
        || used > f->max_usage || !is_name(resource_name(d), f)
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
read_desktop_filter(const sim_page_t *page, sim_call_t *c, filter_t *f)
{
    read_name(page, c, "resource_name", 255, f);

    if (page->world->cfg.habits.resource_id) {
        f->id = sim_query_text(&c->query, "resource_id", 255);
    }

    f->min_idle = read_bound(c, "min_idle_days", SIM_DAY, 0);
    f->max_idle = read_bound(c, "max_idle_days", SIM_DAY, INT64_MAX);
    f->min_usage = read_bound(c, "usage_min_hours", SIM_HOUR, 0);
    f->max_usage = read_bound(c, "usage_max_hours", SIM_HOUR, INT64_MAX);

    read_sorting(c, f, "desktop_usage", "desktop_idle_duration");
}


void
sim_api_desktop_metrics(sim_world_t *w, sim_call_t *c)
{
    int                 by_idle;
    size_t              i, row, n = 0;
    int64_t             used;
    keyed_t            *rows;
    filter_t            f = { 0 };
    sim_page_t          page = { .world = w, .call = c, .row = desktop_row };
    const sim_tenant_t *t = w->tenant;

    read_window(c, &page, RETENTION_DESKTOPS, 0);
    read_paging(c, &page);
    read_desktop_filter(&page, c, &f);

    if (sim_reply_bad_query(c)) {
        return;
    }

    rows = sim_alloc(2 * t->ndesktops * sizeof(*rows));
    by_idle = f.sort_field && strcmp(f.sort_field, "desktop_usage") != 0;

    for (i = 0; i < t->ndesktops && page.first <= page.last; i++) {
        for (row = 2 * i; row < 2 * i + rows_of(&page, i); row++) {
            used = desktop_usage(&page, row);

            if (passes(&page, &f, i, used)) {
                rows[n].row = row;
                rows[n++].key = by_idle ? idle(&page, i) : used;
            }
        }
    }

    list_rows(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}


static void
user_row(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults)
{
    size_t              n = row / 2;
    int64_t             logins;
    const sim_tenant_t *t = page->world->tenant;

    if (row >= SIM_PHANTOM) {
        sim_page_phantom(b, "username", "phantom-", row);
        add_phantom_metric(b, "user_usage", faults);
        return;
    }

    if (!faults->no_id) {
        sim_buf_member(b, "username", t->users[n].name);
    }

    add_project(b, page, row);
    logins = sim_usage_sum(t, t->users[n].logins, page->first, page->last);

    add_metrics(b, "user_usage", user_usage(page, row), "user_login_count",
        logins, n % 2 == 1, faults);
    sim_buf_str(b, "]");
}


void
sim_api_user_metrics(sim_world_t *w, sim_call_t *c)
{
    size_t            i, row, n = 0;
    int64_t           used;
    keyed_t          *rows;
    filter_t          f = { 0 };
    sim_page_t        page = { .world = w, .call = c, .row = user_row };
    const sim_user_t *users = w->tenant->users;

    read_window(c, &page, RETENTION_USERS, w->cfg.habits.users_window);
    read_paging(c, &page);
    read_sorting(c, &f, "user_usage", "user_usage");
    read_name(&page, c, "username", 64, &f);

    if (w->cfg.habits.statistics_domain) {
        f.domain = sim_query_text(&c->query, "domain", 255);
    }

    if (sim_reply_bad_query(c)) {
        return;
    }

    rows = sim_alloc(2 * w->tenant->nusers * sizeof(*rows));

    for (i = 0; i < w->tenant->nusers && page.first <= page.last; i++) {
        if (!is_name(users[i].name, &f)
            || (f.domain != NULL && strcmp(f.domain, users[i].domain) != 0))
        {
            continue;
        }

        for (row = 2 * i; row < 2 * i + rows_of(&page, i); row++) {
            used = user_usage(&page, row);

            if (used > 0 || !w->cfg.habits.idle) {
                rows[n].row = row;
                rows[n++].key = used;
            }
        }
    }

    list_rows(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}
