/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which upstream calls answer a request: translation.md, and its rule "Few
 * upstream calls".
 *
 * A plan says which call is next, takes the replies in any order, and ends with
 * what the reply is written from.  It goes through stages, each with calls of
 * one kind.  When all replies of a stage are here, it comes to an outcome, and
 * usage_plan_route.c says which stage follows on it.
 */

#ifndef USAGE_PLAN_H
#define USAGE_PLAN_H

#include "plan/usage_plan_state.h"
#include "reply/usage_reply.h"


/*
 * Starts a plan.  request, upstream and pool have to outlive it, and it may not
 * be moved; now is the time, in seconds since 1970.  USAGE_ERROR: 500, memory
 * is out.
 */
usage_result_t usage_plan_start(usage_plan_t *plan,
    const usage_request_t *request, const usage_upstream_t *upstream,
    const usage_pool_t *pool, int64_t now, usage_error_t *error);

/*
 * Says that a cache is filled with what the plan finds.  So it completes days
 * that it would else leave early.
 */
void usage_plan_fill_cache(usage_plan_t *plan);

/*
 * Gives the next call.  USAGE_OK: *call is to be made, and its reply handed in.
 * USAGE_AGAIN: there is none until one more reply is handed in, or none at all
 * if usage_plan_done() says so.  USAGE_ERROR: the request can't be answered, or
 * 500, memory is out.
 */
usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error);
bool usage_plan_done(const usage_plan_t *plan);

/*
 * Gives how many calls of an API usage_plan_next() is still to give, at least:
 * what is pending in the plan's stage, as far as it can be told by now, and
 * nothing of the stages that may follow.
 */
size_t usage_plan_ahead(const usage_plan_t *plan, usage_call_api_t api);

/*
 * Name the stage that the plan is in and the last outcome of a stage, for a
 * log: static strings.
 */
const char *usage_plan_stage_name(const usage_plan_t *plan);
const char *usage_plan_outcome_name(const usage_plan_t *plan);

/*
 * Prepares reader for the reply to call, if that is of statistics.  false: it
 * is of another API, which is read as a whole.
 */
bool usage_plan_read(usage_plan_t *plan, const usage_call_t *call,
    usage_page_reader_t *reader, usage_error_t *error);

/*
 * Hand in a reply of status 200: a page of statistics as it was read, or the
 * body of another API.  USAGE_ERROR: 502, it makes no sense, or pages still
 * don't agree after USAGE_REFETCH_MAX refetches; 500, memory is out.
 */
usage_result_t usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error);
usage_result_t usage_plan_body(usage_plan_t *plan, const usage_call_t *call,
    usage_str_t body, usage_error_t *error);

/*
 * Hands in a reply of another status.  true: the plan does without it; false:
 * the request can't be answered.
 */
bool usage_plan_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status);


/* All that follows is of a plan that is done. */

/*
 * Gives the entries to list, in order: those that offset and limit leave.
 * *total is how many there are without these.  USAGE_ERROR: 500, memory is out.
 */
usage_result_t usage_plan_list(usage_plan_t *plan, usage_item_t **items,
    size_t *count, int64_t *total, usage_error_t *error);

/* Gives how many elements of an entry are not in the future. */
size_t usage_plan_past(const usage_plan_t *plan);

/* Gives the seconds of the user's usage that belong to no known desktop. */
double usage_plan_unattributed(const usage_plan_t *plan);

/*
 * Gives how many desktops connection records name that the directory doesn't
 * know.  *name: what one of them is called, for the log.
 */
size_t usage_plan_unmatched(const usage_plan_t *plan, usage_str_t *name);

/*
 * Gives what is known of the filter by domain of statistics of users:
 * usage_upstream_t told it, or the plan has found it out.
 */
usage_filter_t usage_plan_domain_filter(const usage_plan_t *plan);

/*
 * Tells whether the upstream takes times of records only if they are written
 * with seconds, as far as the plan knows: usage_upstream_t told it, or the plan
 * has found it out.
 */
bool usage_plan_with_seconds(const usage_plan_t *plan);

/* These are of any plan: what the cache may keep of it, whatever happens next.
 */

/*
 * Tells whether a column of the table shows all desktops.  A column is a day,
 * counted from 0, or the range if it is plan->days.
 */
bool usage_plan_covers(const usage_plan_t *plan, size_t column);

/*
 * Tells whether usage_plan_cell() says of each day what the requested desktops
 * used: the plan is about the days of desktops, and has all of them.
 */
bool usage_plan_has_days(const usage_plan_t *plan);

/* Tells whether the plan is about the days of all desktops. */
bool usage_plan_of_all(const usage_plan_t *plan);

/*
 * Tells whether a day of such a plan is begun: the first of its pages are in
 * the table.  *count: the rows of all its pages; *rows: those that are here.
 */
bool usage_plan_begun(
    const usage_plan_t *plan, size_t day, int64_t *count, int64_t *rows);

/*
 * Takes a day up where an earlier plan left it, before the first call is given.
 * usage_plan_begun() told count and rows, and these rows are in the table's
 * column again.  The rest is read and checked as ever.  unused: one of the rows
 * is without use.
 */
void usage_plan_resume(
    usage_plan_t *plan, size_t day, int64_t count, int64_t rows, bool unused);

/*
 * Tells what the plan knows of the i-th requested desktop in a column, if
 * usage_plan_has_days().
 */
typedef enum {
    USAGE_CELL_SHOWN,  /* statistics show it */
    USAGE_CELL_ABSENT, /* statistics don't show it */
    USAGE_CELL_UNUSED  /* it has no use; whether they show it isn't known */
} usage_cell_t;

usage_cell_t usage_plan_cell(const usage_plan_t *plan, size_t i, size_t column);

/*
 * Tell whether the directory was asked for the i-th requested desktop, and
 * whether it knows that one.
 */
bool usage_plan_looked_for(const usage_plan_t *plan, size_t i);
bool usage_plan_knows(const usage_plan_t *plan, size_t i);


#endif /* USAGE_PLAN_H */
