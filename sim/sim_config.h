/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The settings, as /_sim/config has them (docs/simulator.md, "Control").
 */

#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include "sim_world.h"


/*
 * Sets what an object says: first all habits, then those of a release, then the
 * other settings, at last single habits.  Gives 0; or -1 and what is wrong with
 * a member, with those before it set.
 */
int sim_configure(sim_world_t *w, const json_t *object, char err[256]);

/* Gives the settings and the tenant's size; a new reference. */
json_t *sim_settings(const sim_world_t *w);

#endif
