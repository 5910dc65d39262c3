/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The command line.
 */

#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "sim_server.h"


typedef struct {
    sim_server_options_t server;
    const char          *port_file;
    int                  with_stdin; /* ends when standard input does */
} sim_options_t;


/* Reads the options into o and a new world; 0, 1 on error, -1 for help. */
int sim_options(sim_options_t *o, sim_world_t *w, int argc, char **argv);

/* Frees what the options hold. */
void sim_options_free(sim_options_t *o);

#endif
