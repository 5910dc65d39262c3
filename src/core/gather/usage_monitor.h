/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Desktop monitoring": when one desktop was in use, all users
 * together.
 *
 * A call asks for 30 days at most.  Whether it tells of a period that began
 * before its time isn't documented.  So 23 hours before the days are asked for,
 * too, and as much more as takes no further call.  A period that began still
 * earlier may be missing: the caller checks the periods against the statistics.
 */

#ifndef USAGE_MONITOR_H
#define USAGE_MONITOR_H

#include "gather/usage_call.h"
#include "gather/usage_session.h"
#include "base/usage_error.h"


struct usage_monitor_s {
    const usage_pool_t *pool;
    usage_desktop_t    *desktop; /* whose periods they are */
    usage_day_t         first;   /* of the days that they are counted by */
    int64_t             from; /* seconds since 1970: asked for from then... */
    int64_t             to;   /* ...until then, which is now or the end of
                               * the days */
    size_t           calls;   /* that this time takes */
    size_t           made;    /* of them */
    usage_sessions_t periods;
};


/* Gives how many calls so many days take. */
size_t usage_monitor_calls(size_t days);

/*
 * Prepares to read the periods of a desktop, whose id is plain
 * (usage_call_id_plain()), on so many days from first on.  now is the time, in
 * seconds since 1970; there is a day at least, and none is in the future.
 */
void usage_monitor_start(usage_monitor_t *monitor, usage_desktop_t *desktop,
    usage_day_t first, size_t days, int64_t now, const usage_pool_t *pool);

/* Gives the next call.  USAGE_AGAIN: there are no more. */
usage_result_t usage_monitor_next(usage_monitor_t *monitor, usage_call_t *call);

/* Gives how many calls it still takes. */
size_t usage_monitor_ahead(const usage_monitor_t *monitor);

/*
 * Takes the reply to call, which was given by any monitor.  A period that has
 * not ended lasts until now, or until the end of the days.  USAGE_ERROR: 502,
 * it makes no sense, or tells an error in place of a period; 500, memory is
 * out.
 */
usage_result_t usage_monitor_body(
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/*
 * Gives the seconds in use in each of count bins of width seconds, the first of
 * which begins with the first day, and their sum.  Periods that overlap count
 * once.
 */
double usage_monitor_count(
    usage_monitor_t *monitor, int64_t width, size_t count, double *bins);


#endif /* USAGE_MONITOR_H */
