/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults on demand: what goes wrong, with which calls, how often.
 */

#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <stddef.h>

#include <jansson.h>


/* Every kind of fault: its symbol, its name, what it does. */
#define SIM_FAULTS(X)                                                          \
    X(STATUS, "status", "an error reply (status, code, msg, form, ...)")       \
    X(DELAY, "delay", "the reply waits (ms)")                                  \
    X(RESET, "reset", "the connection is reset (at: body bytes sent before)")  \
    X(HANG, "hang", "nothing comes any more (at: body bytes sent before)")     \
    X(CUT, "cut", "the body ends short of its Content-Length (at)")            \
    X(TRUNCATE, "truncate", "half a body, framed as if it were whole (at)")    \
    X(GARBLE, "garble", "flips the high bit of some bytes (bytes, seed)")      \
    X(TEXT, "text", "200 with a body that is not JSON (body, type)")           \
    X(EMPTY, "empty", "200 without a body")                                    \
    X(CHUNKED, "chunked", "chunked instead of a Content-Length (piece)")       \
    X(GZIP, "gzip", "the body in gzip, which nobody asked for")                \
    X(DRIP, "drip", "the body in small pieces (piece, ms)")                    \
    X(CLOSE, "close", "Connection: close")                                     \
    X(SHIFT, "shift", "rows appear or vanish at the front (by, keep_count)")   \
    X(LYING_COUNT, "lying-count", "the count is off (delta)")                  \
    X(ROWS, "rows", "the page has too many or too few rows (delta)")           \
    X(DUPLICATE, "duplicate", "a row comes twice, in its neighbour's place")   \
    X(UNSORTED, "unsorted", "sort_field is ignored")                           \
    X(NEGATIVE, "negative", "a metric is -1.0")                                \
    X(NULL_VALUE, "null", "a metric is null")                                  \
    X(STRING_VALUE, "string", "a metric is a string")                          \
    X(HUGE_VALUE, "huge", "a metric is 1e999")                                 \
    X(VALUE, "value", "a metric is what `text` says, a piece of JSON")         \
    X(NO_METRIC, "no-metric", "a row lacks its usage metric")                  \
    X(NO_ID, "no-id", "a row lacks its id")                                    \
    X(BAD_TIME, "bad-time", "a record was set up \"yesterday\"")               \
    X(END_FIRST, "end-first", "a record ends a second before its setup")       \
    X(NO_ITEMS, "no-items", "the reply has no list")                           \
    X(NULL_ITEMS, "null-items", "the reply has null for its list")             \
    X(NO_COUNT, "no-count", "the reply has no count")                          \
    X(EXTRA, "extra", "unknown keys everywhere, nested")                       \
    X(PAD, "pad", "an unknown key of `kb` KB in every row")


#define SIM_FAULT_SYMBOL(symbol, name, help) SIM_FAULT_##symbol,

typedef enum { SIM_FAULTS(SIM_FAULT_SYMBOL) SIM_FAULT_KINDS } sim_fault_kind_t;


typedef struct {
    json_t          *spec;
    sim_fault_kind_t kind;
    json_int_t       skip; /* matching calls still to be let off */
    json_int_t       left; /* calls still to be hit; below 0: all */
} sim_fault_t;


typedef struct {
    sim_fault_t *faults;
    size_t       n;
} sim_faults_t;


/* What a fault is matched with. */
typedef struct {
    const char *api;
    const char *query;  /* raw */
    const char *day;    /* yyyy-MM-dd of start_time, or NULL */
    json_int_t  offset; /* below 0: the call has none */
} sim_target_t;


/* The faults that hit one call, by kind: the fault's object, or NULL. */
typedef struct {
    json_t *hit[SIM_FAULT_KINDS];
} sim_fx_t;


/* A kind's name. */
const char *sim_fault_name(sim_fault_kind_t kind);

/* A kind's help. */
const char *sim_fault_help(sim_fault_kind_t kind);

/* Adds a fault object; 0, or -1 and a message in err. */
int sim_faults_add(sim_faults_t *f, const json_t *spec, char err[256]);

/* Adds a fault in words, name:key=value,key=value. */
int sim_faults_parse(sim_faults_t *f, const char *words, char err[256]);

/* Forgets all faults. */
void sim_faults_clear(sim_faults_t *f);

/* The faults as they stand, with what is left of them; a new reference. */
json_t *sim_faults_json(const sim_faults_t *f);

/* Finds what hits this call and counts it. */
void sim_faults_hit(sim_faults_t *f, const sim_target_t *target, sim_fx_t *fx);

/* Lets go of what sim_faults_hit found. */
void sim_fx_clear(sim_fx_t *fx);

/* A number of a fault, or `none`; NULL for a fault is fine. */
json_int_t sim_fx_int(const json_t *spec, const char *key, json_int_t none);

/* A text of a fault, or `none`. */
const char *sim_fx_str(const json_t *spec, const char *key, const char *none);

/* Whether a fault's key is true. */
int sim_fx_true(const json_t *spec, const char *key);

#endif
