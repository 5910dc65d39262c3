/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Altered days: what the legacy call answers otherwise than the sessions and
 * the successors have it.
 */

#include "sim_alter.h"
#include "sim_buf.h"
#include "sim_time.h"

#include <stdlib.h>
#include <string.h>


void
sim_alter_add(
    sim_alters_t *alters, size_t desktop, int64_t day, int64_t seconds)
{
    alters->items =
        sim_realloc(alters->items, (alters->n + 1) * sizeof(sim_alter_t));
    alters->items[alters->n++] = (sim_alter_t){ desktop, day, seconds };
}


void
sim_alter_bins(
    const sim_alters_t *alters, size_t desktop, const sim_bins_t *bins)
{
    size_t             i;
    int64_t            bin, begin;
    const sim_alter_t *a;

    for (i = 0; i < alters->n; i++) {
        a = &alters->items[i];
        begin = a->day * SIM_DAY;
        bin = (begin - bins->from) / bins->width;

        if (a->desktop == desktop && begin >= bins->from
            && bin < (int64_t) bins->n) {
            bins->seconds[bin] += a->seconds;
            bins->seconds[bin] =
                bins->seconds[bin] < 0 ? 0 : bins->seconds[bin];
        }
    }
}


void
sim_alter_clear(sim_alters_t *alters)
{
    free(alters->items);
    memset(alters, 0, sizeof(*alters));
}
