/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktop directory.
 */

#include "sim_api.h"
#include "sim_page.h"

#include <string.h>


#define IDS_MAX 100


/* What a query filters by; NULL: not by that. */

typedef struct {
    const char *user;
    const char *computer;
    const char *ids[IDS_MAX];
    size_t      nids;
    int         by_ids;
    int         owner;   /* `user` is looked for in user_name only */
    int         exact;   /* `user` is a whole name */
    int         deleted; /* lists desktops that are gone, too */
} filter_t;


/* Reads the ids: each is a desktop_id of its own, commas and all. */

static void
read_ids(sim_call_t *c, filter_t *f)
{
    size_t      i;
    const char *id;

    for (i = 0; i < c->query.n; i++) {
        if (strcmp(c->query.params[i].name, "desktop_id") != 0) {
            continue;
        }

        id = c->query.params[i].value;
        f->by_ids = 1;

        if (*id == '\0' || sim_characters(id) > 255) {
            sim_query_error(
                &c->query, "desktop_id: an id has 1 to 255 characters");

        } else if (f->nids == IDS_MAX) {
            sim_query_error(&c->query, "desktop_id: more than %d", IDS_MAX);

        } else {
            f->ids[f->nids++] = id;
        }
    }
}


/* Reads what to filter by, as far as the service knows it. */

static void
read_filter(const sim_habits_t *habits, sim_call_t *c, filter_t *f)
{
    f->user = sim_query_text(&c->query, "user_name", 255);
    f->computer = sim_query_text(&c->query, "computer_name", 255);
    f->owner = habits->directory_users;
    f->exact = habits->directory_names == SIM_EXACT;
    f->deleted = c->hits.fault[SIM_FAULT_DELETED] != NULL;

    if (habits->desktop_id && c->hits.fault[SIM_FAULT_IGNORED_IDS] == NULL) {
        read_ids(c, f);
    }
}


/* Gives the user_name that a desktop's entry shows; NULL if it shows none. */

static const char *
owner(const sim_tenant_t *t, const sim_desktop_t *d)
{
    return d->users.n ? t->users[d->users.items[0]].name : d->group;
}


/* Tells whether a name, which may be NULL, is one that the filter looks for. */

static int
is_name(const char *name, const filter_t *f)
{
    if (name == NULL) {
        return 0;
    }

    return f->exact ? strcmp(name, f->user) == 0 : sim_fuzzy(name, f->user);
}


/* Tells whether the filter finds its user at a desktop. */

static int
has_user(const sim_tenant_t *t, const sim_desktop_t *d, const filter_t *f)
{
    size_t i;

    if (f->owner) {
        return is_name(owner(t, d), f);
    }

    for (i = 0; i < d->users.n; i++) {
        if (is_name(t->users[d->users.items[i]].name, f)) {
            return 1;
        }
    }

    return is_name(d->group, f);
}


/* Tells whether a desktop passes the filter. */

static int
passes(const sim_tenant_t *t, const sim_desktop_t *d, const filter_t *f)
{
    size_t i;

    if ((d->gone && !f->deleted) || !sim_fuzzy(d->name, f->computer)
        || (f->user != NULL && !has_user(t, d, f)))
    {
        return 0;
    }

    for (i = 0; i < f->nids; i++) {
        if (strcmp(f->ids[i], d->id) == 0) {
            return 1;
        }
    }

    return !f->by_ids;
}


/* Writes one of the users, or the group, that a desktop is attached to. */

static void
add_info(sim_buf_t *b, const char *id, const char *name, const char *type,
    const char *domain)
{
    sim_buf_str(b, "{");
    sim_buf_member(b, "user_id", id);
    sim_buf_member(b, "user_name", name);
    sim_buf_member(b, "type", type);
    sim_buf_member(b, "domain", domain);
    sim_buf_str(b, "}");
}


static void
add_infos(sim_buf_t *b, const sim_tenant_t *t, const sim_desktop_t *d)
{
    size_t            i;
    const sim_user_t *u;

    sim_buf_key(b, "attach_user_infos");
    sim_buf_str(b, "[");

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
directory_row(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults)
{
    const sim_tenant_t  *t = page->world->tenant;
    const sim_desktop_t *d;

    if (row >= SIM_PHANTOM) {
        sim_page_phantom(b, "desktop_id", "phantom-", row);
        sim_page_phantom(b, "computer_name", "PHANTOM-", row);
        return;
    }

    d = &t->desktops[row];

    if (!faults->no_id) {
        sim_buf_member(b, "desktop_id", d->id);
    }

    sim_buf_member(b, "computer_name", d->name);

    if (page->world->cfg.habits.os_host_name) {
        sim_buf_member(b, "os_host_name", sim_tenant_os_host_name(d));
    }

    sim_buf_member(b, "sid", d->sid);

    if (owner(t, d)) {
        sim_buf_member(b, "user_name", owner(t, d));
    }

    if (!d->no_infos) {
        add_infos(b, t, d);
    }

    if (d->gone) {
        sim_buf_member(b, "status", "DELETED");
    }
}


void
sim_api_directory(sim_world_t *w, sim_call_t *c)
{
    size_t              i;
    filter_t            f = { 0 };
    sim_page_t          page = { .world = w,
                 .call = c,
                 .row = directory_row,
                 .count_key = "total_count",
                 .list_key = "desktops" };
    const sim_tenant_t *t = w->tenant;

    c->offset = sim_query_number(&c->query, "offset", 0, SIM_OFFSET_MAX, 0);
    page.limit = sim_query_number(&c->query, "limit", 0, 1000, 1000);
    read_filter(&w->cfg.habits, c, &f);

    if (!sim_reply_bad_query(c)) {
        for (i = 0; i < t->ndesktops; i++) {
            if (passes(t, &t->desktops[i], &f)) {
                sim_list_add(&page.rows, i);
            }
        }

        sim_page_reply(&page, c);
    }
}
