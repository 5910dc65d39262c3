/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults that change a reply's status or bytes.  (sim_page.h has those of rows,
 * sim_send.h those of the connection.)
 */

#ifndef SIM_SPOIL_H
#define SIM_SPOIL_H

#include "sim_call.h"


/* Makes the reply the error that the fault `status` describes. */
void sim_spoil_status(sim_call_t *c, const json_t *fault);

/* Changes the bytes of a reply that is complete, as the call's faults ask. */
void sim_spoil(sim_call_t *c);

#endif
