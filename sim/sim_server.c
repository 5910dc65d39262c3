/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The HTTP side: libmicrohttpd around sim_answer().
 */

#include "sim_server.h"
#include "sim_send.h"
#include "sim_wait.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX ((size_t) 64 * 1024 * 1024)


static struct MHD_Daemon *server;


/* The first thing heard of a request: its target, as it came. */

static void *
on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    size_t                          len = strcspn(target, "?");
    sim_conn_t                     *conn = sim_alloc(sizeof(*conn));
    const union MHD_ConnectionInfo *info;

    conn->world = cls;
    conn->connection = connection;
    conn->call.begun = sim_monotonic();
    conn->call.path = sim_strdup(target);
    conn->call.path[len] = '\0';
    conn->call.raw = sim_strdup(target[len] ? target + len + 1 : "");

    info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    conn->fd = info ? info->connect_fd : -1;

    return conn;
}


typedef struct {
    sim_call_t *call;
    json_t     *names;
    json_t     *values;
} headers_t;


/* The key that a signature is made with. */

static char *
access_key(const char *authorization)
{
    char       *key;
    const char *p = strstr(authorization, "Access=");

    if (p == NULL) {
        return NULL;
    }

    p += sizeof("Access=") - 1;
    key = sim_strdup(p);
    key[strcspn(key, ", ")] = '\0';

    return key;
}


static void
note_credential(sim_call_t *c, const char *name, const char *value)
{
    if (value[0] == '\0') {
        return;
    }

    if (strcasecmp(name, "X-Auth-Token") == 0 && c->token == NULL) {
        free(c->key);
        c->token = sim_strdup(value);
        c->key = sim_strdup(value);

    } else if (strcasecmp(name, "Authorization") == 0 && c->key == NULL
               && strncmp(value, "SDK-HMAC-SHA256 ", 16) == 0)
    {
        c->key = access_key(value);
        c->signs = 1;
    }
}


static void
keep_header(sim_call_t *c, const char *name, const char *value)
{
    c->headers =
        sim_realloc(c->headers, (c->nheaders + 1) * sizeof(sim_header_t));
    c->headers[c->nheaders].name = sim_strdup(name);
    c->headers[c->nheaders++].value = sim_strdup(value);
}


static enum MHD_Result
on_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    char      *p, *lower = sim_strdup(name);
    json_t    *shown, *before, *both;
    headers_t *h = cls;

    (void) kind;

    for (p = lower; *p; p++) {
        *p = (char) (*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    }

    value = value ? value : "";
    note_credential(h->call, name, value);
    keep_header(h->call, lower, value);

    shown = sim_log_value(name, value);
    before = json_object_get(h->values, lower);

    if (before != NULL) {
        both = json_sprintf(
            "%s, %s", json_string_value(before), json_string_value(shown));
        json_decref(shown);
        shown = both;
    }

    (void) json_array_append_new(h->names, json_string(lower));
    (void) json_object_set_new(h->values, lower, shown);
    free(lower);

    return MHD_YES;
}


/* Clients that write head and body apart wait for the head's ACK. */

static void
acknowledge(const sim_conn_t *conn)
{
    int on = 1;

    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}


static void
arrive(sim_conn_t *conn, const char *method)
{
    headers_t h = { &conn->call, json_array(), json_object() };

    acknowledge(conn);
    conn->call.method = sim_strdup(method);
    (void) MHD_get_connection_values(
        conn->connection, MHD_HEADER_KIND, on_header, &h);

    if (strncmp(conn->call.path, "/_sim/", 6) == 0) {
        json_decref(h.names);
        json_decref(h.values);
        return;
    }

    sim_log_arrival(conn->world, &conn->call, h.names, h.values);
}


/* How long the reply has to wait, in ms; SIM_FOREVER: it hangs. */

