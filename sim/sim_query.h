/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The query of a successor call: taken apart and held to its rules.
 */

#ifndef SIM_QUERY_H
#define SIM_QUERY_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    char *name;
    char *value;
} sim_param_t;


typedef struct {
    sim_param_t *params;
    size_t       n;
    char         error[320]; /* what was wrong first; "" if nothing */
} sim_query_t;


/* Takes a raw query apart ("" or NULL for none). */
void sim_query_parse(sim_query_t *q, const char *raw);

/* Frees what it holds. */
void sim_query_free(sim_query_t *q);

/* Notes an error, unless one is noted already. */
void sim_query_error(sim_query_t *q, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A parameter's value, NULL if it is not there; given twice is an error. */
const char *sim_query_get(sim_query_t *q, const char *name);

/* A parameter that is digits in min..max, or `none` where it is not there. */
int64_t sim_query_number(
    sim_query_t *q, const char *name, int64_t min, int64_t max, int64_t none);

/* Text of at most `max` characters; NULL where not there or empty. */
const char *sim_query_text(sim_query_t *q, const char *name, size_t max);

/* A time; an error where it is not there and mandatory. 1 if there. */
int sim_query_time(sim_query_t *q, const char *name, int mandatory, int64_t *t);

/* 1 if `part` occurs in `s`, case left aside (of ASCII); NULL is in all. */
int sim_fuzzy(const char *s, const char *part);

/* Characters (not bytes) of a UTF-8 string. */
size_t sim_characters(const char *s);

#endif
