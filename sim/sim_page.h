/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One page of a list, with the faults that hit it.
 */

#ifndef SIM_PAGE_H
#define SIM_PAGE_H

#include "sim_world.h"

#define SIM_PHANTOM (SIZE_MAX - 4096) /* rows from here on do not exist */


/* What is wrong with a row. */
typedef struct {
    const char *value; /* the metric's JSON instead of the true one */
    unsigned    no_metric : 1;
    unsigned    no_id : 1;
    unsigned    bad_time : 1;
    unsigned    end_first : 1;
    unsigned    idle : 1; /* metrics only if the row is without use */
} sim_row_fx_t;


typedef struct sim_page_s sim_page_t;

/* Writes the members of a row, without the braces. */
typedef void (*sim_row_t)(
    sim_buf_t *b, const sim_page_t *page, size_t row, const sim_row_fx_t *fx);

struct sim_page_s {
    const sim_world_t *world;
    const sim_call_t  *call;
    const char        *count_key;
    const char        *list_key;
    sim_list_t         rows; /* all of them, in order */
    json_int_t         limit;
    int64_t            first, last; /* days that are summed */
    int                count_last;  /* the count comes after the list */
    sim_row_t          row;
};


/* Writes the page at the call's offset as the call's reply, frees the rows. */
void sim_page_reply(sim_page_t *page, sim_call_t *c);

/* Writes one metric of a row; `value` in seconds. */
void sim_page_metric(sim_buf_t *b, const char *name, int64_t value);

/* Writes the usage metric of a row, or what a fault makes of it. */
void sim_page_usage(
    sim_buf_t *b, const char *name, int64_t value, const sim_row_fx_t *fx);

#endif
