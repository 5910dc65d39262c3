/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One page of a successor's list, with the faults that hit it.
 */

#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include "sim_world.h"

/*
 * Phantoms are rows that a fault adds.  Their numbers begin here, beyond those
 * of all desktops, users and sessions.
 */
#define SIM_PHANTOM (SIZE_MAX - 4096)

#define SIM_OFFSET_MAX 2147483647


/* What is wrong with a row. */
typedef struct {
    const char *value; /* JSON in place of the usage metric's value; or NULL */
    const json_t *error; /* the fault by which a period is an error; or NULL */
    unsigned      no_metric : 1;
    unsigned      no_id : 1;
    unsigned      bad_time : 1;
    unsigned      end_first : 1;
    unsigned      idle : 1; /* its metric is wrong only if it is 0 */
} sim_row_faults_t;


typedef struct sim_page_s sim_page_t;

/* Writes the members of a row, without the braces. */
typedef void (*sim_row_t)(sim_buf_t *b, const sim_page_t *page, size_t row,
    const sim_row_faults_t *faults);

struct sim_page_s {
    const sim_world_t *world;
    const sim_call_t  *call;
    const char        *count_key; /* NULL: the reply has no count */
    const char        *list_key;
    const char *tail; /* members behind the list, with a comma; or NULL */
    const void *data; /* the row function's own */
    sim_list_t  rows; /* all rows of the list, in order */
    json_int_t  limit;
    int64_t     first, last; /* of statistics: days that are summed */
    sim_row_t   row;
};


/*
 * Writes the page at the call's offset as the call's reply, and frees the list
 * of rows.
 */
void sim_page_reply(sim_page_t *page, sim_call_t *c);

/* Writes a member of a phantom: a string, the prefix with its number behind. */
void
sim_page_phantom(sim_buf_t *b, const char *key, const char *prefix, size_t row);

/* Writes one metric of a row. */
void sim_page_metric(sim_buf_t *b, const char *name, int64_t value);

/* Writes the usage metric of a row, in seconds, or what faults make of it. */
void sim_page_usage(sim_buf_t *b, const char *name, int64_t value,
    const sim_row_faults_t *faults);

#endif
