/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The world: everything that the simulator knows while it runs.
 */

#include "sim_world.h"
#include "sim_index.h"
#include "sim_usage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>


void
sim_world_init(sim_world_t *w)
{
    memset(w, 0, sizeof(*w));
    sim_log_init(&w->log);

    sim_habits_default(&w->cfg.habits);
    w->cfg.now = SIM_NEVER;
    w->cfg.retry_after = -1;
    w->cfg.tokens = json_array();
    w->cfg.keys = json_array();
    w->random = 1;
}


void
sim_world_free(sim_world_t *w)
{
    sim_alter_clear(&w->alters);
    sim_tenant_free(w->tenant);
    sim_faults_clear(&w->faults);
    sim_quota_clear(&w->quota);
    sim_log_free(&w->log);
    free(w->cfg.project);
    json_decref(w->cfg.tokens);
    json_decref(w->cfg.keys);
}


void
sim_world_tenant(sim_world_t *w, sim_tenant_t *t)
{
    /* altered days name desktops by their numbers in the old tenant */

    sim_alter_clear(&w->alters);
    sim_tenant_free(w->tenant);
    w->tenant = t;
    sim_tenant_index(t, sim_world_now(w));
}


int64_t
sim_world_filed(const sim_world_t *w, int64_t now)
{
    return sim_usage_filed(now, w->cfg.habits.filing_zone);
}


int64_t
sim_world_now(const sim_world_t *w)
{
    return w->cfg.now != SIM_NEVER ? w->cfg.now : (int64_t) time(NULL);
}
