/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A reply on its way to the client, with the faults of the connection.
 */

#include "sim_send.h"
#include "sim_json.h"
#include "sim_time.h"
#include "sim_wait.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NOWHERE INT64_MAX
#define HUNG    SIZE_MAX /* sim_conn_t.waited: it waited forever */


/* A reply that is sent piece by piece. */

typedef struct {
    sim_conn_t *conn;
    sim_buf_t   body;
    int64_t     cut, reset, hang; /* behind which byte, or NOWHERE */
    size_t      piece;            /* bytes of a piece, at most */
    int64_t     pause;            /* ms between pieces */
} stream_t;


void
sim_reset(const sim_conn_t *conn)
{
    struct sockaddr none = { .sa_family = AF_UNSPEC };

    /* to connect to no address dissolves the connection; Linux resets it */

    (void) connect(conn->fd, &none, sizeof(none));
}


/* Makes the system send what it may have held back. */

static void
flush(const sim_conn_t *conn)
{
    int off = 0, on = 1;

    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}


/* Suspends the connection until `due`, in ms of sim_monotonic(). */

static void
wait_until(sim_conn_t *conn, int64_t due)
{
    sim_waiter_t w = { conn->connection, conn->fd, due, &conn->gone };

    flush(conn);
    sim_wait(&w);
}


/* Shortens a piece that begins at `at`, so that it ends where a fault is. */

static size_t
end_at(size_t at, size_t n, int64_t place)
{
    return (int64_t) (at + n) > place ? (size_t) place - at : n;
}


/*
 * Gives libmicrohttpd the next piece of the body, or 0 if the connection waits.
 */

static ssize_t
read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
    size_t      n, at = (size_t) pos;
    stream_t   *s = cls;
    sim_conn_t *conn = s->conn;

    if (conn->gone || (int64_t) pos >= s->cut) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }

    if ((int64_t) pos >= s->reset) {
        flush(conn);
        sim_reset(conn);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }

    if ((int64_t) pos >= s->hang) {
        if (conn->waited == HUNG) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }

        conn->waited = HUNG;
        wait_until(conn, SIM_FOREVER);
        return 0;
    }

    if (at == s->body.len) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }

    if (s->pause && pos && conn->waited != at) {
        conn->waited = at;
        wait_until(conn, sim_monotonic() + s->pause);
        return 0;
    }

    n = s->body.len - at;
    n = n < max ? n : max;
    n = n < s->piece ? n : s->piece;
    n = end_at(at, n, s->cut);
    n = end_at(at, n, s->reset);
    n = end_at(at, n, s->hang);

    memcpy(buf, s->body.data + at, n);

    return (ssize_t) n;
}


static void
free_stream(void *cls)
{
    stream_t *s = cls;

    sim_buf_free(&s->body);
    free(s);
}


/* Gives the byte behind which a fault strikes; `none` if it doesn't say. */

static int64_t
place(const json_t *fault, int64_t none)
{
    int64_t at;

    if (fault == NULL) {
        return NOWHERE;
    }

    at = sim_json_int(fault, "at", none);

    return at < 0 ? 0 : at;
}


/* Makes a response that is sent piece by piece; NULL if no fault needs it. */

static struct MHD_Response *
stream_response(sim_conn_t *conn)
{
    stream_t      *s;
    json_int_t     piece;
    sim_buf_t     *b = &conn->call.reply.body;
    json_t *const *fault = conn->call.hits.fault;
    const json_t  *chunked = fault[SIM_FAULT_CHUNKED];
    const json_t  *drip = fault[SIM_FAULT_DRIP];

    if (!chunked && !drip && !fault[SIM_FAULT_CUT] && !fault[SIM_FAULT_RESET]
        && !fault[SIM_FAULT_HANG])
    {
        return NULL;
    }

    s = sim_alloc(sizeof(*s));
    s->conn = conn;
    s->body = *b;
    memset(b, 0, sizeof(*b));

    s->cut = place(fault[SIM_FAULT_CUT], (int64_t) s->body.len / 2);
    s->reset = place(fault[SIM_FAULT_RESET], NOWHERE);
    s->hang = place(fault[SIM_FAULT_HANG], NOWHERE);

    piece = sim_json_int(drip ? drip : chunked, "piece", drip ? 100 : 4096);
    s->piece = piece > 0 ? (size_t) piece : 1;
    s->pause = drip ? sim_json_int(drip, "ms", 5) : 0;

    return MHD_create_response_from_callback(
        chunked ? MHD_SIZE_UNKNOWN : s->body.len, 16384, read_stream, s,
        free_stream);
}


/* Appends a number of so many bytes, the lowest byte first. */

static void
add_le(sim_buf_t *b, uint32_t n, int bytes)
{
    char c;

    while (bytes--) {
        c = (char) (n & 0xff);
        sim_buf_add(b, &c, 1);
        n >>= 8;
    }
}


static uint32_t
crc32_of(const char *p, size_t len)
{
    int      i;
    uint32_t crc = 0xffffffff;

    while (len--) {
        crc ^= (unsigned char) *p++;

        for (i = 0; i < 8; i++) {
            crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
        }
    }

    return ~crc;
}


/* Wraps the body in gzip, in blocks that are not compressed. */

static void
gzip(sim_buf_t *body)
{
    size_t    at = 0, n;
    sim_buf_t b = { 0 };

    sim_buf_add(&b, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);

    do {
        n = body->len - at < 65535 ? body->len - at : 65535;
        add_le(&b, at + n == body->len, 1);
        add_le(&b, (uint32_t) n, 2);
        add_le(&b, ~(uint32_t) n, 2);
        sim_buf_add(&b, body->data + at, n);
        at += n;
    } while (at < body->len);

    add_le(&b, crc32_of(body->data, body->len), 4);
    add_le(&b, (uint32_t) body->len, 4);

    sim_buf_free(body);
    *body = b;
}


static void
add_headers(struct MHD_Response *response, const sim_call_t *c)
{
    char number[32];

    (void) MHD_add_response_header(response, "Content-Type", c->reply.type);

    if (c->hits.fault[SIM_FAULT_GZIP]) {
        (void) MHD_add_response_header(response, "Content-Encoding", "gzip");
    }

    if (c->hits.fault[SIM_FAULT_CLOSE]) {
        (void) MHD_add_response_header(response, "Connection", "close");
    }

    if (c->reply.allow) {
        (void) MHD_add_response_header(response, "Allow", c->reply.allow);
    }

    if (c->reply.retry_after >= 0) {
        (void) snprintf(
            number, sizeof(number), "%lld", (long long) c->reply.retry_after);
        (void) MHD_add_response_header(response, "Retry-After", number);
    }
}


enum MHD_Result
sim_send(sim_conn_t *conn)
{
    sim_buf_t           *b = &conn->call.reply.body;
    enum MHD_Result      rc;
    struct MHD_Response *response;

    if (conn->gone) {
        return MHD_NO;
    }

    sim_buf_reserve(b, 0);

    if (conn->call.hits.fault[SIM_FAULT_GZIP]) {
        gzip(b);
    }

    response = stream_response(conn);

    if (response == NULL) {
        response = MHD_create_response_from_buffer(
            b->len, b->data, MHD_RESPMEM_MUST_FREE);
        memset(b, 0, sizeof(*b));
    }

    if (response == NULL) {
        abort();
    }

    add_headers(response, &conn->call);
    rc = MHD_queue_response(
        conn->connection, (unsigned) conn->call.reply.status, response);
    MHD_destroy_response(response);

    return rc;
}
