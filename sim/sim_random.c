/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers that look random and are the same for the same seed (splitmix64).
 */

#include "sim_random.h"

#include <stdio.h>


uint64_t
sim_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;

    return z ^ (z >> 31);
}


int64_t
sim_random_between(uint64_t *state, int64_t min, int64_t max)
{
    return min + (int64_t) (sim_random(state) % (uint64_t) (max - min + 1));
}


void
sim_random_uuid(uint64_t *state, char out[40])
{
    unsigned long long a = sim_random(state), b = sim_random(state);

    (void) snprintf(out, 40, "%08llx-%04llx-4%03llx-%04llx-%012llx", a >> 32,
        (a >> 16) & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000,
        b & 0xffffffffffffULL);
}
