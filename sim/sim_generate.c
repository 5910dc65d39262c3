/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Generates a tenant from a seed.
 *
 * Two rules make it possible to find a user's time from statistics alone: a
 * user with exactly one shared desktop uses no pools, and a desktop that is
 * attached to one user alone is used by nobody else.
 */

#include "sim_source.h"
#include "sim_buf.h"
#include "sim_random.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* A tenant while it is made. */

typedef struct {
    sim_tenant_t       *t;
    const sim_recipe_t *r;
    uint64_t            random;    /* the state of sim_random() */
    size_t              next_user; /* the next to get a desktop */
    size_t              nusers;    /* how many get desktops */
    size_t              former;    /* the user of desktops that are gone */
    size_t             *further;   /* by user: desktops shared with others */
    sim_list_t          roamers;   /* users of pools and of groups' desktops */
} maker_t;


/* Names that break code which quotes, compares or cuts them carelessly. */

static const char *const awkward[] = { "Ann", "annabel", "ann", "Joann",
    "O'Neil", "a b", "R&D", "50%", "c++", "Zo\u00eb", "\u738b\u4f1f", "quo\"te",
    "back\\slash", "semi;colon", "eq=ual", "hash#tag", "slash/ed", "quest?ion",
    "com,ma", " lead", "null", "%41nn", "_",
    "a-name-longer-than-the-sixty-four-characters-that-the-filter-takes",
    "a-name-longer-than-the-sixty-four-characters-that-the-filter-takes+1" };

#define AWKWARD (sizeof(awkward) / sizeof(awkward[0]))


/*
 * Twins are two users of one name in two domains.  Their numbers are far enough
 * apart that they are never attached to the same desktop, even if there are so
 * few users that each gets several.
 */

static const size_t twins[][2] = { { 1, 8 }, { 0, 10 } };

#define TWINS       (sizeof(twins) / sizeof(twins[0]))
#define TWINS_USERS 13 /* with fewer users there are no twins */


static int64_t
between(maker_t *m, int64_t min, int64_t max)
{
    return sim_random_between(&m->random, min, max);
}


/* Draws 1 in so many of a hundred cases, else 0. */

static int
chance(maker_t *m, int percent)
{
    return between(m, 1, 100) <= percent;
}


/* Gives the other user of the same name, SIZE_MAX if there is none. */

static size_t
twin(const maker_t *m, size_t user)
{
    size_t i;

    for (i = 0; i < TWINS && m->nusers >= TWINS_USERS; i++) {
        if ((size_t) m->r->desktops <= twins[i][1]) {
            continue; /* the second would have no desktop */
        }

        if (user == twins[i][0] || user == twins[i][1]) {
            return twins[i][user == twins[i][0]];
        }
    }

    return SIZE_MAX;
}


static int
is_second_twin(const maker_t *m, size_t user)
{
    size_t other = twin(m, user);

    return other != SIZE_MAX && other < user;
}


static void
make_users(maker_t *m)
{
    char        made[64], id[40];
    size_t      i;
    const char *name;

    m->nusers =
        m->r->users ? (size_t) m->r->users : (size_t) m->r->desktops + 4;

    for (i = 0; i < m->nusers; i++) {
        (void) snprintf(made, sizeof(made), "zryuan%zu", i);
        sim_random_uuid(&m->random, id);

        /* every other name is an awkward one, as long as there are any */

        name = i % 2 && i / 2 < AWKWARD ? awkward[i / 2] : made;

        if (is_second_twin(m, i)) {
            name = m->t->users[twin(m, i)].name;
        }

        sim_tenant_user(m->t, name,
            i % 11 == 6                          ? ""
            : i % 7 == 3 || is_second_twin(m, i) ? "corp.example"
                                                 : "local.com",
            id);
    }

    m->former = sim_tenant_user(m->t, "former", "local.com", NULL);
    m->further = sim_alloc(m->t->nusers * sizeof(*m->further));
}


/* Gives the next user to get a desktop: each in turn. */

static size_t
next_user(maker_t *m)
{
    return m->next_user++ % m->nusers;
}


/* Attaches a user to a desktop, unless it is attached already. */

static void
attach(sim_desktop_t *d, size_t user)
{
    size_t i;

    for (i = 0; i < d->users.n; i++) {
        if (d->users.items[i] == user) {
            return;
        }
    }

    sim_list_add(&d->users, user);
}


