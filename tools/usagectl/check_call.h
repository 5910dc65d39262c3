/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: a call to one of the two endpoints, which are called sides.
 */

#ifndef CHECK_CALL_H
#define CHECK_CALL_H

#include "ctl.h"

#include <curl/curl.h>


#define CHECK_SIDES 2

/* "legacy", "translated" */
extern const char *const check_names[CHECK_SIDES];


/* A reply, or the reason why there is none. */

typedef struct {
    long   status; /* 0: there is no reply */
    char  *body;
    size_t len;
    char   error_code[32];
    char   said[256];   /* error_detail, else error_msg */
    char   why[256];    /* the reason */
    double retry_after; /* seconds; below 0: not told */
} check_reply_t;


typedef struct {
    CURL              *curl;
    char              *url;
    char             **headers; /* of each name, the one set last */
    size_t             headers_count;
    struct curl_slist *list;    /* the same, for curl */
    double             seconds; /* that all replies took */
} check_side_t;


/*
 * Sets a header, "Name: value", in place of one of the same name.  Ends the
 * program if it has no colon.
 */
void check_header_set(check_side_t *side, const char *header);

/* Tells whether a header of that name is set. */
bool check_header_find(const check_side_t *side, const char *name);

/*
 * Prepares a side for calls to url.  If url doesn't have the call's route, the
 * route of the project goes behind it.  timeout is in seconds.  authorities is
 * a file of those that are trusted; NULL: the machine's.  Ends the program if
 * url is wrong.
 */
void check_side_start(check_side_t *side, const char *url, const char *project,
    long timeout, const char *authorities);

/* Frees what a side holds. */
void check_side_free(check_side_t *side);

/* Makes one call; the caller frees the reply's body. */
void check_call(check_side_t *side, const char *body, check_reply_t *reply);


#endif /* CHECK_CALL_H */
