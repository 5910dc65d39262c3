/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A tenant: its users, its desktops and the one list of sessions from which
 * every answer of the simulator is computed.  Users, desktops and sessions are
 * known by their numbers, which are their places in these lists.
 */

#ifndef SIM_TENANT_H
#define SIM_TENANT_H

#include <stddef.h>
#include <stdint.h>

#define SIM_NEVER                                                              \
    INT64_MIN /* a time that there isn't, in sessions and clocks */


/* A list of numbers that grows.  All zeros is an empty list. */
typedef struct {
    size_t *items;
    size_t  n;
    size_t  size; /* items allocated */
} sim_list_t;


typedef struct {
    char      *name;
    char      *domain; /* "" for none */
    char      *id;
    sim_list_t sessions; /* those that connected, by setup time */
    int64_t   *usage;    /* usage[i]: seconds on all days before first + i */
    int64_t   *logins;   /* logins[i]: sessions set up before that day */
} sim_user_t;


typedef struct {
    char      *id;
    char      *name;
    char      *resource_name; /* its name in statistics; NULL: `name` */
    char      *os_host_name;  /* its name in its own system; NULL: `name` */
    char      *sid;
    char      *pool_id;      /* may be NULL */
    sim_list_t users;        /* attached, type USER */
    char      *group;        /* attached, type GROUP; may be NULL */
    unsigned   gone : 1;     /* deleted: the directory doesn't have it */
    unsigned   no_infos : 1; /* the directory shows only its user_name */
    sim_list_t sessions;     /* those that connected, by setup time */
    int64_t   *usage;        /* as in sim_user_t */
} sim_desktop_t;


typedef struct {
    size_t   user;
    size_t   desktop;
    int64_t  start;      /* when the client began to connect */
    int64_t  setup;      /* when it was connected; SIM_NEVER: it never was */
    int64_t  end;        /* SIM_NEVER: still open */
    char    *failure;    /* why it failed to connect; may be NULL */
    char    *name;       /* the desktop's name in the record; NULL: its own */
    char    *sid;        /* the desktop's sid in the record; NULL: its own */
    unsigned no_sid : 1; /* the record has no sid */
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
    sim_list_t     records; /* all sessions, the newest start first */
    sim_list_t     by_id;   /* desktops, by id */
    int64_t        first;   /* the first day with sums */
    int64_t        ndays;   /* how many days have sums */
    int64_t        now;     /* where its clock stands; SIM_NEVER: it runs */
} sim_tenant_t;


/* Appends a number to a list. */
void sim_list_add(sim_list_t *l, size_t n);

/* Makes a tenant without users, desktops and sessions. */
sim_tenant_t *sim_tenant_new(void);

/* Frees a tenant; NULL is fine. */
void sim_tenant_free(sim_tenant_t *t);

/*
 * Adds a user and gives its number.  The strings are copied; an id that is
 * NULL is made up.
 */
size_t sim_tenant_user(
    sim_tenant_t *t, const char *name, const char *domain, const char *id);

/*
 * Adds a desktop.  The strings are copied; a sid that is NULL is made up,
 * pool_id may be NULL.  What is given lasts until the next desktop is added.
 */
sim_desktop_t *sim_tenant_desktop(sim_tenant_t *t, const char *id,
    const char *name, const char *sid, const char *pool_id);

/*
 * Adds a session with times as in sim_session_t.  What is given, for the flags
 * to be set, lasts until the next session is added.
 */
sim_session_t *sim_tenant_session(sim_tenant_t *t, size_t user, size_t desktop,
    int64_t start, int64_t setup, int64_t end);

/* Gives the name that a desktop has in its own system. */
const char *sim_tenant_os_host_name(const sim_desktop_t *d);

/*
 * Finds the first user of a name, in the domain unless that is NULL; gives the
 * number, or SIZE_MAX.
 */
size_t sim_tenant_find_user(
    const sim_tenant_t *t, const char *name, const char *domain);

/*
 * Finds a desktop by its id in a tenant that is indexed (sim_index.h); gives
 * the number, or SIZE_MAX.
 */
size_t sim_tenant_find_desktop(const sim_tenant_t *t, const char *id);

#endif
