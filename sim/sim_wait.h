/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Connections that wait for a time, or forever until their client gives up.  A
 * thread of its own wakes them, so that no other connection is held up.
 */

#ifndef SIM_WAIT_H
#define SIM_WAIT_H

#include <stdint.h>

#include <microhttpd.h>

#define SIM_FOREVER INT64_MAX


typedef struct {
    struct MHD_Connection *connection;
    int                    fd;   /* its socket */
    int64_t                due;  /* in ms of sim_monotonic(), or SIM_FOREVER */
    volatile int          *gone; /* set if the client leaves meanwhile */
} sim_waiter_t;


/* Starts the thread; gives 0 or -1. */
int sim_wait_start(void);

/* Suspends a connection; called from where libmicrohttpd allows that. */
void sim_wait(const sim_waiter_t *waiter);

/* Wakes the connections that would wait forever. */
void sim_wait_release(void);

/* Wakes all and ends the thread; connections that come later don't wait. */
void sim_wait_stop(void);

#endif
