/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults that change a reply's status or bytes.
 */

#include "sim_spoil.h"
#include "sim_json.h"
#include "sim_random.h"

#include <string.h>


static const char *
default_code(int status)
{
    switch (status) {
    case 401:
        return "APIGW.0301";

    case 403:
        return "APIGW.0302";

    case 404:
        return "APIGW.0101";

    case 429:
        return "APIGW.0308";

    default:
        return "WKS.00000500";
    }
}


void
sim_spoil_status(sim_call_t *c, const json_t *fault)
{
    int         status = (int) sim_json_int(fault, "status", 500);
    sim_buf_t  *b = &c->reply.body;
    const char *form = sim_json_str(fault, "form", "json");
    const char *encoded = sim_json_str(fault, "encoded", NULL);
    const char *body = sim_json_str(fault, "body", NULL);

    sim_reply_error(c, status,
        sim_json_str(fault, "code", default_code(status)),
        sim_json_str(fault, "msg", "a fault that was asked for"),
        sim_json_str(fault, "detail", NULL));

    if (encoded != NULL) {
        b->len--;
        sim_buf_member(b, "encoded_authorization_message", encoded);
        sim_buf_str(b, "}");
    }

    c->reply.retry_after = sim_json_int(fault, "retry_after", -1);

    if (body != NULL) {
        b->len = 0;
        sim_buf_str(b, body);

    } else if (strcmp(form, "html") == 0) {
        b->len = 0;
        c->reply.type = "text/html";
        sim_buf_str(b, "<html><body><h1>A fault</h1></body></html>\n");

    } else if (strcmp(form, "empty") == 0) {
        b->len = 0;
    }

    c->reply.type = sim_json_str(fault, "type", c->reply.type);
}


/*
 * Sets the high bit of some bytes.  None of them has a neighbour of that kind:
 * a high bit on its own is no UTF-8, so no JSON comes of it by chance.
 */

static void
garble(sim_buf_t *b, const json_t *fault)
{
    size_t   i, at, n = (size_t) sim_json_int(fault, "bytes", 8);
    uint64_t random = (uint64_t) sim_json_int(fault, "seed", 1);

    for (i = 0; i < n && b->len > 0; i++) {
        at = (size_t) sim_random(&random) % b->len;

        if ((b->data[at] & 0x80) == 0 && (at == 0 || !(b->data[at - 1] & 0x80))
            && (at + 1 == b->len || !(b->data[at + 1] & 0x80)))
        {
            b->data[at] = (char) (b->data[at] | 0x80);
        }
    }
}


void
sim_spoil(sim_call_t *c)
{
    size_t        n;
    sim_buf_t    *b = &c->reply.body;
    const json_t *fault;

    fault = c->hits.fault[SIM_FAULT_TEXT];

    if (fault != NULL) {
        b->len = 0;
        sim_buf_str(b, sim_json_str(fault, "body", "<html>not JSON</html>\n"));
        c->reply.type = sim_json_str(fault, "type", "text/html");
    }

    if (c->hits.fault[SIM_FAULT_EMPTY] != NULL) {
        b->len = 0;
    }

    fault = c->hits.fault[SIM_FAULT_TRUNCATE];

    if (fault != NULL) {
        n = (size_t) sim_json_int(fault, "at", (json_int_t) (b->len / 2));
        b->len = n < b->len ? n : b->len;
    }

    fault = c->hits.fault[SIM_FAULT_GARBLE];

    if (fault != NULL) {
        garble(b, fault);
    }
}
