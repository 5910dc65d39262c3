/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A tenant: its users, its desktops and the one list of sessions from which
 * every answer of the simulator is computed.
 */

#ifndef SIM_TENANT_H
#define SIM_TENANT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define SIM_NEVER INT64_MIN /* no such time: not set up, or still open */


typedef struct {
    size_t *items;
    size_t  n;
    size_t  size;
} sim_list_t;


typedef struct {
    char      *name;
    char      *domain; /* "" for none */
    char      *id;
    sim_list_t sessions; /* by setup time */
    int64_t   *usage;    /* usage[i]: seconds of all days before first + i */
    int64_t   *logins;   /* the same of connections made */
} sim_user_t;


typedef struct {
    char      *id;
    char      *name;
    char      *resource_name; /* what the statistics call it; NULL: name */
    char      *sid;
    char      *pool_id;      /* may be NULL */
    sim_list_t users;        /* attached, type USER */
    char      *group;        /* attached, type GROUP; may be NULL */
    unsigned   gone : 1;     /* deleted: not in the directory any more */
    unsigned   no_infos : 1; /* the directory has only its user_name */
    sim_list_t sessions;     /* by setup time */
    int64_t   *usage;        /* as in sim_user_t */
} sim_desktop_t;


typedef struct {
    size_t   user;
    size_t   desktop;
    int64_t  start;
    int64_t  setup;      /* SIM_NEVER: failed to connect */
    int64_t  end;        /* SIM_NEVER: still open */
    char    *failure;    /* may be NULL */
    char    *name;       /* of the desktop in the record; NULL: the desktop's */
    char    *sid;        /* the same of its sid; "" is shown as it is */
    unsigned no_sid : 1; /* the record has none */
    unsigned reconnect : 1;
    unsigned bare : 1; /* the record's user_name has no @domain */
} sim_session_t;


typedef struct {
    sim_user_t    *users;
    size_t         nusers, users_size;
    sim_desktop_t *desktops;
    size_t         ndesktops, desktops_size;
    sim_session_t *sessions;
    size_t         nsessions, sessions_size;
    sim_list_t     records; /* sessions, the newest start first */
    sim_list_t     by_id;   /* desktops, by id */
    int64_t        first;   /* the first day with sums */
    int64_t        ndays;   /* days with sums */
    int64_t        now;     /* the clock that the tenant asks for, or NEVER */
} sim_tenant_t;


/* What to generate. */
typedef struct {
    uint64_t seed;
    int      desktops;
    int      days;
    int      users; /* 0: as many as fit the desktops */
    int64_t  now;   /* the generated data end here */
} sim_recipe_t;


/* An empty tenant. */
sim_tenant_t *sim_tenant_new(void);

/* Frees a tenant; NULL is fine. */
void sim_tenant_free(sim_tenant_t *t);

/* Adds a user (copies the strings; id may be NULL); its number. */
size_t sim_tenant_user(
    sim_tenant_t *t, const char *name, const char *domain, const char *id);

/* Adds a desktop (copies the strings, sid and pool may be NULL). */
sim_desktop_t *sim_tenant_desktop(sim_tenant_t *t, const char *id,
    const char *name, const char *sid, const char *pool_id);

/* Adds a session; times as in sim_session_t. The caller may set flags. */
sim_session_t *sim_tenant_session(sim_tenant_t *t, size_t user, size_t desktop,
    int64_t start, int64_t setup, int64_t end);

/* Appends a number to a list. */
void sim_list_add(sim_list_t *l, size_t n);

/* The user's number, SIZE_MAX if unknown; domain NULL: any. */
size_t sim_tenant_find_user(
    const sim_tenant_t *t, const char *name, const char *domain);

/* The desktop's number, SIZE_MAX if unknown. Needs the index. */
size_t sim_tenant_find_desktop(const sim_tenant_t *t, const char *id);

/* Sorts the lists and adds up the days, up to the day that `now` is in. */
void sim_tenant_index(sim_tenant_t *t, int64_t now);

/* Adds up again if the clock has moved past the last day added up. */
void sim_tenant_refresh(sim_tenant_t *t, int64_t now);

/* A tenant made by the recipe: the same recipe, the same tenant. */
sim_tenant_t *sim_tenant_generate(const sim_recipe_t *recipe);

/* A tenant read from the sessions file's JSON; NULL and a message in err. */
sim_tenant_t *sim_tenant_load(const json_t *root, char err[256]);

/* The tenant of the published example. */
sim_tenant_t *sim_tenant_default(void);

#endif
