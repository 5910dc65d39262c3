/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whether the time that connection records show is what the statistics say
 * (translation.md, "By the hour").  The two add up differently, so they are the
 * same if they are near each other.
 */

#ifndef USAGE_TOLERANCE_H
#define USAGE_TOLERANCE_H

#include "base/usage_core.h"


/*
 * How far apart the two may be: a share of what the statistics say, or so many
 * seconds for each day, whichever is greater (usage_connections_tolerance).
 */
typedef struct {
    double  share; /* 0 to 1 */
    int64_t seconds_per_day;
} usage_tolerance_t;

#define USAGE_TOLERANCE_SHARE   0.01
#define USAGE_TOLERANCE_SECONDS 60


typedef enum {
    USAGE_SHOWN_LESS = -1,
    USAGE_SHOWN_SAME = 0,
    USAGE_SHOWN_MORE = 1
} usage_shown_t;


/*
 * Compares the seconds that records or periods show with those that the
 * statistics say, both over the same number of days: are they less, the same
 * within the tolerance, or more?
 */
usage_shown_t usage_tolerance_compare(const usage_tolerance_t *tolerance,
    double shown, double statistics, int64_t days);


#endif /* USAGE_TOLERANCE_H */
