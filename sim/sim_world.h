/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The world: everything that the simulator knows while it runs.
 */

#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim_alter.h"
#include "sim_fault.h"
#include "sim_habits.h"
#include "sim_log.h"
#include "sim_quota.h"
#include "sim_tenant.h"


/* The settings (sim_config.h changes them). */
typedef struct {
    sim_habits_t habits;
    int64_t      now;         /* SIM_NEVER: the real clock */
    json_int_t   quota;       /* calls a minute; 0: any number */
    json_int_t   retry_after; /* seconds, with a 429; below 0: none */
    json_int_t   delay[2];    /* ms that a reply waits: from, to */
    char        *project;     /* the only one; NULL: any */
    json_t      *tokens;      /* array of those accepted; empty: any */
    json_t      *keys; /* array of access keys; empty: any signature will do */
} sim_config_t;


typedef struct {
    sim_config_t  cfg;
    sim_tenant_t *tenant;
    sim_alters_t  alters;
    sim_faults_t  faults;
    sim_quota_t   quota;
    sim_log_t     log;
    uint64_t      random; /* for delays */
} sim_world_t;


/* Makes a world with the default settings and without a tenant. */
void sim_world_init(sim_world_t *w);

/* Frees everything in it. */
void sim_world_free(sim_world_t *w);

/* Indexes a tenant and puts it in place of the one before, which is freed. */
void sim_world_tenant(sim_world_t *w, sim_tenant_t *t);

/* Gives the simulated time. */
int64_t sim_world_now(const sim_world_t *w);

/* Gives the last day that is filed at the time `now`. */
int64_t sim_world_filed(const sim_world_t *w, int64_t now);

#endif
