/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: the same calls to two endpoints.
 */

#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl.h"
#include "compare/usage_compare.h"

#include <curl/curl.h>
#include <jansson.h>


#define CHECK_SIDES 2 /* the legacy endpoint, the translation */

extern const char *const check_names[CHECK_SIDES];


/*
 * What calls are made of.  Bodies come from a file, one a line, or are made up
 * from desktops, users and dates; the same seed makes the same calls.
 */
typedef struct {
    char    *text;
    size_t   len;
    char    *line; /* where the next one begins */
    char   **desktops;
    size_t   desktops_count;
    char   **users; /* "name", or "name<TAB>domain" */
    size_t   users_count;
    int32_t  from;
    int32_t  to;
    bool     dated; /* from and to are the caller's */
    bool     hours;
    bool     paging;
    int64_t  now;
    uint64_t random;
    uint64_t calls;
} check_bodies_t;

/* What --desktops or --users says: words with commas, or @ and a file. */
char **check_words(const char *option, const char *text, size_t *count);

/* The body of the next call, freed by the caller. */
char *check_next_body(check_bodies_t *bodies);


/*
 * A reply, or why there is none.
 */
typedef struct {
    long   status; /* 0: none */
    char  *body;
    size_t len;
    char   error_code[32];
    char   said[256];   /* error_detail, else error_msg */
    char   why[256];    /* there is no reply */
    double retry_after; /* seconds, below 0: not told */
} check_reply_t;


typedef struct {
    CURL              *curl;
    char              *url;
    char             **headers; /* of each name, the one given last */
    size_t             headers_count;
    struct curl_slist *list;
    double             seconds; /* for all replies */
} check_side_t;


/* A header for a side, in place of one of that name; whether there is one. */
void check_header_set(check_side_t *side, const char *header);
bool check_header_find(const check_side_t *side, const char *name);

/* Prepares a side for calls to url, of the project where url lacks its route;
 * authorities is a file of those that are trusted, NULL: the machine's. */
void check_side_start(check_side_t *side, const char *url, const char *project,
    long timeout, const char *authorities);
void check_side_free(check_side_t *side);

/* Makes one call; the reply's body is freed by the caller. */
void check_call(check_side_t *side, const char *body, check_reply_t *reply);


/*
 * How the calls went.
 */
typedef enum {
    CHECK_EQUAL,
    CHECK_REFUSED, /* by both, alike */
    CHECK_DIFFERENT,
    CHECK_FAILED /* nothing can be said */
} check_outcome_t;

typedef struct {
    uint64_t counts[CHECK_FAILED + 1];
    uint64_t differences;
    uint64_t paged;   /* calls that differ, with offset or limit, */
    uint64_t entries; /* and of these, those where only entries do */
    uint64_t recent;  /* calls that differ in days that aren't final */
    uint64_t values;
    double   largest;
} check_sums_t;


typedef struct {
    check_side_t   sides[CHECK_SIDES];
    check_bodies_t bodies;
    check_sums_t   sums;
    double         tolerance;
    uint64_t       total; /* calls to make */
    uint64_t       done;
    uint64_t       shown;    /* differences printed, */
    uint64_t       show;     /* and so many at most */
    uint64_t       in_a_row; /* calls that failed */
    uint64_t       retries;
    double         interval; /* seconds between calls; 0: none */
    bool           first;    /* ends at the first difference */
    bool           quiet;
    bool           colours;
    bool           terminal; /* standard error */
    json_t        *report;   /* NULL: in words */
    double         begun;
    double         told; /* progress */
    const char    *why;  /* it ended before all calls were made */
} check_t;


/* Seconds of a clock that only goes forward. */
double check_clock(void);

/* Says how far it is, now or where it is time; what is waited for, or NULL. */
void check_progress(check_t *check, const char *waiting);
void check_progress_clear(check_t *check);

/* What came of one call, as soon as it is known; compare is NULL where there
 * were not two replies of status 200. */
void check_tell(check_t *check, const char *body, check_outcome_t outcome,
    const check_reply_t *replies, const usage_compare_t *compare);

/* Makes the calls. */
void check_run(check_t *check);

/* The end; gives the exit status. */
int check_finish(check_t *check);


#endif /* CTL_CHECK_H */
