/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The HTTP server: libmicrohttpd reads the calls, sim_answer() answers them.
 */

#include "sim_server.h"
#include "sim_answer.h"
#include "sim_control.h"
#include "sim_json.h"
#include "sim_listen.h"
#include "sim_random.h"
#include "sim_send.h"
#include "sim_time.h"
#include "sim_wait.h"

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


/* Begins a call: its target is known, as it came. */

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


/* A call's headers while they are read. */

typedef struct {
    sim_call_t *call;
    json_t     *names;  /* for the log */
    json_t     *values; /* for the log */
} headers_t;


/* Finds the access key in Authorization; the caller frees it.  NULL: none. */

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


/* Notes what a header says of who calls. */

static void
note_credential(sim_call_t *c, const char *name, const char *value)
{
    if (value[0] == '\0') {
        return;
    }

    if (strcasecmp(name, "X-Auth-Token") == 0 && c->token == NULL) {
        free(c->credential);
        c->token = sim_strdup(value);
        c->credential = sim_strdup(value);

    } else if (strcasecmp(name, "Authorization") == 0 && c->credential == NULL
               && strncmp(value, "SDK-HMAC-SHA256 ", 16) == 0)
    {
        c->credential = access_key(value);
        c->is_signed = 1;
    }
}


/* Notes a header for the call and for the log. */

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
    sim_call_header(h->call, lower, value);

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


/*
 * Acknowledges the head at once.  A client that writes head and body apart may
 * wait for that before it sends the body (Nagle's algorithm).
 */

static void
acknowledge(const sim_conn_t *conn)
{
    int on = 1;

    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}


/* Notes the head of a call, when it is complete. */

static void
arrive(sim_conn_t *conn, const char *method)
{
    headers_t h = { &conn->call, json_array(), json_object() };

    acknowledge(conn);
    conn->call.method = sim_strdup(method);
    (void) MHD_get_connection_values(
        conn->connection, MHD_HEADER_KIND, on_header, &h);

    if (sim_is_control(conn->call.path)) {
        json_decref(h.names);
        json_decref(h.values);
        return;
    }

    sim_log_arrival(&conn->world->log, &conn->call, h.names, h.values);
}


/* Tells whether a fault strikes at once, not behind a byte of the body. */

static int
strikes_at_once(const json_t *fault)
{
    return fault != NULL && json_object_get(fault, "at") == NULL;
}


/* Finds how long the reply waits: ms, or SIM_FOREVER. */

static int64_t
delay(sim_conn_t *conn)
{
    sim_world_t   *w = conn->world;
    json_t *const *fault = conn->call.hits.fault;

    if (strikes_at_once(fault[SIM_FAULT_HANG])) {
        return SIM_FOREVER;
    }

    if (fault[SIM_FAULT_DELAY]) {
        return sim_json_int(fault[SIM_FAULT_DELAY], "ms", 1000);
    }

    return sim_random_between(&w->random, w->cfg.delay[0], w->cfg.delay[1]);
}


/* Answers a control at once, whatever the faults are. */

static enum MHD_Result
send_control(sim_conn_t *conn)
{
    /* connections hang until the faults are changed */

    if (strcmp(conn->call.path, "/_sim/faults") == 0) {
        sim_wait_release();
    }

    return sim_send(conn);
}


/* Answers a call that is complete, now or later. */

static enum MHD_Result
answer(sim_conn_t *conn)
{
    int64_t      ms;
    sim_waiter_t waiter = { conn->connection, conn->fd, 0, &conn->gone };

    sim_answer(conn->world, &conn->call);
    conn->stage = SIM_ANSWERED;

    if (conn->call.entry == NULL) {
        return send_control(conn);
    }

    sim_log_reply(&conn->call);
    ms = delay(conn);

    if (strikes_at_once(conn->call.hits.fault[SIM_FAULT_RESET])) {
        sim_reset(conn);
        return MHD_NO;
    }

    if (ms > 0) {
        waiter.due = ms == SIM_FOREVER ? ms : sim_monotonic() + ms;

        /* nothing is sent after a wait forever, however it ends */

        conn->gone = ms == SIM_FOREVER;
        sim_wait(&waiter);
        return MHD_YES;
    }

    return sim_send(conn);
}


/* Takes what has come of a call; called again whenever there is more. */

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

    if (conn->stage == SIM_HEAD) {
        arrive(conn, method);
        conn->stage = SIM_BODY;
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

    return conn->stage == SIM_BODY ? answer(conn) : sim_send(conn);
}


/* Ends a call: all is sent, or the connection is broken. */

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
        sim_log_end(&conn->world->log, &conn->call,
            code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "sent" : "broken");
    }

    sim_call_free(&conn->call);
    free(conn);
    *con_cls = NULL;
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

    fd = sim_listen(o->listen);

    if (fd < 0) {
        return -1;
    }

    port = sim_listen_port(fd);

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
