/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "By the hour": sessions, and the time in use that they add up
 * to.  Overlapping ones count once.
 */

#ifndef USAGE_SESSION_H
#define USAGE_SESSION_H

#include "base/usage_core.h"


typedef struct {
    int64_t from; /* seconds since 1970 */
    int64_t to;
} usage_session_t;


typedef struct {
    usage_session_t *list;
    size_t           count;
    size_t           room;
} usage_sessions_t;


/* Adds a session; its memory comes from pool.  USAGE_ERROR: memory is out. */
usage_result_t usage_sessions_add(usage_sessions_t *sessions,
    usage_session_t session, const usage_pool_t *pool);

/*
 * Adds the seconds in use to each of count bins of width seconds, the first of
 * which begins at start.  Sorts the sessions.
 */
void usage_sessions_count(usage_sessions_t *sessions, int64_t start,
    int64_t width, size_t count, double *bins);


#endif /* USAGE_SESSION_H */
