/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Time in use, added up from sessions.  Where sessions overlap, the time counts
 * once for a desktop; for a user it counts once on each desktop.
 */

#ifndef SIM_USAGE_H
#define SIM_USAGE_H

#include "sim_tenant.h"

#define SIM_ANY SIZE_MAX /* any user, any desktop */


/* Whose sessions count: those of all users of a name, or of one in a domain. */
typedef struct {
    const char *name;
    const char *domain; /* NULL: any */
} sim_who_t;


/* Which sessions count, and up to when. */
typedef struct {
    const sim_list_t *sessions; /* by setup time */
    size_t            user;     /* only this user's, or SIM_ANY */
    size_t            desktop;  /* only on this desktop, or SIM_ANY */
    int64_t           until;    /* nothing counts after this time */
} sim_scope_t;


/* Bins: n stretches of time, each of `width` seconds, the first at `from`. */
typedef struct {
    int64_t  from;
    int64_t  width;
    size_t   n;
    int64_t *seconds; /* in use, for each bin */
} sim_bins_t;


/* Adds the seconds in use to the bins. */
void sim_usage_bins(
    const sim_tenant_t *t, const sim_scope_t *scope, const sim_bins_t *bins);

/*
 * Adds the seconds in which one desktop was used by those who are meant, up to
 * `until`.  They count as if they were one user: time counts once where they
 * overlap.
 */
void sim_usage_bins_of(const sim_tenant_t *t, const sim_who_t *who,
    size_t desktop, int64_t until, const sim_bins_t *bins);

/* Tells whether a user is meant. */
int sim_usage_is(const sim_tenant_t *t, const sim_who_t *who, size_t user);

/* A time in which a desktop was in use without a break. */
typedef struct {
    int64_t setup;
    int64_t end; /* SIM_NEVER: still in use */
} sim_period_t;

/*
 * Lists when a desktop was in use up to `now`, by anybody, the oldest period
 * first.  Sessions that overlap, or touch, are one period.  Gives how many
 * there are, and an array that the caller frees.
 */
size_t sim_usage_periods(
    const sim_tenant_t *t, size_t desktop, int64_t now, sim_period_t **out);

/* Gives the last second in use before `until`; SIM_NEVER if there is none. */
int64_t sim_usage_last(const sim_tenant_t *t, size_t desktop, int64_t until);

/* Makes sim_desktop_t.usage, which the caller frees. */
int64_t *sim_usage_desktop(const sim_tenant_t *t, size_t desktop);

/* Makes sim_user_t.usage, which the caller frees. */
int64_t *sim_usage_user(const sim_tenant_t *t, size_t user);

/* Makes sim_user_t.logins, which the caller frees. */
int64_t *sim_usage_logins(const sim_tenant_t *t, size_t user);

/*
 * Gives the sum of the days from `first` to `last`, both included; `sums` is
 * made by one of the three functions above.
 */
int64_t sim_usage_sum(
    const sim_tenant_t *t, const int64_t *sums, int64_t first, int64_t last);

/*
 * Gives the last day that is filed, so that statistics have it: yesterday, or
 * before 02:00 the day before yesterday.  `zone` is that of the 02:00, in hours
 * from UTC; no day is filed before it is over in UTC.
 */
int64_t sim_usage_filed(int64_t now, int zone);

#endif