/*
 * Attaches users, or a group, or nobody.  The kinds take turns of twelve, so
 * that a few desktops have some of each.
 */

static void
attach_users(maker_t *m, sim_desktop_t *d, int turn)
{
    size_t i, last = m->next_user;

    switch (turn) {
    case 3: /* the user of the desktop before gets a second one */
        attach(d, (last ? last - 1 : 0) % m->nusers);
        break;

    case 6:
        for (i = 0; i < 3; i++) {
            attach(d, next_user(m));
        }
        break;

    case 7: /* of a pool: nobody */
        break;

    case 9:
        d->group = sim_strdup("developers");
        break;

    case 10:
        attach(d, next_user(m));
        attach(d, next_user(m));
        break;

    case 11: /* the users of the desktop before share this one, too */
        attach(d, (last + m->nusers - 1) % m->nusers);
        attach(d, (last + m->nusers - 2) % m->nusers);
        break;

    default:
        attach(d, next_user(m));

        /* (twins have the same user_name) */

        d->no_infos = turn == 4 && twin(m, d->users.items[0]) == SIZE_MAX;
    }
}


/*
 * Chooses who uses pools and the desktops of groups: no user with exactly one
 * shared desktop, and none whose name has exactly one.  Of twins, only the
 * first is chosen.
 */

static void
choose_roamers(maker_t *m)
{
    size_t k, other, both;

    for (k = 0; k < m->nusers; k++) {
        other = twin(m, k);
        both = m->further[k] + (other != SIZE_MAX ? m->further[other] : 0);

        if (m->further[k] != 1 && both != 1 && k % 9 != 4
            && !is_second_twin(m, k)) {
            sim_list_add(&m->roamers, k);
        }
    }

    if (m->roamers.n == 0) {
        sim_list_add(&m->roamers, m->former);
    }
}


static void
make_desktops(maker_t *m)
{
    int            i, turn;
    char           id[40], sid[40], name[32];
    size_t         k;
    sim_desktop_t *d;

    for (i = 0; i < m->r->desktops; i++) {
        turn = i % 12;
        sim_random_uuid(&m->random, id);
        sim_random_uuid(&m->random, sid);
        (void) snprintf(name, sizeof(name), "DESK-%d", i);
        d = sim_tenant_desktop(m->t, id, name, sid,
            turn == 7 || turn == 9 ? "f0e1d2c3-pool" : NULL);

        if (i % 3 == 1) {
            (void) snprintf(name, sizeof(name), "OS-%d", i);
            d->os_host_name = sim_strdup(name);
        }

        if (i % 40 == 13) {
            d->gone = 1;
            attach(d, m->former);
            continue;
        }

        attach_users(m, d, turn);

        if (turn == 9 && i % 24 == 21) {
            /* a group may have the name of a user */
            free(d->group);
            d->group = sim_strdup("Ann");
        }

        for (k = 0; k < d->users.n && d->users.n > 1; k++) {
            m->further[d->users.items[k]]++;
        }
    }

    choose_roamers(m);
}


/* Picks one of those who may use a desktop. */

static size_t
pick_user(maker_t *m, const sim_desktop_t *d)
{
    const sim_list_t *l = d->users.n ? &d->users : &m->roamers;

    return l->items[sim_random(&m->random) % l->n];
}


/*
 * Adds a session, which is open if it isn't over yet.  If it is still to come,
 * there is none, and NULL is given.
 */

static sim_session_t *
add_session(
    maker_t *m, size_t desktop, size_t user, int64_t setup, int64_t length)
{
    int64_t        start = setup - between(m, 1, 8);
    int64_t        end = setup + length;
    sim_session_t *s;

    if (setup > m->r->now) {
        return NULL;
    }

    s = sim_tenant_session(
        m->t, user, desktop, start, setup, end > m->r->now ? SIM_NEVER : end);
    s->bare = chance(m, 30) && twin(m, user) == SIZE_MAX;

    return s;
}


/* Adds an attempt to connect that failed. */

static void
add_failure(maker_t *m, size_t desktop, size_t user, int64_t start)
{
    sim_session_t *s;

    if (start + 30 > m->r->now) {
        return;
    }

    s = sim_tenant_session(m->t, user, desktop, start, SIM_NEVER,
        chance(m, 50) ? start + 30 : SIM_NEVER);
    s->failure = sim_strdup("The agent on the desktop did not answer.");
}


