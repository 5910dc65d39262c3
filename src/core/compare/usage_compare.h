/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Compares two replies to one legacy call: the legacy endpoint's and the
 * translated one.
 *
 * usage_compare.c has the rules, usage_compare_list.c sorts two lists and walks
 * along them, usage_compare_value.c reads and compares a use_time.
 */

#ifndef USAGE_COMPARE_H
#define USAGE_COMPARE_H

#include "base/usage_error.h"


/* the default tolerance, in hours: the legacy service may round otherwise */
#define USAGE_COMPARE_TOLERANCE 0.01


/*
 * A difference.  legacy and translated are the two values as text, cut to
 * USAGE_SHOWN_MAX bytes, and "" if a reply lacks the value.  Of an "entry",
 * which only one reply has, they are the sum of its hours.
 */
typedef struct {
    usage_str_t desktop; /* desktop_id; "": none, or the whole reply differs */
    usage_str_t time; /* the date of a use_time, as replies write it, or "" */
    usage_str_t what; /* "use_time", "desktop_username", "total_count" or
                       * "entry" */
    usage_str_t legacy;
    usage_str_t translated;
} usage_difference_t;


typedef struct {
    usage_difference_t *differences; /* the first ones, by desktop and time */
    size_t              count;       /* of differences */
    size_t              total;       /* all differences there are */
    size_t              values;      /* use_time that were compared */
    double              largest;     /* hours that two of these are apart */
} usage_compare_t;


/*
 * Compares the bodies of two replies of status 200 (legacy.md, "Reply, 200").
 *
 * Entries are matched by desktop_id, and their elements by date.  The order of
 * either doesn't matter, as the vendor promises none.  A use_time may be a
 * number or a string of one; two are equal if they are no more than tolerance
 * hours apart.  If one reply lacks an entry, each of its days in use is a
 * difference, too.  Other members are not compared.
 *
 * At most max differences are kept, in memory from pool.  USAGE_ERROR: 502, one
 * of the two is no legacy reply, and *error says which and why; 500 or 502,
 * memory is out (usage_no_memory()).
 */
usage_result_t usage_compare(usage_compare_t *compare, const usage_pool_t *pool,
    usage_str_t legacy, usage_str_t translated, double tolerance, size_t max,
    usage_error_t *error);


#endif /* USAGE_COMPARE_H */
