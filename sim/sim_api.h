/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The APIs that are simulated.  Each function answers a call of its API.
 * By then the query is taken apart, the faults that hit the call are found, and
 * the caller's rights are checked.
 */

#ifndef SIM_API_H
#define SIM_API_H

#include "sim_world.h"


typedef void (*sim_api_t)(sim_world_t *w, sim_call_t *c);


/* Answers GET statistics/metrics/desktops. */
void sim_api_desktop_metrics(sim_world_t *w, sim_call_t *c);

/* Answers GET statistics/metrics/users. */
void sim_api_user_metrics(sim_world_t *w, sim_call_t *c);

/* Answers GET desktops. */
void sim_api_directory(sim_world_t *w, sim_call_t *c);

/* Answers GET connections/desktops. */
void sim_api_records(sim_world_t *w, sim_call_t *c);

/* Answers GET desktop-monitor/{desktop_id}. */
void sim_api_monitor(sim_world_t *w, sim_call_t *c);

/* Answers POST desktops/statistics/used. */
void sim_api_legacy(sim_world_t *w, sim_call_t *c);

#endif
