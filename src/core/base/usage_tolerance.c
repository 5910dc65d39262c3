/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Compares the time that connection records show with the statistics.
 */

#include "base/usage_tolerance.h"

#include <math.h>


usage_shown_t
usage_tolerance_compare(const usage_tolerance_t *tolerance, double shown,
    double statistics, int64_t days)
{
    double apart;

    apart = fmax(statistics * tolerance->share,
        (double) (tolerance->seconds_per_day * days));

    if (shown < statistics - apart) {
        return USAGE_SHOWN_LESS;
    }

    return shown > statistics + apart ? USAGE_SHOWN_MORE : USAGE_SHOWN_SAME;
}
