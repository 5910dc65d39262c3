/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The index of a tenant: sorted lists, and sums by day.
 */

#ifndef SIM_INDEX_H
#define SIM_INDEX_H

#include "sim_tenant.h"


/*
 * Makes the lists of a tenant that is complete, and its sums from the first
 * day in use to the one that `now` is in.
 */
void sim_tenant_index(sim_tenant_t *t, int64_t now);

/* Makes the sums anew if `now` is in another day than the last one summed. */
void sim_tenant_refresh(sim_tenant_t *t, int64_t now);

#endif
