/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the simulator knows while it runs, and what one call is.
 */

#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim_buf.h"
#include "sim_fault.h"
#include "sim_query.h"
#include "sim_sign.h"
#include "sim_tenant.h"


typedef struct {
    int        idle_hidden;          /* desktops without use are left out */
    int64_t    now;                  /* SIM_NEVER: the real clock */
    json_int_t quota;                /* calls a minute, 0: any number */
    json_int_t retry_after;          /* with a 429; below 0: none */
    json_int_t delay_min, delay_max; /* ms */
    json_int_t records_limit;
    int        records_clamp; /* a larger limit is taken for that one */
    int        no_sid;
    int        no_resource_id;
    char      *project;
    json_t    *tokens; /* array of those accepted; empty: any */
    json_t    *keys;   /* array of access keys; empty: any signature will do */
} sim_config_t;


typedef struct {
    uint64_t   key;
    int64_t    since; /* ms */
    json_int_t calls;
} sim_meter_t;


/* A desktop's day that the legacy call answers with more (or fewer) seconds. */
typedef struct {
    size_t  desktop;
    int64_t day;
    int64_t seconds;
} sim_alter_t;


typedef struct {
    sim_config_t  cfg;
    sim_tenant_t *tenant;
    sim_alter_t  *alters;
    size_t        nalters;
    sim_faults_t  faults;
    sim_meter_t  *meters;
    size_t        nmeters;
    json_t       *calls;     /* array: the log kept for /_sim/calls */
    size_t        calls_max; /* older ones are dropped */
    uint64_t      serial;    /* calls ever */
    void         *log;       /* FILE, or NULL */
    uint64_t      random;    /* for delays */
} sim_world_t;


typedef struct {
    int         status;
    sim_buf_t   body;
    const char *type;
    const char *allow;       /* NULL: no such header */
    json_int_t  retry_after; /* below 0: no such header */
} sim_reply_t;


typedef struct {
    char         *path; /* raw, up to the question mark */
    char         *raw;  /* the raw query, "" for none */
    char         *method;
    char         *token;     /* credential, NULL: none */
    char         *key;       /* what it is known by: token, or access key */
    json_t       *entry;     /* in the log */
    int           signs;     /* with an access key */
    char         *signature; /* what is said of it; NULL: it wasn't looked at */
    sim_header_t *headers;
    size_t        nheaders;
    sim_buf_t     body;
    sim_query_t   query;
    sim_fx_t      fx;
    sim_reply_t   reply;
    int64_t       now;    /* the simulated time */
    int64_t       begun;  /* ms, of a clock that only goes forward */
    const char   *api;    /* "" for none */
    json_int_t    offset; /* page asked for, below 0 for none */
} sim_call_t;


typedef void (*sim_api_t)(sim_world_t *w, sim_call_t *c);


/* Milliseconds of a clock that only goes forward. */
int64_t sim_monotonic(void);

/* An error reply in the form of the legacy call; detail may be NULL. */
void sim_error(sim_call_t *c, int status, const char *code, const char *msg,
    const char *detail);

/* A successor's 400: says what was wrong with the query. */
void sim_bad_query(sim_call_t *c);

/* Finds the call's reply: route, rights, quota, faults, answer. */
void sim_answer(sim_world_t *w, sim_call_t *c);

/* GET statistics/metrics/desktops. */
void sim_api_desktop_metrics(sim_world_t *w, sim_call_t *c);

/* GET statistics/metrics/users. */
void sim_api_user_metrics(sim_world_t *w, sim_call_t *c);

/* GET desktops. */
void sim_api_directory(sim_world_t *w, sim_call_t *c);

/* GET connections/desktops. */
void sim_api_records(sim_world_t *w, sim_call_t *c);

/* POST desktops/statistics/used. */
void sim_api_legacy(sim_world_t *w, sim_call_t *c);

/* Anything under /_sim/. */
void sim_control(sim_world_t *w, sim_call_t *c);

/* Sets what a config object says; 0, or -1 and a message. */
int sim_configure(sim_world_t *w, const json_t *object, char err[256]);

/* Puts the altered days of a desktop into its bins of a legacy reply. */
void sim_alter_bins(const sim_world_t *w, size_t desktop, int64_t from,
    int64_t width, size_t n, int64_t *bins);

/* Forgets the altered days. */
void sim_alter_clear(sim_world_t *w);

/* Puts another tenant in place (and frees the one before). */
void sim_world_tenant(sim_world_t *w, sim_tenant_t *t);

/* The simulated time. */
int64_t sim_world_now(const sim_world_t *w);

/* Frees everything in it. */
void sim_world_free(sim_world_t *w);

/* Frees a call's parts. */
void sim_call_free(sim_call_t *c);

/* Makes the log entry of a call that has arrived. */
void
sim_log_arrival(sim_world_t *w, sim_call_t *c, json_t *names, json_t *headers);

/* Notes in the entry what it is answered with. */
void sim_log_reply(sim_call_t *c);

/* Notes how it ended, and writes the log file's line. */
void sim_log_end(sim_world_t *w, sim_call_t *c, const char *how);

/* A header's value as it may be logged: no secrets, cut, printable. */
json_t *sim_log_value(const char *name, const char *value);

#endif
