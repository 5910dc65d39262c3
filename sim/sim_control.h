/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's own API: what its parts share.
 */

#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim_world.h"


/* Answers with a value, and lets go of it. */
void sim_control_reply(sim_call_t *c, json_t *v);

/* Answers 400, and says why. */
void sim_control_refuse(sim_call_t *c, const char *why);

/* POST and DELETE /_sim/alter. */
void sim_control_alter(sim_world_t *w, sim_call_t *c);
void sim_control_unalter(sim_world_t *w, sim_call_t *c);

/* GET /_sim/users. */
void sim_control_users(sim_world_t *w, sim_call_t *c);

/* GET /_sim/truth/user. */
void sim_control_truth(sim_world_t *w, sim_call_t *c);

#endif
