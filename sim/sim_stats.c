/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the usage statistics of desktops and those of users have in common.
 */

#include "sim_stats.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>


void
sim_stats_window(
    sim_call_t *c, sim_page_t *page, int64_t retention, int refused)
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


void
sim_stats_paging(sim_call_t *c, sim_page_t *page)
{
    page->count_key = "count";
    page->list_key = "items";

    c->offset = sim_query_number(&c->query, "offset", 0, SIM_OFFSET_MAX - 1, 0);
    page->limit = sim_query_number(&c->query, "limit", 1, 100, 10);
}


void
sim_stats_name(const sim_page_t *page, sim_call_t *c, const char *param,
    size_t max, sim_stats_filter_t *f)
{
    int names = page->world->cfg.habits.statistics_names;

    if (names != SIM_IGNORED) {
        f->name = sim_query_text(&c->query, param, max);
        f->exact = names == SIM_EXACT;
    }
}


int
sim_stats_is_name(const char *name, const sim_stats_filter_t *f)
{
    return f->exact && f->name ? strcmp(name, f->name) == 0
                               : sim_fuzzy(name, f->name);
}


void
sim_stats_sorting(
    sim_call_t *c, sim_stats_filter_t *f, const char *one, const char *other)
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
    const sim_keyed_t *x = a, *y = b;

    if (x->key != y->key) {
        return x->key > y->key ? -1 : 1;
    }

    return x->row < y->row ? -1 : 1;
}


/* Gives the enterprise project of a row. */

static const char *
project_of(size_t row)
{
    return row % 2 ? "6fa3c2e0-0000-4000-8000-000000000001" : "0";
}


void
sim_stats_list(
    sim_page_t *page, sim_keyed_t *rows, size_t n, const sim_stats_filter_t *f)
{
    size_t i, all = n;

    for (i = 0, n = 0; i < all; i++) {
        if (f->project == NULL
            || strcmp(f->project, project_of(rows[i].row)) == 0) {
            rows[n++] = rows[i];
        }
    }

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


size_t
sim_stats_rows(const sim_page_t *page, size_t n)
{
    const sim_habits_t *habits = &page->world->cfg.habits;

    return habits->enterprise_projects && habits->project_in_rows ? 1 + n % 2
                                                                  : 1;
}


int64_t
sim_stats_usage(const sim_page_t *page, const int64_t *usage, size_t row)
{
    int64_t             day, third = 0, all;
    const sim_tenant_t *t = page->world->tenant;

    all = sim_usage_sum(t, usage, page->first, page->last);

    if (sim_stats_rows(page, row / 2) == 1) {
        return all;
    }

    for (day = page->first; day <= page->last; day++) {
        third += sim_usage_sum(t, usage, day, day) / 3;
    }

    return row % 2 ? third : all - third;
}


void
sim_stats_project(sim_buf_t *b, const sim_page_t *page, size_t row)
{
    if (page->world->cfg.habits.project_in_rows) {
        sim_buf_member(b, "enterprise_project_id", project_of(row));
    }
}


void
sim_stats_metrics(sim_buf_t *b, const char *usage, int64_t used,
    const char *other, int64_t value, int other_first,
    const sim_row_faults_t *faults)
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


void
sim_stats_phantom(
    sim_buf_t *b, const char *usage, const sim_row_faults_t *faults)
{
    sim_buf_key(b, "metric");
    sim_buf_str(b, "[");
    sim_page_usage(b, usage, SIM_DAY, faults);
    sim_buf_str(b, "]");
}
