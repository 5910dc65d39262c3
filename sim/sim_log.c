/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The log of calls.
 */

#include "sim_log.h"
#include "sim_time.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define VALUE_MAX 256 /* bytes of a header's value, about */
#define CALLS_MAX 20000


void
sim_log_init(sim_log_t *log)
{
    memset(log, 0, sizeof(*log));
    log->calls = json_array();
    log->max = CALLS_MAX;
}


void
sim_log_free(sim_log_t *log)
{
    json_decref(log->calls);

    if (log->file != NULL) {
        (void) fclose(log->file);
    }
}


/* Writes the fingerprint of a secret: 16 hexadecimal digits. */

static void
fingerprint(const char *secret, char text[24])
{
    (void) snprintf(text, 24, "%016llx",
        (unsigned long long) sim_fingerprint(secret, strlen(secret)));
}


json_t *
sim_log_value(const char *name, const char *value)
{
    char        text[24];
    size_t      i;
    sim_buf_t   b = { 0 };
    json_t     *v;
    const char *p;

    static const char *const secrets[] = { "x-auth-token", "authorization",
        "x-security-token", "cookie" };

    for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strcasecmp(name, secrets[i]) == 0) {
            fingerprint(value, text);
            return json_sprintf(
                "fingerprint %s length %zu", text, strlen(value));
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


/* Sets a member; a text that is no UTF-8 is shown with escapes. */

static void
set_printable(json_t *entry, const char *key, const char *s)
{
    json_t *v = json_string(s);

    json_object_set_new(entry, key, v ? v : sim_log_value(key, s));
}


/* Gives the real clock's time, as "2026-11-23T07:44:43.057Z". */

static json_t *
time_stamp(void)
{
    char            text[24];
    struct timespec ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);
    sim_format_time((int64_t) ts.tv_sec, text);
    text[19] = '\0';

    return json_sprintf("%s.%03dZ", text, (int) (ts.tv_nsec / 1000000));
}


void
sim_log_arrival(sim_log_t *log, sim_call_t *c, json_t *names, json_t *headers)
{
    char    text[24];
    json_t *entry;

    c->entry = entry = json_object();
    json_object_set_new(entry, "n", json_integer((json_int_t) ++log->serial));
    json_object_set_new(entry, "time", time_stamp());
    json_object_set_new(entry, "api", json_string(""));
    set_printable(entry, "method", c->method);
    set_printable(entry, "path", c->path);
    set_printable(entry, "query", c->raw);
    json_object_set_new(entry, "status", json_null());
    json_object_set_new(entry, "faults", json_array());
    json_object_set_new(entry, "header_names", names);
    json_object_set_new(entry, "headers", headers);
    json_object_set_new(entry, "body_bytes", json_integer(0));
    json_object_set_new(entry, "token", json_null());

    if (c->token != NULL) {
        fingerprint(c->token, text);
        json_object_set_new(entry, "token", json_string(text));
    }

    json_object_set_new(entry, "signature", json_null());
    json_object_set_new(entry, "ended", json_null());

    if (json_array_size(log->calls) >= log->max) {
        json_array_remove(log->calls, 0);
    }

    json_array_append(log->calls, entry);
}


void
sim_log_reply(const sim_call_t *c)
{
    int     i;
    json_t *entry = c->entry, *faults = json_object_get(entry, "faults");

    for (i = 0; i < SIM_FAULT_KINDS; i++) {
        if (c->hits.fault[i] != NULL) {
            json_array_append_new(
                faults, json_string(sim_fault_name((sim_fault_kind_t) i)));
        }
    }

    if (c->signature != NULL) {
        set_printable(entry, "signature", c->signature);
    }

    json_object_set_new(entry, "api", json_string(c->api));
    json_object_set_new(entry, "status", json_integer(c->reply.status));
    json_object_set_new(
        entry, "body_bytes", json_integer((json_int_t) c->body.len));
    json_object_set_new(
        entry, "reply_bytes", json_integer((json_int_t) c->reply.body.len));
}


void
sim_log_end(sim_log_t *log, const sim_call_t *c, const char *how)
{
    json_object_set_new(c->entry, "ended", json_string(how));
    json_object_set_new(
        c->entry, "ms", json_integer(sim_monotonic() - c->begun));

    if (log->file != NULL) {
        (void) json_dumpf(c->entry, log->file, JSON_COMPACT);
        (void) fputc('\n', log->file);
        (void) fflush(log->file);
    }
}
