/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A reply on its way out, with what goes wrong there.
 */

#include "sim_send.h"
#include "sim_wait.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NOWHERE INT64_MAX


typedef struct {
    sim_conn_t *conn;
    sim_buf_t   body;
    int64_t     cut, reset, hang; /* where, or NOWHERE */
    size_t      piece;            /* at most so much at a time */
    int64_t     pause;            /* ms between pieces */
} stream_t;


void
sim_reset(const sim_conn_t *conn)
{
    struct sockaddr none = { .sa_family = AF_UNSPEC };

    /* dissolving the association sends a reset at once */

    (void) connect(conn->fd, &none, sizeof(none));
}


/* Pushes out what the system may have held back. */

static void
flush(const sim_conn_t *conn)
{
    int off = 0, on = 1;

    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
    (void) setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}


static void
pause_for(sim_conn_t *conn, int64_t due)
{
    sim_waiter_t w = { conn->connection, conn->fd, due, &conn->gone };

    flush(conn);
    sim_wait(&w);
}


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
        if (conn->waited == SIZE_MAX) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }

        conn->waited = SIZE_MAX;
        pause_for(conn, SIM_FOREVER);
        return 0;
    }

    if (at == s->body.len) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }

    if (s->pause && pos && conn->waited != at) {
        conn->waited = at;
        pause_for(conn, sim_monotonic() + s->pause);
        return 0;
    }

    n = s->body.len - at;
    n = n < max ? n : max;
    n = n < s->piece ? n : s->piece;
    n = (int64_t) (at + n) > s->cut ? (size_t) s->cut - at : n;
    n = (int64_t) (at + n) > s->reset ? (size_t) s->reset - at : n;
    n = (int64_t) (at + n) > s->hang ? (size_t) s->hang - at : n;

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


/* Where a fault is to strike: its `at`, or the middle. */

static int64_t
place(const json_t *f, const char *needs, size_t len)
{
    int64_t at;

    if (f == NULL || (needs && json_object_get(f, needs) == NULL)) {
        return NOWHERE;
    }

    at = sim_fx_int(f, "at", (json_int_t) (len / 2));

    return at < 0 ? 0 : at;
}


/* A response that is read piece by piece; NULL if no fault needs that. */

static struct MHD_Response *
stream_response(sim_conn_t *conn)
{
    stream_t       *s;
    json_int_t      piece;
    sim_buf_t      *b = &conn->call.reply.body;
    const sim_fx_t *fx = &conn->call.fx;
    const json_t   *chunked = fx->hit[SIM_FAULT_CHUNKED];
    const json_t   *drip = fx->hit[SIM_FAULT_DRIP];

    if (!chunked && !drip && !fx->hit[SIM_FAULT_CUT]
        && !fx->hit[SIM_FAULT_RESET] && !fx->hit[SIM_FAULT_HANG])
    {
        return NULL;
    }

    s = sim_alloc(sizeof(*s));
    s->conn = conn;
    s->body = *b;
    memset(b, 0, sizeof(*b));

    s->cut = place(fx->hit[SIM_FAULT_CUT], NULL, s->body.len);
    s->reset = place(fx->hit[SIM_FAULT_RESET], "at", s->body.len);
    s->hang = place(fx->hit[SIM_FAULT_HANG], "at", s->body.len);

    piece = sim_fx_int(drip ? drip : chunked, "piece", drip ? 100 : 4096);
    s->piece = piece > 0 ? (size_t) piece : 1;
    s->pause = drip ? sim_fx_int(drip, "ms", 5) : 0;

    return MHD_create_response_from_callback(
        chunked ? MHD_SIZE_UNKNOWN : s->body.len, 16384, read_stream, s,
        free_stream);
}


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


/* Wraps the body in gzip, stored, not compressed. */

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

    if (c->fx.hit[SIM_FAULT_GZIP]) {
        (void) MHD_add_response_header(response, "Content-Encoding", "gzip");
    }

    if (c->fx.hit[SIM_FAULT_CLOSE]) {
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

    if (conn->call.fx.hit[SIM_FAULT_GZIP]) {
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
