/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call itself, answered from the sessions: the truth.
 */

#include "sim_legacy.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    const sim_world_t  *world;
    const sim_call_t   *call;
    const sim_legacy_t *request;
    size_t              nbins; /* days or hours */
    int64_t             width; /* seconds */
    int64_t             from, until;
    int                 filed;  /* also a user's days only once filed */
    int                 string; /* use_time as a string */
    int                 apart;  /* a user's time on what is gone has no id */
} truth_t;


typedef struct {
    sim_buf_t *b;
    int64_t    total, sent;
} list_t;


/* Seconds per bin, days as the statistics hold them. */

static void
filed_days(const truth_t *tr, size_t desktop, int64_t *bins)
{
    size_t              i;
    int64_t             day, filed = sim_usage_filed(tr->call->now);
    const sim_tenant_t *t = tr->world->tenant;

    for (i = 0; i < tr->nbins; i++) {
        day = tr->request->first + (int64_t) i;

        if (day <= filed) {
            bins[i] = sim_usage_sum(t, t->desktops[desktop].usage, day, day);
        }
    }
}


/* Seconds per bin of one desktop: everybody's, or the user's. */

static void
fill(const truth_t *tr, size_t desktop, int64_t *bins)
{
    sim_who_t           who = { tr->request->user, tr->request->domain };
    const sim_tenant_t *t = tr->world->tenant;
    sim_scope_t scope = { &t->desktops[desktop].sessions, SIM_ANY, SIM_ANY,
        tr->until };

    memset(bins, 0, tr->nbins * sizeof(*bins));

    if (who.name != NULL) {
        sim_usage_bins_of(
            t, &who, desktop, tr->until, tr->from, tr->width, tr->nbins, bins);

    } else if (tr->request->hours) {
        sim_usage_bins(t, &scope, tr->from, tr->width, tr->nbins, bins);

    } else {
        filed_days(tr, desktop, bins);
    }

    sim_alter_bins(tr->world, desktop, tr->from, tr->width, tr->nbins, bins);
}


static int
any(const int64_t *bins, size_t n)
{
    while (n--) {
        if (bins[n]) {
            return 1;
        }
    }

    return 0;
}


/* Whether the directory attaches the desktop to the user asked for. */

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


/* Whether the statistics show the desktop on any day of the range. */

static int
shown(const truth_t *tr, const int64_t *bins)
{
    int64_t filed = sim_usage_filed(tr->call->now);

    return any(bins, tr->nbins)
           || (!tr->world->cfg.idle_hidden && tr->request->first <= filed);
}


/* Whether a desktop belongs into the list. */

static int
listed(const truth_t *tr, size_t desktop, const int64_t *bins)
{
    const sim_desktop_t *d = &tr->world->tenant->desktops[desktop];

    if (d->gone && (tr->request->hours || tr->apart)) {
        return 0;
    }

    if (tr->request->user != NULL) {
        return attached(tr, d) || any(bins, tr->nbins);
    }

    if (tr->request->hours) {
        return 1;
    }

    return shown(tr, bins) || (tr->request->ids != NULL && !d->gone);
}


static void
add_use_time(const truth_t *tr, sim_buf_t *b, int64_t seconds)
{
    int64_t n = sim_hundredths(seconds);

    if (tr->string) {
        sim_buf_fmt(
            b, "\"%lld.%02lld\"", (long long) (n / 100), (long long) (n % 100));

    } else if (n % 100 == 0) {
        sim_buf_fmt(b, "%lld", (long long) (n / 100));

    } else if (n % 10 == 0) {
        sim_buf_fmt(
            b, "%lld.%lld", (long long) (n / 100), (long long) (n / 10 % 10));

    } else {
        sim_buf_fmt(
            b, "%lld.%02lld", (long long) (n / 100), (long long) (n % 100));
    }
}


/* The entry of a desktop, or of none (SIM_ANY). */

