/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The calls that came, for those who want to check them.
 */

#include "sim_world.h"
#include "sim_time.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define VALUE_MAX 256


json_t *
sim_log_value(const char *name, const char *value)
{
    size_t      i;
    sim_buf_t   b = { 0 };
    json_t     *v;
    const char *p;

    static const char *const secrets[] = { "x-auth-token", "authorization",
        "x-security-token", "cookie" };

    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strcasecmp(name, secrets[i]) == 0) {
            return json_sprintf("fingerprint %016llx length %zu",
                (unsigned long long) sim_fingerprint(value, strlen(value)),
                strlen(value));
        }
    }

    for (p = value; *p && b.len < VALUE_MAX; p++) {
        if ((unsigned char) *p >= 0x20 && (unsigned char) *p < 0x7f) {
            sim_buf_add(&b, p, 1);
        } else {
            sim_buf_fmt(&b, "\\x%02x", (unsigned) (unsigned char) *p);
        }
    }

    sim_buf_str(&b, *p ? "..." : "");
    v = json_stringn(b.data, b.len);
    sim_buf_free(&b);

    return v;
}


static void
set_printable(json_t *entry, const char *key, const char *s)
{
    json_t *v = json_string(s);

    /* what is no UTF-8 is shown escaped */

    json_object_set_new(entry, key, v ? v : sim_log_value(key, s));
}


void
sim_log_arrival(sim_world_t *w, sim_call_t *c, json_t *names, json_t *headers)
{
    char            text[24], stamp[40];
    struct timespec ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);
    sim_format_time((int64_t) ts.tv_sec, text);
    text[19] = '\0';
    (void) snprintf(
        stamp, sizeof(stamp), "%s.%03dZ", text, (int) (ts.tv_nsec / 1000000));

    c->entry = json_object();
    json_object_set_new(c->entry, "n", json_integer((json_int_t) ++w->serial));
    json_object_set_new(c->entry, "time", json_string(stamp));
    json_object_set_new(c->entry, "api", json_string(""));
    set_printable(c->entry, "method", c->method);
    set_printable(c->entry, "path", c->path);
    set_printable(c->entry, "query", c->raw);
    json_object_set_new(c->entry, "status", json_null());
    json_object_set_new(c->entry, "faults", json_array());
    json_object_set_new(c->entry, "header_names", names);
    json_object_set_new(c->entry, "headers", headers);
    json_object_set_new(c->entry, "body_bytes", json_integer(0));

    if (c->token != NULL) {
        json_object_set_new(c->entry, "token",
            json_sprintf("%016llx", (unsigned long long) sim_fingerprint(
                                        c->token, strlen(c->token))));
    } else {
        json_object_set_new(c->entry, "token", json_null());
    }

    json_object_set_new(c->entry, "signature", json_null());
    json_object_set_new(c->entry, "ended", json_null());

    if (json_array_size(w->calls) >= w->calls_max) {
        json_array_remove(w->calls, 0);
    }

    json_array_append(w->calls, c->entry);
}


void
sim_log_reply(sim_call_t *c)
{
    int     i;
    json_t *faults = json_object_get(c->entry, "faults");

    for (i = 0; i < SIM_FAULT_KINDS; i++) {
        if (c->fx.hit[i] != NULL) {
            json_array_append_new(
                faults, json_string(sim_fault_name((sim_fault_kind_t) i)));
        }
    }

    if (c->signature != NULL) {
        set_printable(c->entry, "signature", c->signature);
    }

    json_object_set_new(c->entry, "api", json_string(c->api));
    json_object_set_new(c->entry, "status", json_integer(c->reply.status));
    json_object_set_new(
        c->entry, "body_bytes", json_integer((json_int_t) c->body.len));
    json_object_set_new(
        c->entry, "reply_bytes", json_integer((json_int_t) c->reply.body.len));
}


void
sim_log_end(sim_world_t *w, sim_call_t *c, const char *how)
{
    json_object_set_new(c->entry, "ended", json_string(how));
    json_object_set_new(
        c->entry, "ms", json_integer(sim_monotonic() - c->begun));

    if (w->log != NULL) {
        (void) json_dumpf(c->entry, w->log, JSON_COMPACT);
        (void) fputc('\n', w->log);
        (void) fflush(w->log);
    }
}
