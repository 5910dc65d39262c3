/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults on demand: what goes wrong, in which calls, and how often.
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
    X(TRUNCATE, "truncate", "half a body, framed as if it were complete (at)") \
    X(GARBLE, "garble", "some bytes get their high bit (bytes, seed)")         \
    X(TEXT, "text", "200 with a body that is not JSON (body, type)")           \
    X(EMPTY, "empty", "200 without a body")                                    \
    X(CHUNKED, "chunked", "chunked instead of a Content-Length (piece)")       \
    X(GZIP, "gzip", "the body in gzip, though not requested")                  \
    X(DRIP, "drip", "the body in small pieces (piece, ms)")                    \
    X(CLOSE, "close", "Connection: close")                                     \
    X(SHIFT, "shift", "rows appear or vanish at the front (by, keep_count)")   \
    X(LYING_COUNT, "lying-count", "the count is wrong (delta)")                \
    X(ROWS, "rows", "the page has too many or too few rows (delta)")           \
    X(DUPLICATE, "duplicate", "a row comes twice, instead of the next row")    \
    X(UNSORTED, "unsorted", "sort_field is ignored")                           \
    X(NEGATIVE, "negative", "a metric is -1.0")                                \
    X(NULL_VALUE, "null", "a metric is null")                                  \
    X(STRING_VALUE, "string", "a metric is a string")                          \
    X(HUGE_VALUE, "huge", "a metric is 1e999")                                 \
    X(VALUE, "value", "a metric is the JSON in `text`")                        \
    X(NO_METRIC, "no-metric", "a row lacks its usage metric")                  \
    X(NO_ID, "no-id", "a row lacks its id")                                    \
    X(BAD_TIME, "bad-time", "a record's setup time is \"yesterday\"")          \
    X(END_FIRST, "end-first", "a record ends a second before its setup")       \
    X(PERIOD_ERROR, "period-error", "a period is an error_code and error_msg") \
    X(NO_ITEMS, "no-items", "the reply has no list")                           \
    X(NULL_ITEMS, "null-items", "the reply has null for its list")             \
    X(NO_COUNT, "no-count", "the reply has no count")                          \
    X(IGNORED_IDS, "ignored-ids", "the directory ignores desktop_id")          \
    X(DELETED, "deleted", "the directory also lists desktops that are gone")   \
    X(EXTRA, "extra", "unknown keys everywhere, nested")                       \
    X(PAD, "pad", "an unknown key of many KB in each row (kb)")


#define SIM_FAULT_SYMBOL(symbol, name, help) SIM_FAULT_##symbol,

typedef enum { SIM_FAULTS(SIM_FAULT_SYMBOL) SIM_FAULT_KINDS } sim_fault_kind_t;


typedef struct {
    json_t          *spec; /* the fault's object, as it was added */
    sim_fault_kind_t kind;
    json_int_t       skip; /* matching calls that it still lets off */
    json_int_t       left; /* calls that it still hits; below 0: all */
} sim_fault_t;


/* All zeros is a list without faults. */
typedef struct {
    sim_fault_t *faults;
    size_t       n;
} sim_faults_t;


/* What is known of a call when its faults are looked for. */
typedef struct {
    const char *api;
    const char *query;  /* raw */
    const char *day;    /* yyyy-MM-dd of start_time, or NULL */
    json_int_t  offset; /* of its page; 0 if the query has none */
} sim_target_t;


/* The faults that hit one call, by kind: each one's object, or NULL. */
typedef struct {
    json_t *fault[SIM_FAULT_KINDS];
} sim_hits_t;


/* Gives a kind's name. */
const char *sim_fault_name(sim_fault_kind_t kind);

/* Gives a line of help for a kind. */
const char *sim_fault_help(sim_fault_kind_t kind);

/*
 * Adds a fault by its object, which is copied.  Gives 0, or -1 and what is
 * wrong with it.
 */
int sim_faults_add(sim_faults_t *f, const json_t *spec, char err[256]);

/* Adds a fault in words, NAME:KEY=VALUE,KEY=VALUE; gives 0 or -1 likewise. */
int sim_faults_parse(sim_faults_t *f, const char *words, char err[256]);

/* Removes all faults. */
void sim_faults_clear(sim_faults_t *f);

/* Lists the faults with their skip and count as left; a new reference. */
json_t *sim_faults_json(const sim_faults_t *f);

/*
 * Finds the faults that hit a call, one of a kind at most, and counts the call
 * for each.  `hits` is empty before.
 */
void
sim_faults_hit(sim_faults_t *f, const sim_target_t *target, sim_hits_t *hits);

/* Releases what sim_faults_hit() found. */
void sim_hits_clear(sim_hits_t *hits);

#endif
