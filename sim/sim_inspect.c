/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * /_sim/desktops, /_sim/users, /_sim/truth/user: what the tenant has, and how
 * long a user used it.
 */

#include "sim_inspect.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>

#define DAYS_MAX 400


/* What a call of /_sim/truth/user requests: whose use, on which days. */

typedef struct {
    sim_who_t who;
    int64_t   first;
    size_t    ndays;
} question_t;


/* Tells whether objects are requested instead of names. */

static int
in_detail(const sim_call_t *c)
{
    return strcmp(c->raw, "detail=yes") == 0;
}


static json_t *
desktop_json(const sim_tenant_t *t, const sim_desktop_t *d)
{
    size_t  i;
    json_t *users = json_array();

    for (i = 0; i < d->users.n; i++) {
        json_array_append_new(
            users, json_string(t->users[d->users.items[i]].name));
    }

    return json_pack("{ss ss ss* ss ss so ss* sb sb}", "desktop_id", d->id,
        "computer_name", d->name, "resource_name", d->resource_name,
        "os_host_name", sim_tenant_os_host_name(d), "sid", d->sid, "users",
        users, "group", d->group, "gone", d->gone, "used", d->sessions.n > 0);
}


void
sim_inspect_desktops(sim_world_t *w, sim_call_t *c)
{
    size_t               i;
    int                  detail = in_detail(c);
    json_t              *all = json_array();
    const sim_desktop_t *d;

    for (i = 0; i < w->tenant->ndesktops; i++) {
        d = &w->tenant->desktops[i];
        json_array_append_new(
            all, detail ? desktop_json(w->tenant, d) : json_string(d->id));
    }

    sim_reply_json(c, all);
}


/* Counts how many times a user is attached to a desktop. */

static size_t
times_attached(const sim_desktop_t *d, size_t user)
{
    size_t i, n = 0;

    for (i = 0; i < d->users.n; i++) {
        n += d->users.items[i] == user;
    }

    return n;
}


/* Lists the ids of desktops that the directory attaches to a user. */

static void
add_attached(const sim_tenant_t *t, size_t user, json_t *alone, json_t *shared)
{
    int                  one;
    size_t               i, n;
    const sim_desktop_t *d;

    for (i = 0; i < t->ndesktops; i++) {
        d = &t->desktops[i];
        n = times_attached(d, user);

        if (n && !d->gone) {
            one = n == d->users.n && d->group == NULL;
            json_array_append_new(one ? alone : shared, json_string(d->id));
        }
    }
}


/* Lists the ids of desktops that a user was ever connected to. */

static json_t *
desktops_used(const sim_tenant_t *t, size_t user, int64_t now)
{
    char                *used = sim_alloc(t->ndesktops + 1);
    size_t               i;
    json_t              *ids = json_array();
    const sim_list_t    *l = &t->users[user].sessions;
    const sim_session_t *s;

    for (i = 0; i < l->n; i++) {
        s = &t->sessions[l->items[i]];

        if (s->setup <= now) {
            used[s->desktop] = 1;
        }
    }

    for (i = 0; i < t->ndesktops; i++) {
        if (used[i]) {
            json_array_append_new(ids, json_string(t->desktops[i].id));
        }
    }

    free(used);

    return ids;
}


static json_t *
user_json(const sim_tenant_t *t, size_t user, int64_t now)
{
    json_t           *alone = json_array(), *shared = json_array();
    const sim_user_t *u = &t->users[user];

    add_attached(t, user, alone, shared);

    return json_pack("{ss ss ss so so so}", "user_name", u->name, "domain",
        u->domain, "user_id", u->id, "alone", alone, "shared", shared, "used",
        desktops_used(t, user, now));
}


void
sim_inspect_users(sim_world_t *w, sim_call_t *c)
{
    int     detail = in_detail(c);
    size_t  i;
    json_t *all = json_array();

    for (i = 0; i < w->tenant->nusers; i++) {
        json_array_append_new(all, detail
                                       ? user_json(w->tenant, i, c->now)
                                       : json_string(w->tenant->users[i].name));
    }

    sim_reply_json(c, all);
}


/* Reads the query, which notes what is wrong with it. */

static void
read_question(sim_query_t *q, question_t *out)
{
    int64_t     last = 0;
    const char *start = sim_query_get(q, "start");
    const char *end = sim_query_get(q, "end");

    out->who.name = sim_query_get(q, "user_name");
    out->who.domain = sim_query_get(q, "domain");

    if (out->who.name == NULL) {
        sim_query_error(q, "user_name: missing");
    }

    if (start == NULL || sim_parse_date(start, &out->first) != 0 || end == NULL
        || sim_parse_date(end, &last) != 0)
    {
        sim_query_error(q, "start, end: not dates, yyyy-MM-dd");
        return;
    }

    if (last < out->first || last - out->first >= DAYS_MAX) {
        sim_query_error(q, "end: not in the %d days from start on", DAYS_MAX);
        return;
    }

    out->ndays = (size_t) (last - out->first + 1);
}


static json_t *
numbers(const int64_t *v, size_t n)
{
    size_t  i;
    json_t *list = json_array();

    for (i = 0; i < n; i++) {
        json_array_append_new(list, json_integer(v[i]));
    }

    return list;
}


/*
 * Lists the seconds of each day on one desktop, and adds them to the total;
 * gives NULL if all are 0.
 */

static json_t *
seconds_on(const sim_tenant_t *t, const question_t *q, size_t desktop,
    int64_t until, int64_t *total)
{
    size_t     i;
    json_t    *list = NULL;
    int64_t    sum = 0;
    sim_bins_t bins = { q->first * SIM_DAY, SIM_DAY, q->ndays, NULL };

    bins.seconds = sim_alloc(bins.n * sizeof(*bins.seconds));
    sim_usage_bins_of(t, &q->who, desktop, until, &bins);

    for (i = 0; i < bins.n; i++) {
        sum += bins.seconds[i];
        total[i] += bins.seconds[i];
    }

    if (sum) {
        list = numbers(bins.seconds, bins.n);
    }

    free(bins.seconds);

    return list;
}


static json_t *
answer(const sim_tenant_t *t, const question_t *q, int64_t until)
{
    char     text[24];
    size_t   i;
    json_t  *days = json_array(), *on = json_object(), *one;
    int64_t *total = sim_alloc(q->ndays * sizeof(*total));

    for (i = 0; i < q->ndays; i++) {
        json_array_append_new(
            days, json_string(sim_format_date(q->first + (int64_t) i, text)));
    }

    for (i = 0; i < t->ndesktops; i++) {
        one = seconds_on(t, q, i, until, total);

        if (one != NULL) {
            json_object_set_new(on, t->desktops[i].id, one);
        }
    }

    one = numbers(total, q->ndays);
    free(total);

    return json_pack("{so so so}", "days", days, "total", one, "desktops", on);
}


void
sim_inspect_truth(sim_world_t *w, sim_call_t *c)
{
    int64_t    filed = (sim_world_filed(w, c->now) + 1) * SIM_DAY;
    question_t q = { 0 };

    sim_query_parse(&c->query, c->raw);
    read_question(&c->query, &q);

    if (c->query.error[0]) {
        sim_reply_refuse(c, c->query.error);
    } else {
        sim_reply_json(c, answer(w->tenant, &q, filed));
    }
}
