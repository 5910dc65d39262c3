/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call and its reply: what all APIs and controls do with them.
 */

#include "sim_call.h"

#include <stdlib.h>
#include <string.h>


void
sim_call_header(sim_call_t *c, const char *name, const char *value)
{
    c->headers =
        sim_realloc(c->headers, (c->nheaders + 1) * sizeof(sim_header_t));
    c->headers[c->nheaders].name = sim_strdup(name);
    c->headers[c->nheaders++].value = sim_strdup(value);
}


void
sim_call_free(sim_call_t *c)
{
    size_t i;

    for (i = 0; i < c->nheaders; i++) {
        free(c->headers[i].name);
        free(c->headers[i].value);
    }

    free(c->headers);
    free(c->signature);
    free(c->path);
    free(c->raw);
    free(c->method);
    free(c->token);
    free(c->credential);
    json_decref(c->entry);
    sim_buf_free(&c->body);
    sim_query_free(&c->query);
    sim_hits_clear(&c->hits);
    sim_buf_free(&c->reply.body);
}


/* Appends a member whose text may hold any bytes, as ASCII. */

static void
add_printable(sim_buf_t *b, const char *key, const char *s)
{
    char *copy = sim_strdup(s), *p;

    for (p = copy; *p; p++) {
        if ((unsigned char) *p >= 0x7f) {
            *p = '?';
        }
    }

    sim_buf_member(b, key, copy);
    free(copy);
}


void
sim_reply_error(sim_call_t *c, int status, const char *code, const char *msg,
    const char *detail)
{
    sim_buf_t *b = &c->reply.body;

    c->reply.status = status;
    b->len = 0;

    sim_buf_str(b, "{");
    sim_buf_member(b, "error_code", code);
    sim_buf_member(b, "error_msg", msg);

    if (detail != NULL) {
        add_printable(b, "error_detail", detail);
    }

    sim_buf_str(b, "}");
}


int
sim_reply_bad_query(sim_call_t *c)
{
    if (c->query.error[0] == '\0') {
        return 0;
    }

    sim_reply_error(
        c, 400, "WKS.00010001", "The parameters are wrong.", c->query.error);

    return 1;
}


void
sim_reply_json(sim_call_t *c, json_t *v)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

    sim_buf_str(&c->reply.body, text);
    free(text);
    json_decref(v);
}


void
sim_reply_refuse(sim_call_t *c, const char *why)
{
    sim_reply_error(c, 400, "SIM.0400", "The simulator can not do that", why);
}
