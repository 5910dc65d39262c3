/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: makes the same calls to two endpoints, and compares the
 * replies.
 */

#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "check_bodies.h"
#include "check_call.h"
#include "compare/usage_compare.h"

#include <jansson.h>


typedef enum {
    CHECK_EQUAL,
    CHECK_REFUSED, /* by both, for the same reason */
    CHECK_DIFFERENT,
    CHECK_FAILED /* nothing can be said of the call */
} check_outcome_t;


typedef struct {
    uint64_t counts[CHECK_FAILED + 1]; /* calls, by their outcome */
    uint64_t differences;
    uint64_t entries; /* calls with paging that differ only in their entries */
    uint64_t recent;  /* calls that differ in days that aren't final */
    uint64_t values;  /* of use_time, compared */
    double   largest; /* difference of two values, in hours */
} check_sums_t;


typedef struct {
    check_side_t   sides[CHECK_SIDES];
    check_bodies_t bodies;
    check_sums_t   sums;
    double         tolerance; /* hours */
    uint64_t       total;     /* calls to make */
    uint64_t       done;      /* calls made */
    uint64_t       shown;     /* differences printed */
    uint64_t       show;      /* differences to print, at most */
    uint64_t       in_a_row;  /* calls that failed, the last ones */
    uint64_t       retries;   /* of one call, at most */
    double         interval;  /* seconds between calls; 0: none */
    bool           first;     /* ends at the first difference */
    bool           quiet;     /* no progress */
    bool           colours;
    bool           terminal; /* standard error is one */
    json_t        *report;   /* NULL: in words */
    double         begun;    /* a time of ctl_clock() */
    double         told;     /* when progress was told last; 0: never */
    const char    *why;      /* why it ended before all calls were made */
} check_t;


/* What the options say besides. */

typedef struct {
    const char *urls[CHECK_SIDES];
    const char *project;
    const char *bodies;      /* the name of a file; NULL: make them up */
    const char *authorities; /* the name of a file; NULL: the machine's */
    uint64_t    calls;       /* 0: not given */
    int64_t     timeout;     /* seconds */
    bool        from, to;    /* these dates are given */
} check_options_t;


/*
 * Reads the command line into a check and options that have their default
 * values.  Gives false if only help was requested, which is printed.
 */
bool check_options(check_t *check, check_options_t *o, int argc, char **argv);

/*
 * Tells on standard error how far the check is, unless it was told a moment
 * ago; waiting says what it waits for, or is NULL.
 */
void check_progress(check_t *check, const char *waiting);

/*
 * Tells what came of a call, if it differs or failed.  compare is NULL unless
 * both replies have the status 200.
 */
void check_tell(check_t *check, const char *body, check_outcome_t outcome,
    const check_reply_t *replies, const usage_compare_t *compare);

/* Makes all calls, tells what differs, and sums it up in check->sums. */
void check_run(check_t *check);

/* Prints the sums; gives the exit status. */
int check_finish(check_t *check);


#endif /* CTL_CHECK_H */