static void
add_entry(const truth_t *tr, sim_buf_t *b, size_t desktop, const int64_t *bins)
{
    char        text[24];
    size_t      i;
    const char *between = "";

    sim_buf_str(b, "{");

    if (desktop != SIM_ANY) {
        sim_buf_str(b, "\"desktop_id\":");
        sim_buf_json(b, tr->world->tenant->desktops[desktop].id);
        between = ",";
    }

    if (tr->request->user) {
        sim_buf_fmt(b, "%s\"desktop_username\":", between);
        sim_buf_json(b, tr->request->user);
    }

    sim_buf_str(b, ",\"used_info_list\":[");

    for (i = 0; i < tr->nbins; i++) {
        if (tr->request->hours) {
            sim_format_time(tr->from + (int64_t) i * tr->width, text);
        } else {
            sim_format_date(tr->request->first + (int64_t) i, text);
        }

        sim_buf_fmt(b, "%s{\"date\":\"%s\",\"use_time\":", i ? "," : "", text);
        add_use_time(tr, b, bins[i]);
        sim_buf_str(b, "}");
    }

    sim_buf_str(b, "]}");
}


/* The desktops to look at, in their order. */

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


/* Counts an entry, and writes it if it is on the page. */

static void
list_entry(const truth_t *tr, list_t *l, size_t desktop, const int64_t *bins)
{
    if (l->total++ >= tr->request->offset && l->sent < tr->request->limit) {
        sim_buf_str(l->b, l->sent++ ? "," : "");
        add_entry(tr, l->b, desktop, bins);
    }
}


/* What is used of desktops that nothing leads to: one entry, the last. */

static void
list_gone(const truth_t *tr, list_t *l, int64_t *bins)
{
    size_t              i, k;
    int64_t            *sum = sim_alloc(tr->nbins * sizeof(*sum));
    const sim_tenant_t *t = tr->world->tenant;

    for (i = 0; i < t->ndesktops; i++) {
        if (t->desktops[i].gone) {
            fill(tr, i, bins);

            for (k = 0; k < tr->nbins; k++) {
                sum[k] += bins[k];
            }
        }
    }

    if (any(sum, tr->nbins)) {
        list_entry(tr, l, SIM_ANY, sum);
    }

    free(sum);
}


static void
write_reply(const truth_t *tr, sim_buf_t *b)
{
    size_t     i;
    list_t     l = { .b = b };
    int64_t   *bins = sim_alloc(tr->nbins * sizeof(*bins));
    sim_list_t list = { 0 };

    candidates(tr, &list);

    sim_buf_str(b, "{\"desktop_used_info_list\":[");

    for (i = 0; i < list.n; i++) {
        fill(tr, list.items[i], bins);

        if (listed(tr, list.items[i], bins)) {
            list_entry(tr, &l, list.items[i], bins);
        }
    }

    if (tr->apart && tr->request->ids == NULL) {
        list_gone(tr, &l, bins);
    }

    sim_buf_fmt(b, "],\"total_count\":%lld}", (long long) l.total);

    free(bins);
    free(list.items);
}


/* Whether the query asks for something that the real call does not know. */

static int
asked(sim_call_t *c, const char *name, const char *value)
{
    const char *s = sim_query_get(&c->query, name);

    return s != NULL && strcmp(s, value) == 0;
}


void
sim_api_legacy(sim_world_t *w, sim_call_t *c)
{
    char         err[256];
    int64_t      filed;
    truth_t      tr = { .world = w, .call = c };
    sim_legacy_t request;

    if (sim_legacy_parse(&request, c->body.data, c->body.len, c->now, err) != 0)
    {
        sim_error(c, 400, "APIGW.0201", "API request error", err);

    } else {
        filed = (sim_usage_filed(c->now) + 1) * SIM_DAY;

        tr.request = &request;
        tr.string = asked(c, "use_time", "string");
        tr.filed = asked(c, "filed", "yes");
        tr.apart = asked(c, "gone", "apart") && request.user && !request.hours;
        tr.width = request.hours ? 3600 : SIM_DAY;
        tr.from = request.first * SIM_DAY;
        tr.until = tr.filed && !request.hours ? filed : c->now;
        tr.nbins =
            (size_t) ((request.last - request.first + 1) * SIM_DAY / tr.width);

        write_reply(&tr, &c->reply.body);
    }

    sim_legacy_free(&request);
}
