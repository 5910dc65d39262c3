/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The usage statistics of desktops and of users.
 */

#include "sim_page.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

#define RETENTION_DESKTOPS 180
#define RETENTION_USERS    30


typedef struct {
    size_t  row;
    int64_t key;
} keyed_t;


typedef struct {
    const char *name;
    const char *id;
    const char *sort_field;
    const char *domain;
    int         ascending;
    int64_t     min_idle, max_idle, min_usage, max_usage; /* seconds */
} filter_t;


/* The window, as days whose boundaries are in it, filed and remembered. */

static void
window(sim_call_t *c, sim_page_t *page, int64_t retention)
{
    int64_t start = 0, end = 0, oldest, filed;

    sim_query_time(&c->query, "start_time", 1, &start);
    sim_query_time(&c->query, "end_time", 1, &end);

    if (end < start) {
        sim_query_error(&c->query, "end_time: before start_time");
    }

    page->first = sim_time_day(start);
    page->last = sim_time_day(end + 1) - 1;

    oldest = sim_time_day(c->now) - retention;
    filed = sim_usage_filed(c->now);

    page->first = page->first > oldest ? page->first : oldest;
    page->last = page->last < filed ? page->last : filed;
}


static void
paging(sim_call_t *c, sim_page_t *page)
{
    page->count_key = "count";
    page->list_key = "items";
    page->count_last = 0;

    c->offset = sim_query_number(&c->query, "offset", 0, 2147483646, 0);
    page->limit = sim_query_number(&c->query, "limit", 1, 100, 10);
}


static void
sorting(sim_call_t *c, filter_t *f, const char *one, const char *other)
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


static int
by_key(const void *a, const void *b)
{
    const keyed_t *x = a, *y = b;

    if (x->key != y->key) {
        return x->key > y->key ? -1 : 1;
    }

    return x->row < y->row ? -1 : 1;
}


/* Sorts the rows by their keys and hands them to the page. */

static void
sort_rows(sim_page_t *page, keyed_t *rows, size_t n, const filter_t *f)
{
    size_t i;

    if (f->sort_field != NULL && n
        && page->call->fx.hit[SIM_FAULT_UNSORTED] == NULL)
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


/* The name that the statistics know a desktop by. */

static const char *
resource_name(const sim_desktop_t *d)
{
    return d->resource_name ? d->resource_name : d->name;
}


/* Seconds without use, up to the end of the window. */

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
    const sim_tenant_t *t = page->world->tenant;

    return sim_usage_sum(t, t->desktops[row].usage, page->first, page->last);
}


static int64_t
user_usage(const sim_page_t *page, size_t row)
{
    const sim_tenant_t *t = page->world->tenant;

    return sim_usage_sum(t, t->users[row].usage, page->first, page->last);
}


/* Other metrics, before or after: they come in any order. */

static void
desktop_metrics(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx)
{
    int64_t used = desktop_usage(page, row), none = idle(page, row);

    sim_buf_str(b, "\"metric\":[");

    if (row % 3 == 1) {
        sim_page_metric(b, "desktop_idle_duration", none);
        sim_buf_str(b, ",");
        sim_page_usage(b, "desktop_usage", used, fx);

    } else {
        sim_page_usage(b, "desktop_usage", used, fx);
        sim_buf_str(b, ",");
        sim_page_metric(b, "desktop_idle_duration", none);
    }

    if (row % 7 == 5) {
        sim_buf_str(b, ",");
        sim_page_metric(b, "desktop_cpu_peak", (int64_t) (row % 100));
    }

    sim_buf_str(b, "]");
}


static void
phantom_desktop(sim_buf_t *b, size_t row, const sim_row_fx_t *fx)
{
    sim_buf_fmt(b,
        "\"resource_id\":\"phantom-%zu\",\"resource_name\":"
        "\"PHANTOM-%zu\",\"metric\":[",
        row - SIM_PHANTOM, row - SIM_PHANTOM);
    sim_page_usage(b, "desktop_usage", SIM_DAY, fx);
    sim_buf_str(b, "]");
}


static void
desktop_row(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx)
{
    const sim_tenant_t  *t = page->world->tenant;
    const sim_desktop_t *d;

    if (row >= SIM_PHANTOM) {
        phantom_desktop(b, row, fx);
        return;
    }

    d = &t->desktops[row];

    if (!fx->no_id) {
        sim_buf_str(b, "\"resource_id\":");
        sim_buf_json(b, d->id);
        sim_buf_str(b, ",");
    }

    sim_buf_str(b, "\"resource_name\":");
    sim_buf_json(b, resource_name(d));
    sim_buf_str(b, ",");

    if (d->pool_id) {
        sim_buf_str(b, "\"resource_pool_id\":");
        sim_buf_json(b, d->pool_id);
        sim_buf_str(b, ",");
    }

    if (d->sessions.n) {
        sim_buf_str(b, "\"latest_connect_username\":");
        sim_buf_json(
            b, t->users[t->sessions[d->sessions.items[d->sessions.n - 1]].user]
                   .name);
        sim_buf_str(b, ",");
    }

    desktop_metrics(b, page, row, fx);
}


