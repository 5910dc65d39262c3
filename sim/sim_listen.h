/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The socket that the simulator listens on.
 */

#ifndef SIM_LISTEN_H
#define SIM_LISTEN_H


/*
 * Opens a socket that listens at ADDR:PORT or [ADDR]:PORT; port 0 is a free
 * one.  Gives its descriptor; or -1, with a message on standard error.
 */
int sim_listen(const char *where);

/* Gives the port of such a socket, or -1. */
int sim_listen_port(int fd);

#endif
