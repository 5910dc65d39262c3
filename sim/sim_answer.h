/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Finds the reply of a call: of an API, or of the simulator's controls.
 */

#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "sim_world.h"


/*
 * Finds the reply of a call that is complete.  For an API it checks route,
 * method, credential, project and quota; the first that is wrong makes the
 * reply. If none is, the fault `status` makes it, or else the API.
 */
void sim_answer(sim_world_t *w, sim_call_t *c);

#endif
