/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where the days of a bisection are cut in two, and what the first part leaves
 * of them.
 */

#include "gather/usage_bisection_private.h"

#include <math.h>


/* how far a sum of whole milliseconds may be from a whole number of them */
#define USAGE_BISECTION_TOLERANCE 1e-3


size_t
usage_bisection_middle(
    const usage_bisection_t *bisection, size_t first, size_t last)
{
    size_t   i, middle, far, nearest;
    unsigned rank, best;

    middle = first;
    nearest = 0;
    best = 0;

    for (i = first; i < last; i++) {
        switch (usage_day_weekday(bisection->first + (usage_day_t) i)) {

        case USAGE_SUNDAY:
            rank = 3;
            break;

        case USAGE_FRIDAY:
            rank = 2;
            break;

        default:
            rank = 1;
            break;
        }

        /* twice the distance from the middle, of the boundary behind day i */

        far = 2 * i + 1 > first + last ? 2 * i + 1 - first - last
                                       : first + last - 2 * i - 1;

        if (rank > best || (rank == best && far < nearest)) {
            middle = i;
            nearest = far;
            best = rank;
        }
    }

    return middle;
}


bool
usage_bisection_exact(double seconds)
{
    double ms;

    ms = seconds * 1000;

    return fabs(ms - round(ms)) <= USAGE_BISECTION_TOLERANCE;
}


bool
usage_bisection_rest_known(
    const usage_bisection_t *bisection, double whole, double part, size_t days)
{
    return usage_bisection_exact(whole) && usage_bisection_exact(part)
           && whole >= part
           && (bisection->api != USAGE_CALL_DESKTOPS
               || whole - part <= usage_desktop_seconds((int64_t) days));
}


double
usage_bisection_subtract(double whole, double part)
{
    return round((whole - part) * 1000) / 1000;
}
