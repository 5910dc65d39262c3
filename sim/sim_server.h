/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The HTTP server, of which there is one.
 */

#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim_world.h"


typedef struct {
    const char *listen; /* ADDR:PORT or [ADDR]:PORT */
    char       *cert;   /* text in PEM; NULL: no TLS */
    char       *key;    /* likewise */
} sim_server_options_t;


/*
 * Starts a thread that listens and answers out of the world.  Gives the port;
 * or -1, with a message on standard error.
 */
int sim_server_start(sim_world_t *w, const sim_server_options_t *o);

/* Ends all connections and the thread. */
void sim_server_stop(void);

#endif
