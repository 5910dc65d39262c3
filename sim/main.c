/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagesim: a simulator of the Workspace usage APIs, old and new.
 */

#include "sim_options.h"
#include "sim_server.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>


/* Waits for a signal; with `with_stdin`, for the end of standard input, too. */

static void
wait_for_end(int signals, int with_stdin)
{
    char          buf[256];
    struct pollfd p[2] = { { .fd = signals, .events = POLLIN },
        { .fd = with_stdin ? STDIN_FILENO : -1, .events = POLLIN } };

    for (;;) {
        if (poll(p, 2, -1) < 0) {
            continue;
        }

        if (p[0].revents) {
            return;
        }

        if (p[1].revents && read(STDIN_FILENO, buf, sizeof(buf)) <= 0) {
            return;
        }
    }
}


/*
 * Writes the port to a file that others wait for: the file is complete when it
 * appears.  Gives 0, or 1 and a message.
 */

static int
write_port(const char *file, int port)
{
    int       rc;
    FILE     *f;
    sim_buf_t b = { 0 };

    sim_buf_fmt(&b, "%s.new", file);
    f = fopen(b.data, "w");
    rc = f == NULL || fprintf(f, "%d\n", port) < 0;

    if (f != NULL && fclose(f) != 0) {
        rc = 1;
    }

    if (rc || rename(b.data, file) != 0) {
        perror(file);
        rc = 1;
    }

    sim_buf_free(&b);

    return rc;
}


/* Serves until the end is requested; gives the exit status. */

static int
serve(sim_world_t *w, const sim_options_t *o)
{
    int      port, signals, rc = 0;
    sigset_t set;

    (void) sigemptyset(&set);
    (void) sigaddset(&set, SIGINT);
    (void) sigaddset(&set, SIGTERM);
    (void) sigprocmask(SIG_BLOCK, &set, NULL);
    (void) signal(SIGPIPE, SIG_IGN);

    signals = signalfd(-1, &set, SFD_CLOEXEC);
    port = sim_server_start(w, &o->server);

    if (port < 0) {
        (void) close(signals);
        return 1;
    }

    if (o->port_file) {
        rc = write_port(o->port_file, port);
    }

    (void) printf("usagesim: listening on %.*s:%d\n",
        (int) (strrchr(o->server.listen, ':') - o->server.listen),
        o->server.listen, port);
    (void) fflush(stdout);

    if (rc == 0) {
        wait_for_end(signals, o->with_stdin);
    }

    sim_server_stop();
    (void) close(signals);

    return rc;
}


int
main(int argc, char **argv)
{
    int           rc;
    sim_world_t   w;
    sim_options_t o;

    rc = sim_options(&o, &w, argc, argv);

    if (rc == 0) {
        rc = serve(&w, &o);

    } else if (rc < 0) {
        rc = 0; /* only help was requested */
    }

    sim_world_free(&w);
    sim_options_free(&o);

    return rc;
}
