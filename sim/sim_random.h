/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers that look random and are the same for the same seed (splitmix64).
 */

#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>


/* Draws 64 bits.  The seed is what *state is before the first draw. */
uint64_t sim_random(uint64_t *state);

/* Draws a number from `min` to `max`, both included. */
int64_t sim_random_between(uint64_t *state, int64_t min, int64_t max);

/* Draws a UUID, as text with a NUL. */
void sim_random_uuid(uint64_t *state, char out[40]);

#endif
