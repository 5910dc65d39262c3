/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The quota: how many calls of an API a credential may make in a minute.
 */

#include "sim_quota.h"
#include "sim_buf.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE 60000


/* Finds the meter of a credential and an API, or begins one. */

static sim_meter_t *
find_meter(
    sim_quota_t *quota, const char *api, const char *credential, int64_t now)
{
    size_t    i;
    uint64_t  id;
    sim_buf_t b = { 0 };

    sim_buf_fmt(&b, "%s %s", api, credential);
    id = sim_fingerprint(b.data, b.len);
    sim_buf_free(&b);

    for (i = 0; i < quota->n; i++) {
        if (quota->meters[i].id == id) {
            return &quota->meters[i];
        }
    }

    quota->meters =
        sim_realloc(quota->meters, (quota->n + 1) * sizeof(sim_meter_t));
    quota->meters[quota->n] = (sim_meter_t){ id, now, 0 };

    return &quota->meters[quota->n++];
}


int
sim_quota_take(sim_quota_t *quota, const char *api, const char *credential,
    int64_t now, int64_t max)
{
    sim_meter_t *m;

    if (max == 0) {
        return 1;
    }

    m = find_meter(quota, api, credential, now);

    if (now - m->since >= MINUTE) {
        m->since = now;
        m->calls = 0;
    }

    return ++m->calls <= max;
}


void
sim_quota_clear(sim_quota_t *quota)
{
    free(quota->meters);
    memset(quota, 0, sizeof(*quota));
}
