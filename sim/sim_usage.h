/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Time in use, added up from sessions. Overlapping sessions count once for a
 * desktop; for a user they count once on each desktop.
 */

#ifndef SIM_USAGE_H
#define SIM_USAGE_H

#include "sim_tenant.h"

#define SIM_ANY SIZE_MAX


/* Whose sessions: all users of a name, or the one in a domain. */
typedef struct {
    const char *name;
    const char *domain; /* NULL: any */
} sim_who_t;


/* Which sessions of a list count, and how far. */
typedef struct {
    const sim_list_t *sessions;
    size_t            user;    /* only this user's, or SIM_ANY */
    size_t            desktop; /* only on this desktop, or SIM_ANY */
    int64_t           until;   /* nothing after this; open sessions end here */
} sim_scope_t;


/* Adds seconds in use to n bins of `width` seconds each, from `from` on. */
void sim_usage_bins(const sim_tenant_t *t, const sim_scope_t *scope,
    int64_t from, int64_t width, size_t n, int64_t *bins);

/* The same on one desktop, of those who are meant, as if they were one: where
 * they overlap, time counts once.
 */
void
sim_usage_bins_of(const sim_tenant_t *t, const sim_who_t *who, size_t desktop,
    int64_t until, int64_t from, int64_t width, size_t n, int64_t *bins);

/* Whether a user is meant. */
int sim_usage_is(const sim_tenant_t *t, const sim_who_t *who, size_t user);

/* The last second in use up to a time, SIM_NEVER if there is none. */
int64_t sim_usage_last(const sim_tenant_t *t, size_t desktop, int64_t until);

/* Sums of days for sim_desktop_t.usage; the caller frees. */
int64_t *sim_usage_desktop(const sim_tenant_t *t, size_t desktop);

/* Sums of days for sim_user_t.usage; the caller frees. */
int64_t *sim_usage_user(const sim_tenant_t *t, size_t user);

/* Connections made for sim_user_t.logins; the caller frees. */
int64_t *sim_usage_logins(const sim_tenant_t *t, size_t user);

/* What `sums` holds for the days from first to last, both included. */
int64_t sim_usage_sum(
    const sim_tenant_t *t, const int64_t *sums, int64_t first, int64_t last);

/* The last day that is filed already: yesterday, before 02:00 the one before.
 */
int64_t sim_usage_filed(int64_t now);

#endif