/* Chooses how many seconds a session lasts that begins at a given time. */

static int64_t
choose_length(maker_t *m, int64_t at)
{
    switch (between(m, 0, 29)) {
    case 9: /* one to three days */
        return between(m, 1, 3) * SIM_DAY;

    case 10: /* until midnight */
        return SIM_DAY - at % SIM_DAY;

    case 11: /* until a full hour */
    case 12:
        return between(m, 1, 6) * SIM_HOUR - at % SIM_HOUR;

    case 0:
        return 0;

    case 1:
    case 2:
        return between(m, 1, 90);

    case 3:
    case 4:
    case 5:
        /* half of a hundredth of an hour remains */
        return 36 * between(m, 1, 500) + 18;

    case 6:
    case 7:
    case 8:
        return between(m, 1, 9) * SIM_HOUR;

    default:
        return between(m, 300, 5 * SIM_HOUR);
    }
}


/*
 * Chooses when the first session of a day begins.  Some begin exactly at
 * midnight, some exactly at an hour.
 */

static int64_t
choose_begin(maker_t *m, int64_t day)
{
    int64_t at = day * SIM_DAY + between(m, 0, 14 * SIM_HOUR);

    switch (between(m, 0, 19)) {
    case 0:
        return day * SIM_DAY;

    case 1:
        return at - at % SIM_HOUR;

    default:
        return at;
    }
}


/*
 * Adds the sessions that begin on one day on a desktop, which is in use until
 * `busy`.  Gives the time until which it is in use then.
 */

static int64_t
make_day(maker_t *m, size_t i, int64_t day, int64_t busy)
{
    int64_t        at = choose_begin(m, day), length;
    size_t         user;
    sim_session_t *s;

    while (at < (day + 1) * SIM_DAY) {
        at = at < busy ? busy : at;
        user = pick_user(m, &m->t->desktops[i]);
        length = choose_length(m, at);

        if (chance(m, 5)) {
            add_failure(m, i, user, at);
        }

        s = add_session(m, i, user, at, length);

        if (s == NULL) {
            return busy;
        }

        if (chance(m, 8)) {
            /* the connection broke, and its end was noticed late */
            s = add_session(m, i, user, at + length - between(m, -60, 30),
                between(m, 60, SIM_HOUR));

            if (s != NULL) {
                s->reconnect = 1;
                length += 2 * SIM_HOUR;
            }
        }

        if (m->t->desktops[i].users.n != 1 && chance(m, 15)) {
            /* a second user at the same time */
            (void) add_session(m, i, pick_user(m, &m->t->desktops[i]),
                at + length / 2, choose_length(m, at + length / 2));
        }

        busy = at + length;
        at = busy + between(m, 1, 10 * SIM_HOUR);
    }

    return busy;
}


static void
make_sessions(maker_t *m)
{
    int      days = m->r->days;
    size_t   i;
    int64_t  day, busy, today = sim_time_day(m->r->now);
    unsigned use;

    for (i = 0; i < m->t->ndesktops; i++) {
        /* some desktops are never used, some hardly, others on most days */

        use = i % 8 == 5 ? 0 : i % 8 == 2 ? 10 : 70;
        busy = 0;

        for (day = today - days + 1; day <= today && use; day++) {
            if (chance(m, (day + 3) % 7 < 2 ? (int) use / 3 : (int) use)) {
                busy = make_day(m, i, day, busy);
            }
        }

        if (use && days && i % 6 == 1 && busy + 60 < m->r->now) {
            /* one has been open for up to an hour, or up to two days */
            day = m->r->now
                  - between(m, 60, i % 12 == 1 ? 2 * SIM_DAY : SIM_HOUR);
            day = day > busy ? day : busy + 30;
            (void) add_session(
                m, i, pick_user(m, &m->t->desktops[i]), day, 9 * SIM_DAY);
        }
    }
}


sim_tenant_t *
sim_tenant_generate(const sim_recipe_t *recipe)
{
    maker_t m = { .t = sim_tenant_new(), .r = recipe };

    m.random = recipe->seed;

    make_users(&m);
    make_desktops(&m);
    make_sessions(&m);

    free(m.further);
    free(m.roamers.items);

    return m.t;
}
