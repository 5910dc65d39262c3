/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A tenant: its users, its desktops and its list of sessions.
 */

#include "sim_tenant.h"
#include "sim_buf.h"

#include <stdlib.h>
#include <string.h>


sim_tenant_t *
sim_tenant_new(void)
{
    sim_tenant_t *t = sim_alloc(sizeof(*t));

    t->now = SIM_NEVER;

    return t;
}


static void
free_user(sim_user_t *u)
{
    free(u->name);
    free(u->domain);
    free(u->id);
    free(u->sessions.items);
    free(u->usage);
    free(u->logins);
}


static void
free_desktop(sim_desktop_t *d)
{
    free(d->id);
    free(d->name);
    free(d->resource_name);
    free(d->os_host_name);
    free(d->sid);
    free(d->pool_id);
    free(d->group);
    free(d->users.items);
    free(d->sessions.items);
    free(d->usage);
}


void
sim_tenant_free(sim_tenant_t *t)
{
    size_t i;

    if (t == NULL) {
        return;
    }

    for (i = 0; i < t->nusers; i++) {
        free_user(&t->users[i]);
    }

    for (i = 0; i < t->ndesktops; i++) {
        free_desktop(&t->desktops[i]);
    }

    for (i = 0; i < t->nsessions; i++) {
        free(t->sessions[i].failure);
        free(t->sessions[i].name);
        free(t->sessions[i].sid);
    }

    free(t->users);
    free(t->desktops);
    free(t->sessions);
    free(t->records.items);
    free(t->by_id.items);
    free(t);
}


void
sim_list_add(sim_list_t *l, size_t n)
{
    if (l->n == l->size) {
        l->size = l->size ? 2 * l->size : 4;
        l->items = sim_realloc(l->items, l->size * sizeof(*l->items));
    }

    l->items[l->n++] = n;
}


/*
 * Appends an element of `elt` bytes, all zeros, to an array that grows: *array
 * has *n elements, and room for *size.  Gives the element.
 */

static void *
push(void *array, size_t *n, size_t *size, size_t elt)
{
    char **p = array;
    char  *last;

    if (*n == *size) {
        *size = *size ? 2 * *size : 16;
        *p = sim_realloc(*p, *size * elt);
    }

    last = *p + (*n)++ * elt;
    memset(last, 0, elt);

    return last;
}


size_t
sim_tenant_user(
    sim_tenant_t *t, const char *name, const char *domain, const char *id)
{
    char        made[40];
    sim_buf_t   b = { 0 };
    sim_user_t *u;

    u = push(&t->users, &t->nusers, &t->users_size, sizeof(*u));
    u->name = sim_strdup(name);
    u->domain = sim_strdup(domain);

    if (id == NULL) {
        sim_buf_fmt(&b, "%016llx%016llx",
            (unsigned long long) sim_fingerprint(name, strlen(name)),
            (unsigned long long) sim_fingerprint(domain, strlen(domain)));
        memcpy(made, b.data, 33);
        sim_buf_free(&b);
        id = made;
    }

    u->id = sim_strdup(id);

    return t->nusers - 1;
}


sim_desktop_t *
sim_tenant_desktop(sim_tenant_t *t, const char *id, const char *name,
    const char *sid, const char *pool_id)
{
    sim_buf_t      b = { 0 };
    sim_desktop_t *d;

    d = push(&t->desktops, &t->ndesktops, &t->desktops_size, sizeof(*d));
    d->id = sim_strdup(id);
    d->name = sim_strdup(name);
    d->pool_id = sim_strdup(pool_id);

    if (sid == NULL) {
        sim_buf_fmt(&b, "sid-%016llx",
            (unsigned long long) sim_fingerprint(id, strlen(id)));
        d->sid = b.data;
    } else {
        d->sid = sim_strdup(sid);
    }

    return d;
}


sim_session_t *
sim_tenant_session(sim_tenant_t *t, size_t user, size_t desktop, int64_t start,
    int64_t setup, int64_t end)
{
    sim_session_t *s;

    s = push(&t->sessions, &t->nsessions, &t->sessions_size, sizeof(*s));
    s->user = user;
    s->desktop = desktop;
    s->start = start;
    s->setup = setup;
    s->end = end;

    return s;
}


const char *
sim_tenant_os_host_name(const sim_desktop_t *d)
{
    return d->os_host_name ? d->os_host_name : d->name;
}


size_t
sim_tenant_find_user(
    const sim_tenant_t *t, const char *name, const char *domain)
{
    size_t i;

    for (i = 0; i < t->nusers; i++) {
        if (strcmp(t->users[i].name, name) == 0
            && (domain == NULL || strcmp(t->users[i].domain, domain) == 0))
        {
            return i;
        }
    }

    return SIZE_MAX;
}


size_t
sim_tenant_find_desktop(const sim_tenant_t *t, const char *id)
{
    int    c;
    size_t lo = 0, hi = t->by_id.n, mid;

    while (lo < hi) {
        mid = lo + (hi - lo) / 2;
        c = strcmp(id, t->desktops[t->by_id.items[mid]].id);

        if (c == 0) {
            return t->by_id.items[mid];
        }

        if (c < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }

    return SIZE_MAX;
}
