/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What differs between two replies to one legacy call: one of the legacy
 * endpoint, one translated.
 */

#ifndef USAGE_COMPARE_H
#define USAGE_COMPARE_H

#include "base/usage_error.h"


/*
 * The default tolerance, in hours: what the legacy service rounds another way.
 */
#define USAGE_COMPARE_TOLERANCE 0.01


/*
 * what is the member that differs: "use_time", "desktop_username",
 * "total_count", or "entry" where only one reply lists the desktop.  legacy and
 * translated are its values as text, cut to USAGE_SHOWN_MAX, and "" on the side
 * that lacks it; those of an "entry" are its hours in all.
 */
typedef struct {
    usage_str_t desktop; /* "" where the entry has no desktop_id, and of all */
    usage_str_t time;    /* the date as the replies write it, "" of others */
    usage_str_t what;
    usage_str_t legacy;
    usage_str_t translated;
} usage_difference_t;


typedef struct {
    usage_difference_t *differences; /* the first ones, by desktop and time */
    size_t              count;       /* of these */
    size_t              total;       /* of all */
    size_t              values;      /* of use_time that were compared */
    double              largest;     /* difference of two of them, in hours */
} usage_compare_t;


/*
 * Compares the bodies of two replies of status 200, by legacy.md, "Reply, 200".
 *
 * Entries are told apart by desktop_id, their elements by date; the order of
 * either doesn't matter, as the vendor promises none.  A use_time may be a
 * number or a string of one; two are equal where they are no more than
 * tolerance hours apart.  Of an entry that one reply lacks, each day in use is
 * a difference of its own.  Other members are not compared.
 *
 * The strings of at most max differences come from pool.  USAGE_ERROR: 502,
 * one of the two is no legacy reply, *error tells which and why; 500, memory is
 * out.
 */
usage_result_t usage_compare(usage_compare_t *compare, const usage_pool_t *pool,
    usage_str_t legacy, usage_str_t translated, double tolerance, size_t max,
    usage_error_t *error);


#endif /* USAGE_COMPARE_H */
