/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rule "Few upstream calls": a full fan-out.  It reads the days of all
 * desktops, to find all of them, or some: its targets.
 *
 * 1. Each day is a window of its own, whose rows come with the longest use
 *    first.  Its pages are asked for until all rows are here, or all targets,
 *    or a row without use.
 * 2. A desktop not seen by then has no use on that day, and one that was seen
 *    has no other row.  But that relies on the order of the rows, and on one
 * row for each desktop, which may have one for each enterprise project.  And it
 *    doesn't tell which desktops there are.  So the
 *    remaining pages of all days are asked for, or one window over the whole
 *    range, whichever takes fewer calls.  The range shows each desktop, and the
 *    desktop's days have to add up to its seconds there: if they don't, rows
 *    are missing, and the remaining pages are asked for after all.
 */

#ifndef USAGE_FANOUT_H
#define USAGE_FANOUT_H

#include "gather/usage_window.h"


typedef struct {
    usage_table_t    *table;         /* a column a day, and one for the range */
    usage_desktop_t **targets;       /* rows of the table */
    size_t            targets_count; /* 0: all desktops */
    size_t            days;
    bool counts; /* only which targets there are matters: one row of
                  * each, or that the directory knows it */
    usage_window_t windows[USAGE_DAYS_MAX + 1]; /* the last: the range */
} usage_fanout_t;


/* Prepares the windows of so many days from first on.  There is no target yet.
 */
void usage_fanout_init(usage_fanout_t *fanout, usage_table_t *table,
    usage_day_t first, size_t days);

/* Sets the targets, rows of the table, which stay the caller's.  A count of 0:
 * all desktops. */
void usage_fanout_set_targets(
    usage_fanout_t *fanout, usage_desktop_t **targets, size_t count);

/* Give the next call for the days, and for the range.  USAGE_AGAIN: there is
 * none just now. */
usage_result_t
usage_fanout_next_day(usage_fanout_t *fanout, usage_call_t *call);
usage_result_t
usage_fanout_next_range(usage_fanout_t *fanout, usage_call_t *call);

/* Tells whether all targets are there, if only that matters. */
bool usage_fanout_found(const usage_fanout_t *fanout);

/*
 * Give how many pages would complete the days, once the first page of each is
 * here, and how many the range is expected to have.
 */
int64_t usage_fanout_days_left(const usage_fanout_t *fanout);
int64_t usage_fanout_range_expected(const usage_fanout_t *fanout);

/* Gives how many pages are still to be asked for until the targets' days are
 * known, at most, as far as can be told. */
int64_t usage_fanout_days_most(const usage_fanout_t *fanout);

/*
 * Give how many calls the days still take, at least (complete: up to their last
 * rows), and how many the range does.
 */
int64_t usage_fanout_days_ahead(const usage_fanout_t *fanout, bool complete);
int64_t usage_fanout_range_ahead(const usage_fanout_t *fanout);

/* Lets usage_fanout_next_day() ask for the days up to their last rows. */
void usage_fanout_complete(usage_fanout_t *fanout);

/* Tells whether the days add up to the range, for each target. */
bool usage_fanout_adds_up(const usage_fanout_t *fanout);

/*
 * Enters what the remaining pages of days would show.  There is no target, and
 * the days add up to the range.  So a day with as many rows as the range shows
 * the same desktops, and those not seen have no use.  (That does not hold if
 * some desktop has rows of several enterprise projects: then nothing is
 * entered.)  Tells whether that holds for each day.
 */
bool usage_fanout_fill(usage_fanout_t *fanout);

/* Tells whether two sums of seconds are the same, as the order in which doubles
 * are added changes their last bits. */
bool usage_fanout_same(double sum, double total);


#endif /* USAGE_FANOUT_H */
