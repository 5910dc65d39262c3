/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The socket that the simulator listens on.
 */

#include "sim_listen.h"
#include "sim_buf.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>


/* Finds an address, ADDR:PORT or [ADDR]:PORT; if it can't, gives NULL and
 * prints why. */

static struct addrinfo *
find_address(const char *where)
{
    int              rc;
    char            *host = sim_strdup(where), *colon, *name = host;
    struct addrinfo *list = NULL, hints = { 0 };

    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;

    colon = strrchr(host, ':');

    if (colon == NULL) {
        rc = EAI_NONAME;

    } else {
        *colon = '\0';

        if (*name == '[' && colon[-1] == ']') {
            colon[-1] = '\0';
            name++;
        }

        rc = getaddrinfo(name, colon + 1, &hints, &list);
    }

    if (rc != 0) {
        (void) fprintf(stderr, "usagesim: %s: %s\n", where, gai_strerror(rc));
    }

    free(host);

    return list;
}


int
sim_listen_port(int fd)
{
    socklen_t               len;
    struct sockaddr_storage a = { 0 };

    len = sizeof(a);

    if (getsockname(fd, (struct sockaddr *) &a, &len) != 0) {
        return -1;
    }

    return a.ss_family == AF_INET6
               ? ntohs(((struct sockaddr_in6 *) &a)->sin6_port)
               : ntohs(((struct sockaddr_in *) &a)->sin_port);
}


int
sim_listen(const char *where)
{
    int              fd, one = 1;
    struct addrinfo *list = find_address(where);

    if (list == NULL) {
        return -1;
    }

    fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0
        || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0
        || bind(fd, list->ai_addr, list->ai_addrlen) != 0
        || listen(fd, 1024) != 0)
    {
        (void) fprintf(stderr, "usagesim: %s: %s\n", where, strerror(errno));

        if (fd >= 0) {
            (void) close(fd);
        }

        fd = -1;
    }

    freeaddrinfo(list);

    return fd;
}
