/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: the bodies of the calls.  They come from a file, one a line,
 * or are made up from desktops, users and dates.
 */

#ifndef CHECK_BODIES_H
#define CHECK_BODIES_H

#include "ctl.h"


typedef struct {
    char    *text; /* the file; NULL: bodies are made up */
    size_t   len;
    char    *line; /* where the next one begins */
    char   **desktops;
    size_t   desktops_count;
    char   **users; /* "name", or "name<TAB>domain" */
    size_t   users_count;
    int32_t  from;   /* days since 1970 */
    int32_t  to;     /* the same; included */
    bool     dated;  /* all bodies have dates */
    bool     hours;  /* some bodies are by the hour */
    bool     paging; /* some bodies have offset or limit */
    int64_t  now;    /* seconds since 1970 */
    uint64_t random; /* the same seed makes the same bodies */
} check_bodies_t;


/*
 * Reads the value of --desktops or --users: a list with commas, or @ and a
 * file.  Ends the program if it is empty.
 */
char **check_words(const char *option, const char *text, size_t *count);

/*
 * Gives the body of the next call, which the caller frees.  Ends the program if
 * the file has no more.
 */
char *check_next_body(check_bodies_t *bodies);


#endif /* CHECK_BODIES_H */
