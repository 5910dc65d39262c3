/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call: one HTTP request that has come to the simulator, and its reply.
 */

#ifndef SIM_CALL_H
#define SIM_CALL_H

#include "sim_buf.h"
#include "sim_fault.h"
#include "sim_query.h"
#include "sim_sign.h"


typedef struct {
    int         status;
    sim_buf_t   body;
    const char *type;        /* Content-Type */
    const char *allow;       /* Allow; NULL: no such header */
    json_int_t  retry_after; /* Retry-After in seconds; below 0: none */
} sim_reply_t;


typedef struct {
    char         *path; /* raw, up to the question mark */
    char         *raw;  /* the raw query, "" for none */
    char         *method;
    char         *token;      /* X-Auth-Token; NULL: none */
    char         *credential; /* the token, or the access key; NULL: none */
    int           is_signed;  /* with an access key, rightly or not */
    char         *signature;  /* the verdict on it; NULL: it wasn't verified */
    json_t       *entry;      /* in the log; NULL: the call isn't logged */
    sim_header_t *headers;
    size_t        nheaders;
    sim_buf_t     body;
    sim_query_t   query;
    sim_hits_t    hits; /* the faults that hit it */
    sim_reply_t   reply;
    int64_t       now;    /* the simulated time */
    int64_t       begun;  /* when it came, in ms of sim_monotonic() */
    const char   *api;    /* its name; "" if it is of none */
    json_int_t    offset; /* of the page that is requested */
} sim_call_t;


/* Adds a header to a call; both strings are copied. */
void sim_call_header(sim_call_t *c, const char *name, const char *value);

/* Frees a call's parts. */
void sim_call_free(sim_call_t *c);

/*
 * Makes the reply an error in the form that all APIs have.  `detail` may hold
 * what the client sent: what isn't ASCII is shown as "?".  NULL: there is none.
 */
void sim_reply_error(sim_call_t *c, int status, const char *code,
    const char *msg, const char *detail);

/*
 * Makes the reply a successor's 400 if an error of the query is noted; tells
 * whether it is.
 */
int sim_reply_bad_query(sim_call_t *c);

/* Makes the reply a JSON value, and releases the value. */
void sim_reply_json(sim_call_t *c, json_t *v);

/* Makes the reply the simulator's own 400 that says why. */
void sim_reply_refuse(sim_call_t *c, const char *why);

#endif
