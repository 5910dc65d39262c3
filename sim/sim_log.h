/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The log.  It keeps an entry for each call, so that tests can check what was
 * called, and may write the entries to a file.  docs/simulator.md shows one.
 */

#ifndef SIM_LOG_H
#define SIM_LOG_H

#include "sim_call.h"

#include <stdio.h>


typedef struct {
    json_t  *calls;  /* an array of the entries kept, the oldest first */
    size_t   max;    /* how many are kept */
    uint64_t serial; /* how many calls there ever were */
    FILE    *file;   /* NULL: none */
} sim_log_t;


/* Makes an empty log without a file. */
void sim_log_init(sim_log_t *log);

/* Frees the entries and closes the file. */
void sim_log_free(sim_log_t *log);

/*
 * Makes the entry of a call that has arrived.  `names` is an array of its
 * headers' names, `headers` an object of their values as sim_log_value() gives
 * them; both references are taken over.
 */
void
sim_log_arrival(sim_log_t *log, sim_call_t *c, json_t *names, json_t *headers);

/* Notes in a call's entry what it is answered with. */
void sim_log_reply(const sim_call_t *c);

/* Notes in a call's entry how it ended, and writes the file's line. */
void sim_log_end(sim_log_t *log, const sim_call_t *c, const char *how);

/*
 * Gives a header's value as it may be logged, a new reference: a fingerprint
 * instead of a secret, printable, cut if it is long.
 */
json_t *sim_log_value(const char *name, const char *value);

#endif
