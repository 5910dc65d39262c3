/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The tenant of the published example: the example's two desktops, and a few
 * others.
 */

#include "sim_source.h"
#include "sim_buf.h"
#include "sim_time.h"

#include <stdio.h>
#include <stdlib.h>


enum { ZRYUAN1, JY01, ANNABEL, ANN };
enum { FIRST, SECOND, SHARED, POOL, GROUP, SPARE };


typedef struct {
    const char *id;
    const char *name;
    const char *pool;
    const char *group;
    int         users[2]; /* below 0: none */
} desktop_t;


typedef struct {
    size_t      desktop;
    size_t      user;
    const char *setup; /* day and time in December 2022; NULL: never */
    const char *end;   /* likewise; NULL: it is open */
} use_t;


static const char *const users[] = { "zryuan1", "jy01", "annabel", "Ann" };


static const desktop_t desktops[] = {
    { "c6e6dbd7-c950-471d-a6a7-01d0fb62f450", "ZRYUAN107", NULL, NULL,
        { ZRYUAN1, -1 } },
    { "d5367f84-1d64-498e-9b92-093002ac6ce9", "JY011", NULL, NULL,
        { JY01, -1 } },
    { "0b5c2d4e-7a31-4c1f-8f52-2f6f0c9b7d10", "LAB-01", NULL, NULL,
        { ZRYUAN1, ANNABEL } },
    { "7f3a9e62-1b4d-4e0a-9c55-d1e2f3a4b5c6", "POOL-01", "5d2c-pool", NULL,
        { -1, -1 } },
    { "91d0c3b2-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "DEV-01", NULL, "developers",
        { -1, -1 } },
    { "e2f1a0b9-c8d7-4e6f-a5b4-c3d2e1f0a9b8", "SPARE-01", NULL, NULL,
        { ANN, -1 } },
};


static const use_t uses[] = {
    /* seconds by day, as published: 45432 9432 3672 0 0 13932 12816 */
    { FIRST, ZRYUAN1, "09T07:10:00", "09T17:47:12" },
    { FIRST, ZRYUAN1, "09T22:00:00", "10T01:30:00" },
    { FIRST, ZRYUAN1, "10T10:00:00", "10T11:07:12" },
    { FIRST, ZRYUAN1, "11T14:00:00", "11T15:01:12" },
    { FIRST, ZRYUAN1, "14T08:30:00", "14T12:22:12" },
    { FIRST, ZRYUAN1, "15T13:00:00", "15T16:33:36" },

    /* seconds by day, as published: 38016 4968 0 0 0 13932 12816 */
    { SECOND, JY01, "09T08:00:00", "09T18:33:36" },
    { SECOND, JY01, "10T09:00:00", "10T10:22:48" },
    { SECOND, JY01, "14T13:00:00", "14T16:52:12" },
    { SECOND, JY01, "15T09:00:00", "15T11:03:36" },
    { SECOND, JY01, "15T13:00:00", "15T14:30:00" },

    { SHARED, ANNABEL, "12T09:00:00", "12T12:15:00" },
    { SHARED, ZRYUAN1, "12T14:00:00", "12T15:45:30" },
    { POOL, JY01, "13T07:00:00", "13T11:30:00" },
    { POOL, ANN, "13T23:00:00", "14T02:00:00" },
    { GROUP, JY01, "14T18:00:00", "14T19:00:18" },

    /* a session that is open, and one that never connected */
    { FIRST, ZRYUAN1, "16T07:00:00", NULL },
    { SPARE, ANN, NULL, "13T22:58:30" },
};


/* Reads "ddTHH:mm:ss" of December 2022; SIM_NEVER for NULL. */

static int64_t
december(const char *s)
{
    char    text[40];
    int64_t t = SIM_NEVER;

    if (s != NULL) {
        (void) snprintf(text, sizeof(text), "2022-12-%sZ", s);

        if (sim_parse_time(text, &t) != 0) {
            abort();
        }
    }

    return t;
}


static void
add_desktop(sim_tenant_t *t, const desktop_t *from)
{
    int            i;
    sim_desktop_t *d;

    d = sim_tenant_desktop(t, from->id, from->name, NULL, from->pool);

    if (from->group) {
        d->group = sim_strdup(from->group);
    }

    for (i = 0; i < 2; i++) {
        if (from->users[i] >= 0) {
            sim_list_add(&d->users, (size_t) from->users[i]);
        }
    }
}


static void
add_use(sim_tenant_t *t, const use_t *u)
{
    int64_t        setup = december(u->setup), end = december(u->end);
    sim_session_t *s;

    s = sim_tenant_session(t, u->user, u->desktop,
        setup != SIM_NEVER ? setup - 2 : end - 30, setup, end);

    s->reconnect = end == SIM_NEVER;

    if (setup == SIM_NEVER) {
        s->failure = sim_strdup("The desktop is powered off.");
    }
}


sim_tenant_t *
sim_tenant_default(void)
{
    size_t        i;
    sim_tenant_t *t = sim_tenant_new();

    (void) sim_parse_time("2022-12-16T08:00:00Z", &t->now);

    for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        (void) sim_tenant_user(t, users[i], "local.com", NULL);
    }

    for (i = 0; i < sizeof(desktops) / sizeof(desktops[0]); i++) {
        add_desktop(t, &desktops[i]);
    }

    for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        add_use(t, &uses[i]);
    }

    return t;
}
