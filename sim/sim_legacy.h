/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call's request, as it may be answered.
 */

#ifndef SIM_LEGACY_H
#define SIM_LEGACY_H

#include "sim_world.h"


typedef struct {
    json_t     *body;   /* keeps what the pointers below point into */
    json_t     *ids;    /* array without duplicates; NULL: not given */
    const char *user;   /* NULL: everybody */
    const char *domain; /* NULL: any */
    int         hours;
    int64_t     first, last; /* days */
    int64_t     offset, limit;
} sim_legacy_t;


/* Reads and checks a body; 0, or -1 and in err what was wrong. */
int sim_legacy_parse(
    sim_legacy_t *r, const char *body, size_t len, int64_t now, char err[256]);

/* Frees what a request holds. */
void sim_legacy_free(sim_legacy_t *r);

#endif
