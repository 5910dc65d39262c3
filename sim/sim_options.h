/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The command line.
 */

#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "sim_server.h"


typedef struct {
    sim_server_options_t server;
    const char          *port_file;  /* NULL: there is none */
    int                  with_stdin; /* end when standard input ends */
} sim_options_t;


/*
 * Reads the command line into `o` and a world, which it makes.  Gives 0; 1
 * after an error, with a message on standard error; or -1 if only help was
 * requested, and printed.
 */
int sim_options(sim_options_t *o, sim_world_t *w, int argc, char **argv);

/* Frees what the options hold. */
void sim_options_free(sim_options_t *o);

#endif