static int64_t
delay(sim_conn_t *conn)
{
    sim_world_t    *w = conn->world;
    const sim_fx_t *fx = &conn->call.fx;

    if (fx->hit[SIM_FAULT_HANG]
        && json_object_get(fx->hit[SIM_FAULT_HANG], "at") == NULL)
    {
        return SIM_FOREVER;
    }

    if (fx->hit[SIM_FAULT_DELAY]) {
        return sim_fx_int(fx->hit[SIM_FAULT_DELAY], "ms", 1000);
    }

    w->random = w->random * 6364136223846793005ULL + 1442695040888963407ULL;

    return w->cfg.delay_min
           + (int64_t) ((w->random >> 33)
                        % (uint64_t) (w->cfg.delay_max - w->cfg.delay_min + 1));
}


/* The request is whole: finds the reply, and sends it now or later. */

static enum MHD_Result
answer(sim_conn_t *conn)
{
    int64_t      ms;
    sim_waiter_t waiter = { conn->connection, conn->fd, 0, &conn->gone };

    sim_answer(conn->world, &conn->call);
    conn->stage = 2;

    if (conn->call.entry == NULL) {
        if (strcmp(conn->call.path, "/_sim/faults") == 0) {
            sim_wait_release();
        }

        return sim_send(conn);
    }

    sim_log_reply(&conn->call);
    ms = delay(conn);

    if (conn->call.fx.hit[SIM_FAULT_RESET]
        && json_object_get(conn->call.fx.hit[SIM_FAULT_RESET], "at") == NULL)
    {
        sim_reset(conn);
        return MHD_NO;
    }

    if (ms > 0) {
        waiter.due = ms == SIM_FOREVER ? ms : sim_monotonic() + ms;
        conn->gone = ms == SIM_FOREVER;
        sim_wait(&waiter);
        return MHD_YES;
    }

    return sim_send(conn);
}


static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **con_cls)
{
    sim_conn_t *conn = *con_cls;

    (void) cls;
    (void) connection;
    (void) url;
    (void) version;

    if (conn->stage == 0) {
        arrive(conn, method);
        conn->stage = 1;
        return MHD_YES;
    }

    if (*size) {
        if (conn->call.body.len + *size > BODY_MAX) {
            return MHD_NO;
        }

        sim_buf_add(&conn->call.body, data, *size);
        *size = 0;
        return MHD_YES;
    }

    return conn->stage == 1 ? answer(conn) : sim_send(conn);
}


static void
on_end(void *cls, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode code)
{
    sim_conn_t *conn = *con_cls;

    (void) cls;
    (void) connection;

    if (conn == NULL) {
        return;
    }

    if (conn->call.entry != NULL) {
        sim_log_end(conn->world, &conn->call,
            code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "sent" : "broken");
    }

    sim_call_free(&conn->call);
    free(conn);
    *con_cls = NULL;
}


/* The address in words, as getaddrinfo wants it. */

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


static int
port_of(int fd)
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


/* A listening socket, or -1 and a message. */

static int
open_socket(const char *where)
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


int
sim_server_start(sim_world_t *w, const sim_server_options_t *o)
{
    int                   fd, port;
    unsigned              flags;
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, o->cert },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, o->key },
        { MHD_OPTION_END, 0, NULL },
    };

    fd = open_socket(o->listen);

    if (fd < 0) {
        return -1;
    }

    port = port_of(fd);

    flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME
            | (o->cert ? MHD_USE_TLS : 0);

    if (sim_wait_start() != 0) {
        (void) close(fd);
        return -1;
    }

    server = MHD_start_daemon(flags, 0, NULL, NULL, on_request, w,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_target, w,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, w,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) 512 * 1024,
        MHD_OPTION_CONNECTION_LIMIT, 8000U, MHD_OPTION_ARRAY,
        o->cert ? tls : &tls[2], MHD_OPTION_END);

    if (server == NULL) {
        (void) fprintf(stderr, "usagesim: the HTTP server does not start\n");
        sim_wait_stop();
        (void) close(fd);
        return -1;
    }

    return port;
}


void
sim_server_stop(void)
{
    sim_wait_stop();
    MHD_stop_daemon(server);
}
