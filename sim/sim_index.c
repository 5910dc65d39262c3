/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The index of a tenant: sorted lists, and sums by day.
 */

#define _GNU_SOURCE

#include "sim_index.h"
#include "sim_time.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>


/* Compares two desktops by their ids, for qsort_r(). */

static int
by_id(const void *a, const void *b, void *tenant)
{
    const sim_tenant_t *t = tenant;

    return strcmp(t->desktops[*(const size_t *) a].id,
        t->desktops[*(const size_t *) b].id);
}


/* Compares two sessions: the newest start comes first. */

static int
by_start(const void *a, const void *b, void *tenant)
{
    size_t              i = *(const size_t *) a, j = *(const size_t *) b;
    const sim_tenant_t *t = tenant;
    int64_t             x = t->sessions[i].start, y = t->sessions[j].start;

    /* of those that started together, the last one added comes first */

    return x != y ? (x < y ? 1 : -1) : (i < j ? 1 : -1);
}


/* Compares two sessions: the oldest setup comes first. */

static int
by_setup(const void *a, const void *b, void *tenant)
{
    size_t              i = *(const size_t *) a, j = *(const size_t *) b;
    const sim_tenant_t *t = tenant;
    int64_t             x = t->sessions[i].setup, y = t->sessions[j].setup;

    return x != y ? (x < y ? -1 : 1) : (i < j ? -1 : 1);
}


static void
sort_list(sim_tenant_t *t, sim_list_t *l,
    int (*f)(const void *, const void *, void *))
{
    if (l->n) {
        qsort_r(l->items, l->n, sizeof(*l->items), f, t);
    }
}


static void
make_lists(sim_tenant_t *t)
{
    size_t i;

    for (i = 0; i < t->ndesktops; i++) {
        sim_list_add(&t->by_id, i);
    }

    for (i = 0; i < t->nsessions; i++) {
        sim_list_add(&t->records, i);

        if (t->sessions[i].setup != SIM_NEVER) {
            sim_list_add(&t->users[t->sessions[i].user].sessions, i);
            sim_list_add(&t->desktops[t->sessions[i].desktop].sessions, i);
        }
    }

    sort_list(t, &t->by_id, by_id);
    sort_list(t, &t->records, by_start);

    for (i = 0; i < t->nusers; i++) {
        sort_list(t, &t->users[i].sessions, by_setup);
    }

    for (i = 0; i < t->ndesktops; i++) {
        sort_list(t, &t->desktops[i].sessions, by_setup);
    }
}


/* Sums up all days from the first in use to the one that `now` is in. */

static void
add_up(sim_tenant_t *t, int64_t now)
{
    size_t  i;
    int64_t last = sim_time_day(now), first = last, day;

    for (i = 0; i < t->nsessions; i++) {
        if (t->sessions[i].setup != SIM_NEVER) {
            day = sim_time_day(t->sessions[i].setup);
            first = day < first ? day : first;
        }
    }

    t->first = first;
    t->ndays = last - first + 1;

    for (i = 0; i < t->ndesktops; i++) {
        free(t->desktops[i].usage);
        t->desktops[i].usage = sim_usage_desktop(t, i);
    }

    for (i = 0; i < t->nusers; i++) {
        free(t->users[i].usage);
        free(t->users[i].logins);
        t->users[i].usage = sim_usage_user(t, i);
        t->users[i].logins = sim_usage_logins(t, i);
    }
}


void
sim_tenant_index(sim_tenant_t *t, int64_t now)
{
    make_lists(t);
    add_up(t, now);
}


void
sim_tenant_refresh(sim_tenant_t *t, int64_t now)
{
    if (sim_time_day(now) != t->first + t->ndays - 1) {
        add_up(t, now);
    }
}
