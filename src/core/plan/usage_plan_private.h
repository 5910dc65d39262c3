/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stages of a plan.  Not for other files than usage_plan*.c.
 */

#ifndef USAGE_PLAN_PRIVATE_H
#define USAGE_PLAN_PRIVATE_H

#include "plan/usage_plan.h"


struct usage_stage_s {

    /* The next call; USAGE_AGAIN: there is none just now. */
    usage_result_t (*next)(usage_plan_t *plan, usage_call_t *call);

    /* All replies are here: sets the stage that follows.  USAGE_ERROR where
     * memory is out, or, with error->status set, for what it says. */
    usage_result_t (*end)(usage_plan_t *plan, usage_error_t *error);

    /* The calls of an API that the stage still takes, at least. */
    int64_t (*ahead)(const usage_plan_t *plan, usage_call_api_t api);
};


/* usage_plan_desktops.c */

/* Starts on the statistics of the desktops that are wanted, or of all. */
usage_result_t usage_plan_desktops(usage_plan_t *plan);

/* Sweeps over all desktops; does so anew, whatever is known by now. */
void usage_plan_sweep(usage_plan_t *plan);
void usage_plan_sweep_anew(usage_plan_t *plan);

/* Goes on when all statistics of the desktops are here. */
usage_result_t usage_plan_statistics(usage_plan_t *plan, usage_error_t *error);

/* Looks up those of the request's desktops that are not known yet. */
usage_result_t usage_plan_look_up(usage_plan_t *plan);

/* The next() of stages that ask the directory, or for the range. */
usage_result_t
usage_plan_next_directory(usage_plan_t *plan, usage_call_t *call);
usage_result_t usage_plan_next_range(usage_plan_t *plan, usage_call_t *call);


/* usage_plan_narrow.c */

/* Starts to find out whether to narrow to those that are wanted. */
usage_result_t usage_plan_narrow(usage_plan_t *plan);

/*
 * Whether narrowed windows take fewer calls than what is ahead of the sweep, at
 * most: days x desktops, and the names of 100 desktops a call.
 */
bool usage_plan_narrows(const usage_plan_t *plan);

/* Narrows to those that are wanted. */
usage_result_t usage_plan_narrow_now(usage_plan_t *plan);


/* usage_plan_narrowed.c */

/* Narrows to some desktops. */
usage_result_t usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count);


/* usage_plan_user.c */

/* Starts on a user. */
usage_result_t usage_plan_user(usage_plan_t *plan);

/* The records are here, or can't be had; the desktops' statistics are. */
usage_result_t
usage_plan_user_records(usage_plan_t *plan, usage_error_t *error);
usage_result_t
usage_plan_user_desktops(usage_plan_t *plan, usage_error_t *error);


/* usage_plan_split.c */

/* 2: the seconds of the days first to last on desktops that are the user's
 * alone. */
double usage_plan_alone(const usage_plan_t *plan, size_t first, size_t last);

/*
 * Ends with what the records show, where they add up to the user's statistics,
 * to the second: then they tell all that the desktops' statistics could.
 * USAGE_AGAIN: they don't.
 */
usage_result_t usage_plan_try_records(usage_plan_t *plan);

/* 3 to 5: settles whose the remainder is; asks for what that takes. */
usage_result_t usage_plan_settle(usage_plan_t *plan);

/* The desktops that were looked up, as it may have been one of them. */
usage_result_t
usage_plan_user_looked_up(usage_plan_t *plan, usage_error_t *error);


/* usage_plan_records.c */

/* Starts on the usage by the hour. */
usage_result_t usage_plan_hours(usage_plan_t *plan);

/* Asks for the records, where the reply needs any. */
usage_result_t usage_plan_records(usage_plan_t *plan);


/* usage_plan_ahead.c */

/* The ahead() of stages: the days of a sweep; to their end; the range of one;
 * desktops that are narrowed to; the user's statistics; the directory; the
 * records. */
int64_t usage_plan_ahead_days(const usage_plan_t *plan, usage_call_api_t api);
int64_t
usage_plan_ahead_complete(const usage_plan_t *plan, usage_call_api_t api);
int64_t usage_plan_ahead_range(const usage_plan_t *plan, usage_call_api_t api);
int64_t usage_plan_ahead_series(const usage_plan_t *plan, usage_call_api_t api);
int64_t usage_plan_ahead_total(const usage_plan_t *plan, usage_call_api_t api);
int64_t
usage_plan_ahead_directory(const usage_plan_t *plan, usage_call_api_t api);
int64_t
usage_plan_ahead_records(const usage_plan_t *plan, usage_call_api_t api);


/* usage_plan.c */

/* The row of a desktop that the directory knows. */
usage_desktop_t *usage_plan_row(usage_plan_t *plan, usage_entry_t *entry);

/* Whether the directory shows the entry now. */
bool usage_plan_listed(const usage_plan_t *plan, const usage_entry_t *entry);


#endif /* USAGE_PLAN_PRIVATE_H */
