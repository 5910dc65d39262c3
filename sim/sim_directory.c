/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktop directory and the connection records.
 */

#include "sim_page.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


#define IDS_MAX 100


typedef struct {
    const char *user;
    const char *computer;
    char       *text; /* what ids[] points into */
    const char *ids[IDS_MAX];
    size_t      nids;
    int         by_ids;
} wanted_t;


/* Notes the ids of desktop_id: comma-separated or repeated. */

static void
wanted_ids(sim_call_t *c, wanted_t *w)
{
    char     *rest, *id;
    size_t    i;
    sim_buf_t b = { 0 };

    for (i = 0; i < c->query.n; i++) {
        if (strcmp(c->query.params[i].name, "desktop_id") == 0) {
            sim_buf_fmt(
                &b, "%s%s", w->by_ids ? "," : "", c->query.params[i].value);
            w->by_ids = 1;
        }
    }

    rest = w->text = b.data;

    while ((id = strsep(&rest, ",")) != NULL) {
        if (*id == '\0' || sim_characters(id) > 255) {
            sim_query_error(
                &c->query, "desktop_id: an id is of 1 to 255 characters");

        } else if (w->nids == IDS_MAX) {
            sim_query_error(&c->query, "desktop_id: more than %d", IDS_MAX);

        } else {
            w->ids[w->nids++] = id;
        }
    }
}


/* The user that the directory shows at the top of a desktop's entry. */

static const char *
owner(const sim_tenant_t *t, const sim_desktop_t *d)
{
    return d->users.n ? t->users[d->users.items[0]].name : d->group;
}


