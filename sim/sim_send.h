/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A reply on its way out, with what goes wrong there.
 */

#ifndef SIM_SEND_H
#define SIM_SEND_H

#include "sim_world.h"

#include <microhttpd.h>


/* A connection with the call that is on it. */
typedef struct {
    sim_world_t           *world;
    struct MHD_Connection *connection;
    int                    fd;
    int                    stage;  /* 0 headers, 1 body, 2 answered */
    volatile int           gone;   /* the client has left */
    size_t                 waited; /* body bytes before the last wait */
    sim_call_t             call;
} sim_conn_t;


/* Queues the reply, or breaks the connection as a fault asks. */
enum MHD_Result sim_send(sim_conn_t *conn);

/* Resets the connection at once. */
void sim_reset(const sim_conn_t *conn);

#endif
