/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A reply on its way to the client, with the faults of the connection.
 */

#ifndef SIM_SEND_H
#define SIM_SEND_H

#include "sim_world.h"

#include <microhttpd.h>


/* How far a call is. */
typedef enum { SIM_HEAD, SIM_BODY, SIM_ANSWERED } sim_stage_t;


/* A connection with the call that is on it. */
typedef struct {
    sim_world_t           *world;
    struct MHD_Connection *connection;
    int                    fd; /* its socket */
    sim_stage_t            stage;
    volatile int           gone;   /* the client has left */
    size_t                 waited; /* where in the reply it waited last */
    sim_call_t             call;
} sim_conn_t;


/*
 * Queues the reply of a call that is answered, to be sent with the faults that
 * hit it.  MHD_NO: it can't be sent, and the connection ends.
 */
enum MHD_Result sim_send(sim_conn_t *conn);

/* Resets the connection (RST), at once. */
void sim_reset(const sim_conn_t *conn);

#endif
