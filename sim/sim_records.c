/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The connection records.
 */

#include "sim_api.h"
#include "sim_page.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


/* What a query filters by; NULL: not by that. */

typedef struct {
    const char *user;
    const char *computer;
    int         timed; /* by the start, from `from` to `to` */
    int64_t     from;
    int64_t     to;
} filter_t;


/* Makes the user_name that a record shows; the caller frees it. */

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


/* Gives the computer_name that a record shows. */

static const char *
record_computer(const sim_tenant_t *t, const sim_session_t *s)
{
    return s->name ? s->name : t->desktops[s->desktop].name;
}


/* Writes the name and the sid by which a record leads to a desktop. */

static void
add_desktop(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s)
{
    const sim_tenant_t *t = page->world->tenant;

    sim_buf_member(b, "computer_name", record_computer(t, s));

    if (!page->world->cfg.no_sid && !s->no_sid) {
        sim_buf_member(b, "sid", s->sid ? s->sid : t->desktops[s->desktop].sid);
    }
}


/* Writes a time, unless there is none or it is still to come. */

static void
add_time(sim_buf_t *b, const char *key, int64_t t, int64_t now)
{
    char text[24];

    if (t != SIM_NEVER && t <= now) {
        sim_buf_member(b, key, sim_format_time(t, text));
    }
}


/* Writes when a session began, connected and ended, or what faults make of it.
 */

static void
add_times(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s,
    const sim_row_faults_t *faults)
{
    int64_t end = s->end, now = page->call->now;

    if (faults->end_first && s->setup != SIM_NEVER) {
        end = s->setup - 1;
    }

    add_time(b, "connection_start_time", s->start, now);

    if (faults->bad_time) {
        sim_buf_member(b, "connection_setup_time", "yesterday");
    } else {
        add_time(b, "connection_setup_time", s->setup, now);
    }

    add_time(b, "connection_end_time", end, now);
}


static void
phantom_record(sim_buf_t *b, const sim_page_t *page, size_t row)
{
    sim_buf_member(b, "user_name", "phantom");
    sim_buf_member(b, "computer_name", "PHANTOM");
    sim_page_phantom(b, "transaction_id", "phantom-", row);
    add_time(b, "connection_start_time", page->call->now, page->call->now);
}


static void
record_row(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults)
{
    char                *name;
    const sim_tenant_t  *t = page->world->tenant;
    const sim_session_t *s;

    if (row >= SIM_PHANTOM) {
        phantom_record(b, page, row);
        return;
    }

    s = &t->sessions[row];
    name = record_user(t, s);
    sim_buf_member(b, "user_name", name);
    free(name);

    if (!faults->no_id) {
        add_desktop(b, page, s);
    }

    sim_buf_key(b, "transaction_id");
    sim_buf_fmt(b, "\"%016zx\"", row);
    add_times(b, page, s, faults);
    sim_buf_key(b, "is_reconnect");
    sim_buf_str(b, s->reconnect ? "true" : "false");

    if (s->failure) {
        sim_buf_member(b, "connection_failure_reason", s->failure);
    }
}


/* Reads how many records a page may have; a setting cuts what is too large. */

static json_int_t
read_limit(const sim_world_t *w, sim_call_t *c)
{
    json_int_t n, max = w->cfg.records_limit;

    if (!w->cfg.records_clamp) {
        return sim_query_number(&c->query, "limit", 0, max, 20);
    }

    n = sim_query_number(&c->query, "limit", 0, SIM_OFFSET_MAX, 20);

    return n < max ? n : max;
}


static void
read_filter(sim_query_t *q, filter_t *f)
{
    int n;

    f->user = sim_query_text(q, "user_name", 255);
    f->computer = sim_query_text(q, "computer_name", 255);

    n = sim_query_time(q, "start_time", 0, &f->from)
        + sim_query_time(q, "end_time", 0, &f->to);

    if (n == 1) {
        sim_query_error(q, "start_time, end_time: both or neither is needed");
    }

    if (f->to < f->from) {
        sim_query_error(q, "end_time: before start_time");
    }

    f->timed = n == 2;
}


/* Tells whether the record of a session passes the filter. */

static int
passes(const sim_tenant_t *t, const sim_session_t *s, const filter_t *f)
{
    int   found;
    char *name;

    if ((f->timed && (s->start < f->from || s->start > f->to))
        || !sim_fuzzy(record_computer(t, s), f->computer))
    {
        return 0;
    }

    name = record_user(t, s);
    found = sim_fuzzy(name, f->user);
    free(name);

    return found;
}


void
sim_api_records(sim_world_t *w, sim_call_t *c)
{
    size_t               i;
    filter_t             f = { 0 };
    sim_page_t           page = { .world = w,
                  .call = c,
                  .row = record_row,
                  .count_key = "total_count",
                  .list_key = "records" };
    const sim_tenant_t  *t = w->tenant;
    const sim_session_t *s;

    c->offset = sim_query_number(&c->query, "offset", 0, SIM_OFFSET_MAX, 0);
    page.limit = read_limit(w, c);
    read_filter(&c->query, &f);

    if (sim_reply_bad_query(c)) {
        return;
    }

    for (i = 0; i < t->records.n; i++) {
        s = &t->sessions[t->records.items[i]];

        /* a session that is still to come has no record */

        if (s->start <= c->now && passes(t, s, &f)) {
            sim_list_add(&page.rows, t->records.items[i]);
        }
    }

    sim_page_reply(&page, c);
}
