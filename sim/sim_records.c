/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The connection records.
 */

#include "sim_api.h"
#include "sim_page.h"
#include "sim_stamp.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


/* What a query filters by; NULL: not by that. */

typedef struct {
    const char         *user;
    const char         *computer;
    int64_t             from, to; /* of a record's start, both included */
    const sim_tenant_t *tenant;
    const sim_habits_t *habits;
} filter_t;


/* Makes the user_name that a record shows; the caller frees it. */

static char *
record_user(
    const sim_tenant_t *t, const sim_habits_t *habits, const sim_session_t *s)
{
    sim_buf_t         b = { 0 };
    const sim_user_t *u = &t->users[s->user];

    sim_buf_str(&b, u->name);

    if (habits->records_domain && !s->bare && u->domain[0]) {
        sim_buf_fmt(&b, "@%s", u->domain);
    }

    return b.data;
}


/* Gives the computer_name that a record shows. */

static const char *
record_computer(
    const sim_tenant_t *t, const sim_habits_t *habits, const sim_session_t *s)
{
    const sim_desktop_t *d = &t->desktops[s->desktop];

    if (s->name != NULL) {
        return s->name;
    }

    return habits->records_computer == SIM_COMPUTER_OS
               ? sim_tenant_os_host_name(d)
               : d->name;
}


/* Writes the name and the sid by which a record leads to a desktop. */

static void
add_desktop(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s)
{
    const sim_tenant_t *t = page->world->tenant;
    const sim_habits_t *habits = &page->world->cfg.habits;

    sim_buf_member(b, "computer_name", record_computer(t, habits, s));

    if (habits->sid && !s->no_sid) {
        sim_buf_member(b, "sid", s->sid ? s->sid : t->desktops[s->desktop].sid);
    }
}


/*
 * Writes a time.  If there is none, or it is still to come, writes what stands
 * for none.
 */

static void
add_time(
    sim_buf_t *b, const sim_page_t *page, const char *key, int64_t t, int none)
{
    sim_stamp(b, key, t > page->call->now ? SIM_NEVER : t,
        (sim_times_t) page->world->cfg.habits.times, (sim_none_t) none);
}


/* Writes when a session began, connected and ended, or what faults make of it.
 */

static void
add_times(sim_buf_t *b, const sim_page_t *page, const sim_session_t *s,
    const sim_row_faults_t *faults)
{
    int64_t             end = s->end;
    const sim_habits_t *habits = &page->world->cfg.habits;

    if (faults->end_first && s->setup != SIM_NEVER) {
        end = s->setup - 1;
    }

    add_time(b, page, "connection_start_time", s->start, SIM_NONE_MISSING);

    if (faults->bad_time) {
        sim_buf_member(b, "connection_setup_time", "yesterday");
    } else {
        add_time(b, page, "connection_setup_time", s->setup, habits->no_setup);
    }

    add_time(b, page, "connection_end_time", end, habits->open_end);
}


/*
 * Writes the id of a session's transaction.  By habit, every two sessions in
 * the tenant's list share one, if their user, desktop or start differs.
 */

static void
add_transaction(sim_buf_t *b, const sim_page_t *page, size_t row)
{
    size_t               even = row & ~(size_t) 1;
    const sim_session_t *s = &page->world->tenant->sessions[even], *next;

    if (row != even
        && page->world->cfg.habits.transactions == SIM_TRANSACTIONS_SHARED)
    {
        next = s + 1;

        if (s->user != next->user || s->desktop != next->desktop
            || s->start != next->start)
        {
            row = even;
        }
    }

    sim_buf_key(b, "transaction_id");
    sim_buf_fmt(b, "\"%016zx\"", row);
}


static void
phantom_record(sim_buf_t *b, const sim_page_t *page, size_t row)
{
    sim_buf_member(b, "user_name", "phantom");
    sim_buf_member(b, "computer_name", "PHANTOM");
    sim_page_phantom(b, "transaction_id", "phantom-", row);
    add_time(b, page, "connection_start_time", page->call->now, 0);
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
    name = record_user(t, &page->world->cfg.habits, s);
    sim_buf_member(b, "user_name", name);
    free(name);

    if (!faults->no_id) {
        add_desktop(b, page, s);
    }

    add_transaction(b, page, row);
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
    json_int_t n, max = w->cfg.habits.records_limit;

    if (!w->cfg.habits.records_clamp) {
        return sim_query_number(&c->query, "limit", 0, max, 20);
    }

    n = sim_query_number(&c->query, "limit", 0, SIM_OFFSET_MAX, 20);

    return n < max ? n : max;
}


