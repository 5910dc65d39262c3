/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The simulator's own API (docs/simulator.md, "Control").
 */

#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim_world.h"


/* Tells whether a path, up to its question mark, is one of this API. */
int sim_is_control(const char *path);

/* Answers a call whose path is one. */
void sim_control(sim_world_t *w, sim_call_t *c);

#endif
