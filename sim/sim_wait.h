/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that wait: for a delay to pass, or, hanging, for the client to
 * give up. A thread of its own wakes them; nobody else is held up.
 */

#ifndef SIM_WAIT_H
#define SIM_WAIT_H

#include <stdint.h>

#include <microhttpd.h>

#define SIM_FOREVER INT64_MAX


typedef struct {
    struct MHD_Connection *connection;
    int                    fd;
    int64_t                due;  /* of sim_monotonic(), or SIM_FOREVER */
    volatile int          *gone; /* set if the client has gone meanwhile */
} sim_waiter_t;


/* Starts the thread; 0 or -1. */
int sim_wait_start(void);

/* Suspends a connection. Called from where MHD allows that. */
void sim_wait(const sim_waiter_t *waiter);

/* Wakes those that would hang forever. */
void sim_wait_release(void);

/* Wakes all and ends the thread; who comes later doesn't wait. */
void sim_wait_stop(void);

#endif