/* Reads a time in a form that the service takes; gives 1 if there is one. */

static int
read_time(sim_query_t *q, const char *name, int forms, int64_t *t)
{
    const char *s = sim_query_get(q, name);

    if (s == NULL || forms == SIM_FORMS_SECONDS) {
        return sim_query_time(q, name, 0, t);
    }

    if (sim_parse_minute(s, t) == 0) {
        return 1;
    }

    if (forms == SIM_FORMS_MINUTES) {
        sim_query_error(q, "%s: \"%.100s\" is not yyyy-MM-ddTHH:mmZ", name, s);
        return 0;
    }

    return sim_query_time(q, name, 0, t);
}


static void
read_filter(sim_query_t *q, filter_t *f)
{
    int n, ends = f->habits->records_ends;

    f->user = sim_query_text(q, "user_name", 255);
    f->computer = sim_query_text(q, "computer_name", 255);
    f->from = 0;
    f->to = INT64_MAX;

    n = read_time(q, "start_time", f->habits->records_times, &f->from)
        + read_time(q, "end_time", f->habits->records_times, &f->to);

    if (n == 1) {
        sim_query_error(q, "start_time, end_time: both or neither is needed");
    }

    if (f->to < f->from) {
        sim_query_error(q, "end_time: before start_time");
    }

    if (n == 2) {
        f->from += ends == SIM_ENDS_END || ends == SIM_ENDS_NONE;
        f->to -= ends == SIM_ENDS_START || ends == SIM_ENDS_NONE;
    }
}


/* Leaves out the records that are not kept any more, or are still to come. */

static void
limit_filter(filter_t *f, int64_t now)
{
    int     days = f->habits->records_days;
    int64_t oldest = (sim_time_day(now) - days) * SIM_DAY;

    f->to = f->to < now ? f->to : now;

    if (days > 0 && f->from < oldest) {
        f->from = oldest;
    }
}


/* Tells whether a session's record is of the user that the filter has. */

static int
is_user(const filter_t *f, const sim_session_t *s)
{
    int   found;
    char *name;

    if (f->user == NULL) {
        return 1;
    }

    if (f->habits->records_names == SIM_EXACT) {
        return strcmp(f->tenant->users[s->user].name, f->user) == 0;
    }

    name = record_user(f->tenant, f->habits, s);
    found = f->habits->records_names == SIM_FULL ? strcmp(name, f->user) == 0
                                                 : sim_fuzzy(name, f->user);
    free(name);

    return found;
}


/* Lists the records that pass the filter. */

static void
list_records(const filter_t *f, sim_list_t *out)
{
    size_t               i, n;
    const sim_tenant_t  *t = f->tenant;
    const sim_session_t *s;

    for (i = 0; i < t->records.n; i++) {
        n = t->records.items[i];
        s = &t->sessions[n];

        if (s->start < f->from || s->start > f->to || !is_user(f, s)
            || !sim_fuzzy(record_computer(t, f->habits, s), f->computer))
        {
            continue;
        }

        sim_list_add(out, n);
    }
}


void
sim_api_records(sim_world_t *w, sim_call_t *c)
{
    filter_t   f = { .tenant = w->tenant, .habits = &w->cfg.habits };
    sim_page_t page = { .world = w,
        .call = c,
        .row = record_row,
        .count_key = "total_count",
        .list_key = "records" };

    c->offset = sim_query_number(&c->query, "offset", 0, SIM_OFFSET_MAX, 0);
    page.limit = read_limit(w, c);
    read_filter(&c->query, &f);

    if (!sim_reply_bad_query(c)) {
        limit_filter(&f, c->now);
        list_records(&f, &page.rows);
        sim_page_reply(&page, c);
    }
}
