/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The HTTP side: libmicrohttpd around sim_answer().
 */

#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim_world.h"


typedef struct {
    const char *listen; /* ADDR:PORT, [ADDR]:PORT */
    char       *cert;   /* PEM text; NULL: no TLS */
    char       *key;
} sim_server_options_t;


/* Listens and serves in a thread of its own; the port, or -1. */
int sim_server_start(sim_world_t *w, const sim_server_options_t *o);

/* Ends all connections and the thread. */
void sim_server_stop(void);

#endif
