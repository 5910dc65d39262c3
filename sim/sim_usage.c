/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Time in use, added up from sessions.
 */

#include "sim_usage.h"
#include "sim_buf.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


/* Adds the time from `start` to `end` to the bins that it touches. */

static void
add_stretch(int64_t start, int64_t end, const sim_bins_t *bins)
{
    int64_t i, lo, hi, last = bins->from + (int64_t) bins->n * bins->width;

    start = start < bins->from ? bins->from : start;
    end = end > last ? last : end;

    for (i = (start - bins->from) / bins->width; start < end; i++, start = hi) {
        lo = bins->from + i * bins->width;
        hi = lo + bins->width < end ? lo + bins->width : end;
        bins->seconds[i] += hi - start;
    }
}


void
sim_usage_bins(
    const sim_tenant_t *t, const sim_scope_t *scope, const sim_bins_t *bins)
{
    size_t               i;
    int64_t              start, end, done = INT64_MIN;
    const sim_session_t *s;

    /* sessions come by setup time, so all before `done` is counted */

    for (i = 0; i < scope->sessions->n; i++) {
        s = &t->sessions[scope->sessions->items[i]];

        if ((scope->user != SIM_ANY && s->user != scope->user)
            || (scope->desktop != SIM_ANY && s->desktop != scope->desktop))
        {
            continue;
        }

        end = s->end == SIM_NEVER ? scope->until : s->end;
        end = end < scope->until ? end : scope->until;
        start = s->setup > done ? s->setup : done;

        if (start < end) {
            add_stretch(start, end, bins);
            done = end;
        }
    }
}


int
sim_usage_is(const sim_tenant_t *t, const sim_who_t *who, size_t user)
{
    const sim_user_t *u = &t->users[user];

    return strcmp(u->name, who->name) == 0
           && (who->domain == NULL || strcmp(u->domain, who->domain) == 0);
}


void
sim_usage_bins_of(const sim_tenant_t *t, const sim_who_t *who, size_t desktop,
    int64_t until, const sim_bins_t *bins)
{
    size_t            i;
    sim_list_t        theirs = { 0 };
    sim_scope_t       scope = { &theirs, SIM_ANY, SIM_ANY, until };
    const sim_list_t *l = &t->desktops[desktop].sessions;

    for (i = 0; i < l->n; i++) {
        if (sim_usage_is(t, who, t->sessions[l->items[i]].user)) {
            sim_list_add(&theirs, l->items[i]);
        }
    }

    sim_usage_bins(t, &scope, bins);
    free(theirs.items);
}


size_t
sim_usage_periods(
    const sim_tenant_t *t, size_t desktop, int64_t now, sim_period_t **out)
{
    size_t               i, n = 0;
    int64_t              end;
    sim_period_t        *p;
    const sim_list_t    *l = &t->desktops[desktop].sessions;
    const sim_session_t *s;

    p = *out = sim_alloc((l->n + 1) * sizeof(*p));

    for (i = 0; i < l->n; i++) {
        s = &t->sessions[l->items[i]];

        if (s->setup > now) {
            break;
        }

        end = s->end > now ? SIM_NEVER : s->end;

        if (n == 0 || (p[n - 1].end != SIM_NEVER && p[n - 1].end < s->setup)) {
            p[n++] = (sim_period_t){ s->setup, end };

        } else if (p[n - 1].end != SIM_NEVER
                   && (end == SIM_NEVER || end > p[n - 1].end))
        {
            p[n - 1].end = end;
        }
    }

    return n;
}


int64_t
sim_usage_last(const sim_tenant_t *t, size_t desktop, int64_t until)
{
    size_t               i;
    int64_t              end, last = SIM_NEVER;
    const sim_list_t    *l = &t->desktops[desktop].sessions;
    const sim_session_t *s;

    for (i = 0; i < l->n; i++) {
        s = &t->sessions[l->items[i]];

        if (s->setup >= until) {
            break;
        }

        end = (s->end == SIM_NEVER || s->end > until) ? until : s->end;
        last = end > last ? end : last;
    }

    return last;
}


/* Turns the values v[1] to v[n] into sums: each of all up to it. */

static int64_t *
sum_up(int64_t *v, int64_t n)
{
    int64_t i;

    for (i = 1; i <= n; i++) {
        v[i] += v[i - 1];
    }

    return v;
}


/* Makes room for the sums of all days: v[0] stays 0, v[1] is the first day's.
 */

static int64_t *
new_sums(const sim_tenant_t *t)
{
    return sim_alloc((size_t) (t->ndays + 1) * sizeof(int64_t));
}


/* Gives bins for all days with sums; `seconds` has room for them. */

static sim_bins_t
all_days(const sim_tenant_t *t, int64_t *seconds)
{
    return (
        sim_bins_t){ t->first * SIM_DAY, SIM_DAY, (size_t) t->ndays, seconds };
}


int64_t *
sim_usage_desktop(const sim_tenant_t *t, size_t desktop)
{
    int64_t    *v = new_sums(t);
    sim_scope_t scope = { &t->desktops[desktop].sessions, SIM_ANY, SIM_ANY,
        (t->first + t->ndays) * SIM_DAY };
    sim_bins_t  bins = all_days(t, v + 1);

    sim_usage_bins(t, &scope, &bins);

    return sum_up(v, t->ndays);
}


static int
by_number(const void *a, const void *b)
{
    size_t i = *(const size_t *) a, j = *(const size_t *) b;

    return i < j ? -1 : i > j;
}


int64_t *
sim_usage_user(const sim_tenant_t *t, size_t user)
{
    size_t      i;
    int64_t    *v = new_sums(t);
    sim_list_t  on = { 0 };
    sim_scope_t scope = { &t->users[user].sessions, user, 0,
        (t->first + t->ndays) * SIM_DAY };
    sim_bins_t  bins = all_days(t, v + 1);

    for (i = 0; i < scope.sessions->n; i++) {
        sim_list_add(&on, t->sessions[scope.sessions->items[i]].desktop);
    }

    if (on.n) {
        qsort(on.items, on.n, sizeof(*on.items), by_number);
    }

    for (i = 0; i < on.n; i++) {
        if (i == 0 || on.items[i] != on.items[i - 1]) {
            scope.desktop = on.items[i];
            sim_usage_bins(t, &scope, &bins);
        }
    }

    free(on.items);

    return sum_up(v, t->ndays);
}


int64_t *
sim_usage_logins(const sim_tenant_t *t, size_t user)
{
    size_t            i;
    int64_t          *v = new_sums(t), day;
    const sim_list_t *l = &t->users[user].sessions;

    for (i = 0; i < l->n; i++) {
        day = sim_time_day(t->sessions[l->items[i]].setup) - t->first;

        if (day >= 0 && day < t->ndays) {
            v[day + 1]++;
        }
    }

    return sum_up(v, t->ndays);
}


int64_t
sim_usage_sum(
    const sim_tenant_t *t, const int64_t *sums, int64_t first, int64_t last)
{
    first -= t->first;
    last -= t->first;

    if (first < 0) {
        first = 0;
    }

    if (last >= t->ndays) {
        last = t->ndays - 1;
    }

    return first > last ? 0 : sums[last + 1] - sums[first];
}


int64_t
sim_usage_filed(int64_t now, int zone)
{
    int64_t over = sim_time_day(now) - 1;
    int64_t filed = sim_time_day(now - SIM_FILING + zone * SIM_HOUR) - 1;

    return filed < over ? filed : over;
}
