/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where tenants come from: a recipe, a file, the published example.  None of
 * them is indexed yet (sim_index.h).
 */

#ifndef SIM_SOURCE_H
#define SIM_SOURCE_H

#include "sim_tenant.h"

#include <jansson.h>


/* What to generate. */
typedef struct {
    uint64_t seed;
    int      desktops;
    int      days;
    int      users; /* 0: as many as fit the desktops */
    int64_t  now;   /* no session begins after this time */
} sim_recipe_t;


/* Generates a tenant: the same recipe makes the same tenant. */
sim_tenant_t *sim_tenant_generate(const sim_recipe_t *recipe);

/*
 * Reads a tenant from a sessions file's JSON (docs/simulator.md); NULL and what
 * is wrong if it can't.
 */
sim_tenant_t *sim_tenant_load(const json_t *root, char err[256]);

/*
 * Reads a tenant from a sessions file; NULL likewise.  What is wrong is "" if
 * it is said on standard error already.
 */
sim_tenant_t *sim_tenant_read(const char *name, char err[256]);

/* Makes the tenant of the published example. */
sim_tenant_t *sim_tenant_default(void);

#endif
