/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy call's request: what its body requests (translation.md,
 * "Request").
 */

#ifndef SIM_LEGACY_REQUEST_H
#define SIM_LEGACY_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>


typedef struct {
    json_t     *body;        /* what the pointers below point into */
    json_t     *ids;         /* array without duplicates; NULL: not given */
    const char *user;        /* NULL: everybody */
    const char *domain;      /* NULL: any */
    int         hours;       /* by the hour, not by the day */
    int64_t     first, last; /* days, both included */
    int64_t     offset, limit;
} sim_legacy_t;


/*
 * Reads a body of `len` bytes at the time `now`; 0 bytes are an empty object.
 * Gives 0, or -1 and what is wrong.  sim_legacy_free() is called either way.
 */
int sim_legacy_parse(
    sim_legacy_t *r, const char *body, size_t len, int64_t now, char err[256]);

/* Frees what a request holds. */
void sim_legacy_free(sim_legacy_t *r);

#endif
