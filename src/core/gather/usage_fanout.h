/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rule "Few upstream calls": the days of all desktops, or of those that are
 * wanted among them.
 *
 * 1. Each day is a window of its own, asked for with the longest use first.
 *    Its pages are asked for until all rows are there, or all desktops that
 *    are wanted, or until a row without use comes.
 * 2. What is not seen then has no use.  But that relies on the order, and
 *    which desktops there are isn't known.  So either the days are completed,
 *    or one window over the whole range is, whichever takes fewer calls: that
 *    one shows every desktop and, as each desktop's days have to add up to its
 *    total, whether the order was kept.  Where a sum is off, the days are
 *    completed after all.
 */

#ifndef USAGE_FANOUT_H
#define USAGE_FANOUT_H

#include "gather/usage_window.h"


typedef struct {
    usage_table_t    *table;  /* a column a day, and one for the range */
    usage_desktop_t **wanted; /* rows of table, */
    size_t            count;  /* so many; 0: all desktops */
    size_t            days;
    bool              known; /* one that the directory knows needs no row */
    usage_window_t    windows[USAGE_DAYS_MAX + 1]; /* the last: the range */
} usage_fanout_t;


/* Prepares the windows of so many days from first on; nobody is wanted yet. */
void usage_fanout_init(usage_fanout_t *sweep, usage_table_t *table,
    usage_day_t first, size_t days);

/* Sets whose statistics are needed: rows of the table; no count: all desktops.
 */
void usage_fanout_set_targets(
    usage_fanout_t *sweep, usage_desktop_t **targets, size_t count);

/* The next call for the days, for the range; USAGE_AGAIN: none just now. */
usage_result_t usage_fanout_next_day(usage_fanout_t *sweep, usage_call_t *call);
usage_result_t
usage_fanout_next_range(usage_fanout_t *sweep, usage_call_t *call);

/* Whether the range shows all that are wanted; never where all desktops are. */
bool usage_fanout_found(const usage_fanout_t *sweep);

/*
 * The pages that would complete the days, and those that the window over the
 * range can be expected to have.
 */
int64_t usage_fanout_left(const usage_fanout_t *sweep);
int64_t usage_fanout_range(const usage_fanout_t *sweep);

/* The pages of days that are still to be asked for, at most. */
int64_t usage_fanout_ahead(const usage_fanout_t *sweep);

/*
 * The calls that the days still take, at least: complete says that they are
 * wanted to their last row.  And those that the range still takes.
 */
int64_t usage_fanout_days_ahead(const usage_fanout_t *sweep, bool complete);
int64_t usage_fanout_range_ahead(const usage_fanout_t *sweep);

/* Wants the days to their last row. */
void usage_fanout_complete(usage_fanout_t *sweep);

/* Whether the days add up to the range, for each desktop that is wanted. */
bool usage_fanout_adds_up(const usage_fanout_t *sweep);

/*
 * Where all desktops are wanted, and the days add up to the range: what the
 * days' last pages would show.  A day with as many rows as the range has those
 * of the same desktops, those not seen without use.  Whether each day has.
 */
bool usage_fanout_fill(usage_fanout_t *sweep);

/* Whether two sums of seconds are the same, added up in different orders. */
bool usage_fanout_same(double sum, double total);


#endif /* USAGE_FANOUT_H */
