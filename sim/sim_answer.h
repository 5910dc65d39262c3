/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finds the reply of a call: of an API, or of the simulator's controls.
 */

#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "sim_world.h"


/*
 * Finds the reply of a call that is complete.  For an API it goes by route,
 * method, faults, rights, project, quota; the first that fails is the reply.
 */
void sim_answer(sim_world_t *w, sim_call_t *c);

#endif
