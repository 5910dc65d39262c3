/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Controls that show the tenant (docs/simulator.md, "Control").
 */

#ifndef SIM_INSPECT_H
#define SIM_INSPECT_H

#include "sim_world.h"


/* Answers GET /_sim/desktops: the desktops' ids, or all about them. */
void sim_inspect_desktops(sim_world_t *w, sim_call_t *c);

/* Answers GET /_sim/users: the users' names, or all about them. */
void sim_inspect_users(sim_world_t *w, sim_call_t *c);

/* Answers GET /_sim/truth/user: the seconds that a user's days are filed with.
 */
void sim_inspect_truth(sim_world_t *w, sim_call_t *c);

#endif
