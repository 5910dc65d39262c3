/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The quota: how many calls of an API a credential may make in a minute.
 */

#ifndef SIM_QUOTA_H
#define SIM_QUOTA_H

#include <stddef.h>
#include <stdint.h>


/* The calls of one credential to one API. */
typedef struct {
    uint64_t id;    /* a hash of both */
    int64_t  since; /* when its minute began, in ms of sim_monotonic() */
    int64_t  calls; /* in that minute */
} sim_meter_t;


/* All zeros: nobody has called yet. */
typedef struct {
    sim_meter_t *meters;
    size_t       n;
} sim_quota_t;


/*
 * Counts a call at the time `now`, in ms of sim_monotonic().  Gives 1, or 0 if
 * it is beyond `max` calls in its minute.  A `max` of 0 allows any number.
 */
int sim_quota_take(sim_quota_t *quota, const char *api, const char *credential,
    int64_t now, int64_t max);

/* Forgets all calls. */
void sim_quota_clear(sim_quota_t *quota);

#endif
