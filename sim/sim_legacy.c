/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call itself.  It is answered from the sessions, so its reply is
 * the truth that translations are compared with.
 */

#include "sim_api.h"
#include "sim_legacy_request.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    const sim_world_t  *world;
    const sim_call_t   *call;
    const sim_legacy_t *request;
    sim_bins_t          bins;   /* days or hours, of one desktop at a time */
    int64_t             until;  /* use after this time doesn't count */
    int                 string; /* use_time is a string */
    int                 apart;  /* a user's time on what is gone has no id */
} truth_t;


typedef struct {
    sim_buf_t *b;
    int64_t    total, sent; /* entries: in all, on this page */
} list_t;


/* Fills the bins, which are days, with what statistics have for them. */

static void
fill_filed_days(const truth_t *tr, size_t desktop)
{
    size_t              i;
    int64_t             day, filed = sim_world_filed(tr->world, tr->call->now);
    const sim_tenant_t *t = tr->world->tenant;

    for (i = 0; i < tr->bins.n; i++) {
        day = tr->request->first + (int64_t) i;

        if (day <= filed) {
            tr->bins.seconds[i] =
                sim_usage_sum(t, t->desktops[desktop].usage, day, day);
        }
    }
}


/* Fills the bins with one desktop's use: by everybody, or by the user. */

static void
fill(const truth_t *tr, size_t desktop)
{
    sim_who_t           who = { tr->request->user, tr->request->domain };
    const sim_tenant_t *t = tr->world->tenant;
    sim_scope_t scope = { &t->desktops[desktop].sessions, SIM_ANY, SIM_ANY,
        tr->until };

    memset(tr->bins.seconds, 0, tr->bins.n * sizeof(*tr->bins.seconds));

    if (who.name != NULL) {
        sim_usage_bins_of(t, &who, desktop, tr->until, &tr->bins);

    } else if (tr->request->hours) {
        sim_usage_bins(t, &scope, &tr->bins);

    } else {
        fill_filed_days(tr, desktop);
    }

    sim_alter_bins(&tr->world->alters, desktop, &tr->bins);
}


/* Tells whether any bin has time in use. */

static int
any(const sim_bins_t *bins)
{
    size_t i;

    for (i = 0; i < bins->n; i++) {
        if (bins->seconds[i]) {
            return 1;
        }
    }

    return 0;
}


/* Tells whether the directory attaches the desktop to the requested user. */

static int
attached(const truth_t *tr, const sim_desktop_t *d)
{
    size_t    i;
    sim_who_t who = { tr->request->user, tr->request->domain };

    for (i = 0; i < d->users.n && !d->gone; i++) {
        if (sim_usage_is(tr->world->tenant, &who, d->users.items[i])) {
            return 1;
        }
    }

    return 0;
}


/* Tells whether statistics show the desktop on any day of the range. */

static int
shown(const truth_t *tr)
{
    int64_t filed = sim_world_filed(tr->world, tr->call->now);

    return any(&tr->bins)
           || (!tr->world->cfg.habits.idle && tr->request->first <= filed);
}


/* Tells whether a desktop is listed; the bins have its use. */

static int
listed(const truth_t *tr, size_t desktop)
{
    const sim_desktop_t *d = &tr->world->tenant->desktops[desktop];

    if (d->gone && (tr->request->hours || tr->apart)) {
        return 0;
    }

    if (tr->request->user != NULL) {
        return attached(tr, d) || any(&tr->bins);
    }

    if (tr->request->hours) {
        return 1;
    }

    return shown(tr) || (tr->request->ids != NULL && !d->gone);
}


/* Writes use_time: hours with as many decimals as it takes, or a string. */

static void
add_use_time(const truth_t *tr, sim_buf_t *b, int64_t seconds)
{
    long long n = sim_hundredths(seconds);

    if (tr->string) {
        sim_buf_fmt(b, "\"%lld.%02lld\"", n / 100, n % 100);

    } else if (n % 100 == 0) {
        sim_buf_fmt(b, "%lld", n / 100);

    } else if (n % 10 == 0) {
        sim_buf_fmt(b, "%lld.%lld", n / 100, n / 10 % 10);

    } else {
        sim_buf_fmt(b, "%lld.%02lld", n / 100, n % 100);
    }
}


/* Writes an entry: of a desktop, or of none (SIM_ANY). */

