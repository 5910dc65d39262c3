/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The usage statistics of users.
 */

#include "sim_api.h"
#include "sim_stats.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

#define RETENTION 30 /* how many days before today they go back */


static int64_t
user_usage(const sim_page_t *page, size_t row)
{
    return sim_stats_usage(
        page, page->world->tenant->users[row / 2].usage, row);
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
        sim_stats_phantom(b, "user_usage", faults);
        return;
    }

    if (!faults->no_id) {
        sim_buf_member(b, "username", t->users[n].name);
    }

    sim_stats_project(b, page, row);
    logins = sim_usage_sum(t, t->users[n].logins, page->first, page->last);

    sim_stats_metrics(b, "user_usage", user_usage(page, row),
        "user_login_count", logins, n % 2 == 1, faults);
    sim_buf_str(b, "]");
}


void
sim_api_user_metrics(sim_world_t *w, sim_call_t *c)
{
    size_t             i, row, n = 0;
    int64_t            used;
    sim_keyed_t       *rows;
    sim_stats_filter_t f = { 0 };
    sim_page_t         page = { .world = w, .call = c, .row = user_row };
    const sim_user_t  *users = w->tenant->users;

    sim_stats_window(
        c, &page, RETENTION, w->cfg.habits.users_window == SIM_WINDOW_REFUSED);
    sim_stats_paging(c, &page);
    sim_stats_sorting(c, &f, "user_usage", "user_usage");
    sim_stats_name(&page, c, "username", 64, &f);
    f.project = sim_query_text(&c->query, "enterprise_project_id", 255);

    if (w->cfg.habits.statistics_domain) {
        f.domain = sim_query_text(&c->query, "domain", 255);
    }

    if (sim_reply_bad_query(c)) {
        return;
    }

    rows = sim_alloc(2 * w->tenant->nusers * sizeof(*rows));

    for (i = 0; i < w->tenant->nusers && page.first <= page.last; i++) {
        if (!sim_stats_is_name(users[i].name, &f)
            || (f.domain != NULL && strcmp(f.domain, users[i].domain) != 0))
        {
            continue;
        }

        for (row = 2 * i; row < 2 * i + sim_stats_rows(&page, i); row++) {
            used = user_usage(&page, row);

            if (used > 0 || w->cfg.habits.idle == SIM_IDLE_SHOWN) {
                rows[n].row = row;
                rows[n++].key = used;
            }
        }
    }

    sim_stats_list(&page, rows, n, &f);
    free(rows);

    sim_page_reply(&page, c);
}
