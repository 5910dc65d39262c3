/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_session.h"

#include <stdlib.h>


#define USAGE_SESSIONS_ROOM 8 /* to start with */


usage_result_t
usage_sessions_add(usage_sessions_t *sessions, usage_session_t session,
    const usage_pool_t *pool)
{
    usage_session_t *list;

    if (sessions->count == sessions->room) {
        list = usage_grow(pool, sessions->list, &sessions->room,
            USAGE_SESSIONS_ROOM, sizeof(usage_session_t));
        if (list == NULL) {
            return USAGE_ERROR;
        }

        sessions->list = list;
    }

    sessions->list[sessions->count++] = session;

    return USAGE_OK;
}


static int
usage_sessions_compare(const void *one, const void *two)
{
    const usage_session_t *a, *b;

    a = one;
    b = two;

    return (a->from > b->from) - (a->from < b->from);
}


/*
 * Adds the seconds from <= t < to, which lie within the bins, to those that
 * they touch.
 */
static void
usage_sessions_spread(
    int64_t from, int64_t to, int64_t start, int64_t width, double *bins)
{
    size_t  i;
    int64_t end;

    for (i = (size_t) ((from - start) / width); from < to; i++) {
        end = start + (int64_t) (i + 1) * width;

        if (end > to) {
            end = to;
        }

        bins[i] += (double) (end - from);
        from = end;
    }
}


void
usage_sessions_count(usage_sessions_t *sessions, int64_t start, int64_t width,
    size_t count, double *bins)
{
    size_t  n;
    int64_t from, to, done, end;

    if (sessions->count > 1) {
        qsort(sessions->list, sessions->count, sizeof(usage_session_t),
            usage_sessions_compare);
    }

    done = start; /* seconds before that are counted, or outside of the bins */
    end = start + (int64_t) count * width;

    for (n = 0; n < sessions->count; n++) {
        from = sessions->list[n].from > done ? sessions->list[n].from : done;
        to = sessions->list[n].to < end ? sessions->list[n].to : end;

        if (from < to) {
            usage_sessions_spread(from, to, start, width, bins);
            done = to;
        }
    }
}
