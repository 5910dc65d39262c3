/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Times as connection records and desktop monitoring show them: in the form
 * that the service has by habit.
 */

#ifndef SIM_STAMP_H
#define SIM_STAMP_H

#include "sim_buf.h"
#include "sim_habits.h"


/*
 * Writes a member of an object: the time, or if it is SIM_NEVER what stands for
 * one that there isn't.
 */
void sim_stamp(sim_buf_t *b, const char *key, int64_t t, sim_times_t form,
    sim_none_t none);

#endif