static int
keep_desktop(const sim_tenant_t *t, const sim_desktop_t *d, const wanted_t *w)
{
    size_t i;
    int    found;

    if (d->gone || !sim_fuzzy(d->name, w->computer)) {
        return 0;
    }

    found = w->user == NULL || (d->group && sim_fuzzy(d->group, w->user));

    for (i = 0; i < d->users.n && !found; i++) {
        found = sim_fuzzy(t->users[d->users.items[i]].name, w->user);
    }

    if (!found || !w->by_ids) {
        return found;
    }

    for (i = 0; i < w->nids; i++) {
        if (strcmp(w->ids[i], d->id) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
add_info(sim_buf_t *b, const char *id, const char *name, const char *type,
    const char *domain)
{
    sim_buf_str(b, "{\"user_id\":");
    sim_buf_json(b, id);
    sim_buf_str(b, ",\"user_name\":");
    sim_buf_json(b, name);
    sim_buf_fmt(b, ",\"type\":\"%s\",\"domain\":", type);
    sim_buf_json(b, domain);
    sim_buf_str(b, "}");
}


static void
add_infos(sim_buf_t *b, const sim_tenant_t *t, const sim_desktop_t *d)
{
    size_t            i;
    const sim_user_t *u;

    sim_buf_str(b, ",\"attach_user_infos\":[");

    for (i = 0; i < d->users.n; i++) {
        u = &t->users[d->users.items[i]];
        sim_buf_str(b, i ? "," : "");
        add_info(b, u->id, u->name, "USER", u->domain);
    }

    if (d->group) {
        sim_buf_str(b, i ? "," : "");
        add_info(b, d->group, d->group, "GROUP", "");
    }

    sim_buf_str(b, "]");
}


static void
directory_row(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx)
{
    const sim_tenant_t  *t = page->world->tenant;
    const sim_desktop_t *d;

    if (row >= SIM_PHANTOM) {
        sim_buf_fmt(b,
            "\"desktop_id\":\"phantom-%zu\",\"computer_name\":"
            "\"PHANTOM-%zu\"",
            row - SIM_PHANTOM, row - SIM_PHANTOM);
        return;
    }

    d = &t->desktops[row];

    if (!fx->no_id) {
        sim_buf_str(b, "\"desktop_id\":");
        sim_buf_json(b, d->id);
        sim_buf_str(b, ",");
    }

    sim_buf_str(b, "\"computer_name\":");
    sim_buf_json(b, d->name);
    sim_buf_str(b, ",\"sid\":");
    sim_buf_json(b, d->sid);

    if (owner(t, d)) {
        sim_buf_str(b, ",\"user_name\":");
        sim_buf_json(b, owner(t, d));
    }

    if (!d->no_infos) {
        add_infos(b, t, d);
    }
}


void
sim_api_directory(sim_world_t *w, sim_call_t *c)
{
    size_t     i;
    wanted_t   wanted = { 0 };
    sim_page_t page = { .world = w,
        .call = c,
        .row = directory_row,
        .count_key = "total_count",
        .list_key = "desktops" };

    c->offset = sim_query_number(&c->query, "offset", 0, 2147483647, 0);
    page.limit = sim_query_number(&c->query, "limit", 0, 1000, 1000);
    wanted.user = sim_query_text(&c->query, "user_name", 255);
    wanted.computer = sim_query_text(&c->query, "computer_name", 255);
    wanted_ids(c, &wanted);

    if (c->query.error[0]) {
        sim_bad_query(c);

    } else {
        for (i = 0; i < w->tenant->ndesktops; i++) {
            if (keep_desktop(w->tenant, &w->tenant->desktops[i], &wanted)) {
                sim_list_add(&page.rows, i);
            }
        }

        sim_page_reply(&page, c);
    }

    free(wanted.text);
}


/* The name that a record shows. */

static char *
record_user(const sim_tenant_t *t, const sim_session_t *s)
{
    sim_buf_t         b = { 0 };
    const sim_user_t *u = &t->users[s->user];

    sim_buf_str(&b, u->name);

    if (!s->bare && u->domain[0]) {
        sim_buf_fmt(&b, "@%s", u->domain);
    }

    return b.data;
}


/* The name and the sid by which a record leads to a desktop. */

static const char *
record_computer(const sim_tenant_t *t, const sim_session_t *s)
{
    return s->name ? s->name : t->desktops[s->desktop].name;
}


static void
add_desktop(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s)
{
    const sim_tenant_t *t = page->world->tenant;

    sim_buf_str(b, ",\"computer_name\":");
    sim_buf_json(b, record_computer(t, s));

    if (!page->world->cfg.no_sid && !s->no_sid) {
        sim_buf_str(b, ",\"sid\":");
        sim_buf_json(b, s->sid ? s->sid : t->desktops[s->desktop].sid);
    }
}


static void
add_time(sim_buf_t *b, const char *key, int64_t t, int64_t now)
{
    char text[24];

    /* what is still to come has not happened */

    if (t != SIM_NEVER && t <= now) {
        sim_buf_fmt(b, ",\"%s\":\"%s\"", key, sim_format_time(t, text));
    }
}


/* When it was begun, set up and over, or what faults make of it. */

static void
add_times(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s,
    const sim_row_fx_t *fx)
{
    int64_t end = s->end, now = page->call->now;

    if (fx->end_first && s->setup != SIM_NEVER) {
        end = s->setup - 1;
    }

    add_time(b, "connection_start_time", s->start, now);

    if (fx->bad_time) {
        sim_buf_str(b, ",\"connection_setup_time\":\"yesterday\"");
    } else {
        add_time(b, "connection_setup_time", s->setup, now);
    }

    add_time(b, "connection_end_time", end, now);
}


static void
record_row(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx)
{
    char                *name;
    const sim_tenant_t  *t = page->world->tenant;
    const sim_session_t *s;

    if (row >= SIM_PHANTOM) {
        sim_buf_fmt(b,
            "\"user_name\":\"phantom\",\"computer_name\":"
            "\"PHANTOM\",\"transaction_id\":\"phantom-%zu\"",
            row - SIM_PHANTOM);
        add_time(b, "connection_start_time", page->call->now, page->call->now);
        return;
    }

    s = &t->sessions[row];
    name = record_user(t, s);

    sim_buf_str(b, "\"user_name\":");
    sim_buf_json(b, name);
    free(name);

    if (!fx->no_id) {
        add_desktop(b, page, s);
    }

    sim_buf_fmt(b, ",\"transaction_id\":\"%016zx\"", row);
    add_times(b, page, s, fx);
    sim_buf_fmt(b, ",\"is_reconnect\":%s", s->reconnect ? "true" : "false");

    if (s->failure) {
        sim_buf_str(b, ",\"connection_failure_reason\":");
        sim_buf_json(b, s->failure);
    }
}


/* How many records are asked for, as far as they are given. */

static json_int_t
records_limit(const sim_world_t *w, sim_call_t *c)
{
    json_int_t max = w->cfg.records_limit, n;

    n = sim_query_number(
        &c->query, "limit", 0, w->cfg.records_clamp ? 2147483647 : max, 20);

    return n < max || !w->cfg.records_clamp ? n : max;
}


static int
keep_record(const sim_tenant_t *t, const sim_session_t *s, const wanted_t *w)
{
    int   keep;
    char *name;

    if (!sim_fuzzy(record_computer(t, s), w->computer)) {
        return 0;
    }

    name = record_user(t, s);
    keep = sim_fuzzy(name, w->user);
    free(name);

    return keep;
}


void
sim_api_records(sim_world_t *w, sim_call_t *c)
{
    int                  both;
    size_t               i;
    int64_t              start = 0, end = 0;
    wanted_t             wanted = { 0 };
    sim_page_t           page = { .world = w,
                  .call = c,
                  .row = record_row,
                  .count_key = "total_count",
                  .list_key = "records" };
    const sim_session_t *s;

    c->offset = sim_query_number(&c->query, "offset", 0, 2147483647, 0);
    page.limit = records_limit(w, c);
    wanted.user = sim_query_text(&c->query, "user_name", 255);
    wanted.computer = sim_query_text(&c->query, "computer_name", 255);

    both = sim_query_time(&c->query, "start_time", 0, &start)
           + sim_query_time(&c->query, "end_time", 0, &end);

    if (both == 1) {
        sim_query_error(
            &c->query, "start_time, end_time: both or neither is needed");
    }

    if (end < start) {
        sim_query_error(&c->query, "end_time: before start_time");
    }

    if (c->query.error[0]) {
        sim_bad_query(c);
        return;
    }

    for (i = 0; i < w->tenant->records.n; i++) {
        s = &w->tenant->sessions[w->tenant->records.items[i]];

        if (s->start <= c->now
            && (!both || (s->start >= start && s->start <= end))
            && keep_record(w->tenant, s, &wanted))
        {
            sim_list_add(&page.rows, w->tenant->records.items[i]);
        }
    }

    sim_page_reply(&page, c);
}
