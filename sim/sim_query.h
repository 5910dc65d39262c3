/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The query of a call: its parameters, and the first thing wrong with them.
 */

#ifndef SIM_QUERY_H
#define SIM_QUERY_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    char *name;
    char *value; /* both decoded */
} sim_param_t;


typedef struct {
    sim_param_t *params;
    size_t       n;
    char         error[320]; /* what was wrong first; "" if nothing is */
} sim_query_t;


/*
 * Decodes `len` bytes with escapes, in which a + means `plus`.  Gives a string
 * that the caller frees; NULL if an escape is broken or stands for a NUL.
 */
char *sim_decode(const char *s, size_t len, char plus);

/*
 * Takes a raw query apart; "" and NULL are queries without parameters.  What
 * can't be decoded is left out and noted as the error.
 */
void sim_query_parse(sim_query_t *q, const char *raw);

/* Frees the parameters. */
void sim_query_free(sim_query_t *q);

/* Notes an error, unless one is noted already. */
void sim_query_error(sim_query_t *q, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The functions below read one parameter.  A parameter that is given twice, or
 * has a wrong value, is noted as the error.  Strings last as long as `q`.
 */

/* Finds a parameter's value; NULL if it is not given. */
const char *sim_query_get(sim_query_t *q, const char *name);

/* Reads an integer from `min` to `max`; gives `none` if there is none. */
int64_t sim_query_number(
    sim_query_t *q, const char *name, int64_t min, int64_t max, int64_t none);

/* Reads text of at most `max` characters; NULL if it is not given or empty. */
const char *sim_query_text(sim_query_t *q, const char *name, size_t max);

/*
 * Reads a time into *t; gives 1 if there is one, else 0 and leaves *t alone.
 * A mandatory time that is not given is an error.
 */
int sim_query_time(sim_query_t *q, const char *name, int mandatory, int64_t *t);


/*
 * Tells whether `part` occurs in `s`, as the successors' fuzzy filters do: the
 * case of ASCII letters doesn't matter.  NULL occurs in every text.
 */
int sim_fuzzy(const char *s, const char *part);

/* Counts the characters (not the bytes) of a string in UTF-8. */
size_t sim_characters(const char *s);

#endif