static void
add_entry(const truth_t *tr, sim_buf_t *b, size_t desktop)
{
    char   text[24];
    size_t i;

    sim_buf_str(b, "{");

    if (desktop != SIM_ANY) {
        sim_buf_member(
            b, "desktop_id", tr->world->tenant->desktops[desktop].id);
    }

    if (tr->request->user) {
        sim_buf_member(b, "desktop_username", tr->request->user);
    }

    sim_buf_key(b, "used_info_list");
    sim_buf_str(b, "[");

    for (i = 0; i < tr->bins.n; i++) {
        if (tr->request->hours) {
            sim_format_time(tr->bins.from + (int64_t) i * tr->bins.width, text);
        } else {
            sim_format_date(tr->request->first + (int64_t) i, text);
        }

        sim_buf_str(b, i ? ",{" : "{");
        sim_buf_member(b, "date", text);
        sim_buf_key(b, "use_time");
        add_use_time(tr, b, tr->bins.seconds[i]);
        sim_buf_str(b, "}");
    }

    sim_buf_str(b, "]}");
}


/* Lists the desktops that may have an entry, in the reply's order. */

static void
candidates(const truth_t *tr, sim_list_t *out)
{
    size_t              i, n;
    json_t             *id;
    const sim_tenant_t *t = tr->world->tenant;

    if (tr->request->ids == NULL) {
        for (i = 0; i < t->by_id.n; i++) {
            sim_list_add(out, t->by_id.items[i]);
        }

        return;
    }

    json_array_foreach (tr->request->ids, i, id) {
        n = sim_tenant_find_desktop(t, json_string_value(id));

        if (n != SIZE_MAX) {
            sim_list_add(out, n);
        }
    }
}


/* Counts an entry, whose use the bins have, and writes it if it is on the page.
 */

static void
list_entry(const truth_t *tr, list_t *l, size_t desktop)
{
    if (l->total++ >= tr->request->offset && l->sent < tr->request->limit) {
        sim_buf_str(l->b, l->sent++ ? "," : "");
        add_entry(tr, l->b, desktop);
    }
}


/* Lists what was used of desktops that are gone: one entry, the last. */

static void
list_gone(truth_t *tr, list_t *l)
{
    size_t              i, k;
    int64_t            *sum = sim_alloc(tr->bins.n * sizeof(*sum));
    const sim_tenant_t *t = tr->world->tenant;

    for (i = 0; i < t->ndesktops; i++) {
        if (t->desktops[i].gone) {
            fill(tr, i);

            for (k = 0; k < tr->bins.n; k++) {
                sum[k] += tr->bins.seconds[k];
            }
        }
    }

    memcpy(tr->bins.seconds, sum, tr->bins.n * sizeof(*sum));
    free(sum);

    if (any(&tr->bins)) {
        list_entry(tr, l, SIM_ANY);
    }
}


static void
write_reply(truth_t *tr, sim_buf_t *b)
{
    size_t     i;
    list_t     l = { .b = b };
    sim_list_t list = { 0 };

    tr->bins.seconds = sim_alloc(tr->bins.n * sizeof(*tr->bins.seconds));
    candidates(tr, &list);

    sim_buf_str(b, "{");
    sim_buf_key(b, "desktop_used_info_list");
    sim_buf_str(b, "[");

    for (i = 0; i < list.n; i++) {
        fill(tr, list.items[i]);

        if (listed(tr, list.items[i])) {
            list_entry(tr, &l, list.items[i]);
        }
    }

    if (tr->apart && tr->request->ids == NULL) {
        list_gone(tr, &l);
    }

    sim_buf_str(b, "]");
    sim_buf_key(b, "total_count");
    sim_buf_fmt(b, "%lld}", (long long) l.total);

    free(tr->bins.seconds);
    free(list.items);
}


/* Tells whether the query has a parameter of the simulator with this value. */

static int
has(sim_call_t *c, const char *name, const char *value)
{
    const char *s = sim_query_get(&c->query, name);

    return s != NULL && strcmp(s, value) == 0;
}


/* Gives the time up to which use counts: now, or the end of the last filed day.
 */

static int64_t
use_until(const sim_world_t *w, sim_call_t *c, const sim_legacy_t *request)
{
    return has(c, "filed", "yes") && !request->hours
               ? (sim_world_filed(w, c->now) + 1) * SIM_DAY
               : c->now;
}


void
sim_api_legacy(sim_world_t *w, sim_call_t *c)
{
    char         err[256];
    truth_t      tr = { .world = w, .call = c };
    sim_legacy_t request;

    if (sim_legacy_parse(&request, c->body.data, c->body.len, c->now, err) != 0)
    {
        sim_reply_error(c, 400, "APIGW.0201", "API request error", err);

    } else {
        tr.request = &request;
        tr.string = has(c, "use_time", "string");
        tr.apart = has(c, "gone", "apart") && request.user && !request.hours;
        tr.until = use_until(w, c, &request);
        tr.bins.width = request.hours ? SIM_HOUR : SIM_DAY;
        tr.bins.from = request.first * SIM_DAY;
        tr.bins.n = (size_t) ((request.last - request.first + 1) * SIM_DAY
                              / tr.bins.width);

        write_reply(&tr, &c->reply.body);
    }

    sim_legacy_free(&request);
}