/* Keeps one desktop, or leaves it out. */

static int
keep_desktop(const sim_page_t *page, const filter_t *f, size_t i, int64_t used)
{
    int64_t              none;
    const sim_desktop_t *d = &page->world->tenant->desktops[i];

    if ((page->world->cfg.idle_hidden && used == 0) || used < f->min_usage
        || used > f->max_usage || !sim_fuzzy(resource_name(d), f->name)
        || (f->id != NULL && strcmp(f->id, d->id) != 0))
    {
        return 0;
    }

    if (f->min_idle == 0 && f->max_idle == INT64_MAX) {
        return 1;
    }

    none = idle(page, i);

    return none >= f->min_idle && none <= f->max_idle;
}


static int64_t
bound(sim_call_t *c, const char *name, int64_t unit, int64_t none)
{
    int64_t n = sim_query_number(&c->query, name, 0, 100000, -1);

    return n < 0 ? none : n * unit;
}


static void
desktop_filter(const sim_world_t *w, sim_call_t *c, filter_t *f)
{
    f->name = sim_query_text(&c->query, "resource_name", 255);
    f->id = w->cfg.no_resource_id
                ? NULL
                : sim_query_text(&c->query, "resource_id", 255);

    f->min_idle = bound(c, "min_idle_days", SIM_DAY, 0);
    f->max_idle = bound(c, "max_idle_days", SIM_DAY, INT64_MAX);
    f->min_usage = bound(c, "usage_min_hours", 3600, 0);
    f->max_usage = bound(c, "usage_max_hours", 3600, INT64_MAX);

    sorting(c, f, "desktop_usage", "desktop_idle_duration");
}


void
sim_api_desktop_metrics(sim_world_t *w, sim_call_t *c)
{
    int                 by_idle;
    size_t              i, n = 0;
    int64_t             used;
    keyed_t            *rows;
    filter_t            f = { 0 };
    sim_page_t          page = { .world = w, .call = c, .row = desktop_row };
    const sim_tenant_t *t = w->tenant;

    window(c, &page, RETENTION_DESKTOPS);
    paging(c, &page);
    desktop_filter(w, c, &f);

    if (c->query.error[0]) {
        sim_bad_query(c);
        return;
    }

    rows = sim_alloc(t->ndesktops * sizeof(*rows));
    by_idle = f.sort_field && strcmp(f.sort_field, "desktop_usage") != 0;

    for (i = 0; i < t->ndesktops && page.first <= page.last; i++) {
        used = desktop_usage(&page, i);

        if (keep_desktop(&page, &f, i, used)) {
            rows[n].row = i;
            rows[n++].key = by_idle ? idle(&page, i) : used;
        }
    }

    sort_rows(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}


static void
user_row(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx)
{
    int64_t             used, logins;
    const sim_tenant_t *t = page->world->tenant;

    if (row >= SIM_PHANTOM) {
        sim_buf_fmt(
            b, "\"username\":\"phantom-%zu\",\"metric\":[", row - SIM_PHANTOM);
        sim_page_usage(b, "user_usage", SIM_DAY, fx);
        sim_buf_str(b, "]");
        return;
    }

    used = user_usage(page, row);
    logins = sim_usage_sum(t, t->users[row].logins, page->first, page->last);

    if (!fx->no_id) {
        sim_buf_str(b, "\"username\":");
        sim_buf_json(b, t->users[row].name);
        sim_buf_str(b, ",");
    }

    sim_buf_str(b, "\"metric\":[");

    if (row % 2) {
        sim_page_metric(b, "user_login_count", logins);
        sim_buf_str(b, ",");
        sim_page_usage(b, "user_usage", used, fx);

    } else {
        sim_page_usage(b, "user_usage", used, fx);
        sim_buf_str(b, ",");
        sim_page_metric(b, "user_login_count", logins);
    }

    sim_buf_str(b, "]");
}


void
sim_api_user_metrics(sim_world_t *w, sim_call_t *c)
{
    size_t              i, n = 0;
    int64_t             used;
    keyed_t            *rows;
    filter_t            f = { 0 };
    sim_page_t          page = { .world = w, .call = c, .row = user_row };
    const sim_tenant_t *t = w->tenant;

    window(c, &page, RETENTION_USERS);
    paging(c, &page);
    sorting(c, &f, "user_usage", "user_usage");
    f.name = sim_query_text(&c->query, "username", 64);
    f.domain = sim_query_text(&c->query, "domain", 255);

    if (c->query.error[0]) {
        sim_bad_query(c);
        return;
    }

    rows = sim_alloc(t->nusers * sizeof(*rows));

    for (i = 0; i < t->nusers && page.first <= page.last; i++) {
        used = user_usage(&page, i);

        if ((used > 0 || !w->cfg.idle_hidden)
            && sim_fuzzy(t->users[i].name, f.name)
            && (f.domain == NULL || strcmp(f.domain, t->users[i].domain) == 0))
        {
            rows[n].row = i;
            rows[n++].key = used;
        }
    }

    sort_rows(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}
