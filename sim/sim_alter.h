/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Altered days: what the legacy call answers otherwise than the sessions and
 * the successors have it.
 */

#ifndef SIM_ALTER_H
#define SIM_ALTER_H

#include "sim_usage.h"


typedef struct {
    size_t  desktop;
    int64_t day;
    int64_t seconds; /* more than there are; below 0: fewer */
} sim_alter_t;


/* All zeros is a list without altered days. */
typedef struct {
    sim_alter_t *items;
    size_t       n;
} sim_alters_t;


/* Alters a desktop's day, once more if it is altered already. */
void sim_alter_add(
    sim_alters_t *alters, size_t desktop, int64_t day, int64_t seconds);

/* Applies what is altered of a desktop to its bins, which never fall below 0.
 */
void sim_alter_bins(
    const sim_alters_t *alters, size_t desktop, const sim_bins_t *bins);

/* Removes all alterations. */
void sim_alter_clear(sim_alters_t *alters);

#endif
