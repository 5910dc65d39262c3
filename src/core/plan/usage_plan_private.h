/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of the plan offer each other.  A file uses those above it in
 * this header only.  Not for files outside of this folder.
 */

#ifndef USAGE_PLAN_PRIVATE_H
#define USAGE_PLAN_PRIVATE_H

#include "plan/usage_plan.h"


/*
 * A stage.  It doesn't know which stage comes before or after it.
 */
typedef struct {

    /* What the logs call it. */
    const char *name;

    /* Prepares the calls: USAGE_OUTCOME_CALLS, and next() is asked for them.
     * Any other outcome: the stage is over without a call.  NULL: there is
     * nothing to prepare. */
    usage_outcome_t (*begin)(usage_plan_t *plan, usage_error_t *error);

    /* Gives the next call.  USAGE_AGAIN: there is none just now. */
    usage_result_t (*next)(usage_plan_t *plan, usage_call_t *call);

    /* Draws the conclusion when next() gives no call and all replies are here.
     * USAGE_OUTCOME_CALLS: the stage goes on with further calls. */
    usage_outcome_t (*end)(usage_plan_t *plan, usage_error_t *error);

    /* Gives how many calls of an API the stage still takes, at least. */
    int64_t (*ahead)(const usage_plan_t *plan, usage_call_api_t api);

    /* Takes the refusal of a call.  USAGE_OUTCOME_CALLS: it is to be asked for
     * in another way, or isn't needed.  USAGE_OUTCOME_FORBIDDEN: the caller may
     * not read it, which end() will give as the outcome.  NULL,
     * USAGE_OUTCOME_ERROR: it is the end of the plan. */
    usage_outcome_t (*refused)(
        usage_plan_t *plan, const usage_call_t *call, unsigned status);
} usage_stage_t;


/* usage_plan_state.c: what stages share */

/* Fills error as memory is out, and gives USAGE_OUTCOME_ERROR. */
usage_outcome_t
usage_plan_no_memory(const usage_plan_t *plan, usage_error_t *error);

/* Gives the table's row of a desktop that the directory knows.  NULL: memory is
 * out. */
usage_desktop_t *usage_plan_row(usage_plan_t *plan, usage_entry_t *entry);

/* Tells whether the directory's latest listing shows the entry. */
bool usage_plan_listed(const usage_plan_t *plan, const usage_entry_t *entry);

/* Adds up the seconds that days of the targets show. */
double
usage_plan_targets_seconds(const usage_plan_t *plan, size_t first, size_t last);

/* The next() of stages that read the directory, or the range of all desktops;
 * and their ahead(). */
usage_result_t
usage_plan_next_directory(usage_plan_t *plan, usage_call_t *call);
usage_result_t usage_plan_next_range(usage_plan_t *plan, usage_call_t *call);
int64_t
usage_plan_ahead_directory(const usage_plan_t *plan, usage_call_api_t api);
int64_t usage_plan_ahead_range(const usage_plan_t *plan, usage_call_api_t api);

/* The end() of stages that have nothing to conclude: USAGE_OUTCOME_DONE. */
usage_outcome_t usage_plan_end_done(usage_plan_t *plan, usage_error_t *error);


/* usage_plan_lookup.c: some desktops in the directory */

extern const usage_stage_t usage_stage_look_up;

/* Starts to look up desktops of the table.  USAGE_ERROR: memory is out. */
usage_result_t usage_plan_look_up(
    usage_plan_t *plan, usage_desktop_t *const *desktops, size_t count);

/* Tells whether some were looked up; whether the caller may not do that. */
bool usage_plan_looked_up(const usage_plan_t *plan);
bool usage_plan_look_up_forbidden(const usage_plan_t *plan);

/* The end() and the refused() of stages that look up desktops. */
usage_outcome_t
usage_plan_look_up_end(usage_plan_t *plan, usage_error_t *error);
usage_outcome_t usage_plan_look_up_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status);


/* usage_plan_monitor.c: what desktop monitoring takes, and its calls */

/* Tells whether the plan may ask desktop monitoring. */
bool usage_plan_monitors(const usage_plan_t *plan);

/* Gives how many calls the days of a target take at most, its range included,
 * if statistics are narrowed to it; and whether monitoring makes them fewer. */
size_t usage_plan_narrow_calls(const usage_plan_t *plan);
bool   usage_plan_monitor_saves(const usage_plan_t *plan);

/* Tells whether hours are to be taken from monitoring, as that takes no more
 * than so many calls; and says that they are.  It is tried once. */
bool usage_plan_monitor_hours(const usage_plan_t *plan, int64_t calls);
void usage_plan_monitor_try(usage_plan_t *plan);

/* Make room for the periods of so many desktops, none of them yet; and start to
 * read those of a desktop on the first so many days of the range, unless its id
 * can't be asked for.  USAGE_ERROR: memory is out. */
usage_result_t usage_plan_monitor_room(usage_plan_t *plan, size_t count);
void           usage_plan_monitor_add(
              usage_plan_t *plan, usage_desktop_t *desktop, size_t days);

/* Gives the periods of a desktop.  NULL: they weren't asked for. */
usage_monitor_t *
usage_plan_monitor_of(const usage_plan_t *plan, const usage_desktop_t *desktop);

/* Tells whether the caller may not read monitoring. */
bool usage_plan_monitor_forbidden(const usage_plan_t *plan);

/* Takes a reply of desktop monitoring. */
usage_result_t usage_plan_monitor_body(usage_plan_t *plan,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);

/* The next(), the ahead() and the refused() of stages that read periods. */
usage_result_t usage_plan_next_monitor(usage_plan_t *plan, usage_call_t *call);
int64_t
usage_plan_ahead_monitor(const usage_plan_t *plan, usage_call_api_t api);
usage_outcome_t usage_plan_monitor_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status);


/* usage_plan_records.c: the connection records */

extern const usage_stage_t usage_stage_directory, usage_stage_listed,
    usage_stage_records, usage_stage_match;

/* Tells whether the records are matched with their desktops; whether the caller
 * may not read them. */
bool usage_plan_records_matched(const usage_plan_t *plan);
bool usage_plan_records_forbidden(const usage_plan_t *plan);

/* Gives how many calls the records still take at least, as far as is known. */
int64_t usage_plan_records_least(const usage_plan_t *plan);

/*
 * Tells whether the filter by the user's name may have left out records of the
 * user.  Then the stage asks for all records when it comes next.
 */
bool usage_plan_records_unfilter(usage_plan_t *plan);

/*
 * Tells whether a record may be of another user of the requested name, as it
 * has no domain.
 */
bool usage_plan_records_vague(const usage_plan_t *plan);

/*
 * Tells whether the look-back of the records goes back further than they are
 * kept.
 */
bool usage_plan_records_cut(const usage_plan_t *plan);

/* Gives what stands for the desktops that records name and the directory
 * doesn't know: the first of a list. */
usage_entry_t *usage_plan_records_unmatched(const usage_plan_t *plan);


/* usage_plan_user.c: the user's desktops, and the user's own statistics */

extern const usage_stage_t usage_stage_owned, usage_stage_total,
    usage_stage_user_days;

/* Tells whether the seconds that the user used are known, and gives them. */
bool usage_plan_total_known(const usage_plan_t *plan, double *seconds);


/* usage_plan_filters.c: whether these statistics are those that were asked for
 */

extern const usage_stage_t usage_stage_filters;

/* Tells whether the user's statistics may be those of others, too, as far as is
 * known: the upstream ignores a filter, or may do so. */
bool usage_plan_unfiltered(const usage_plan_t *plan);

/* Tells whether they may be, and records may be of others, too. */
bool usage_plan_mixed(const usage_plan_t *plan);

/* Fills error: up to so many seconds may be of others.  Gives
 * USAGE_OUTCOME_ERROR. */
usage_outcome_t usage_plan_unproven(
    const usage_plan_t *plan, double seconds, usage_error_t *error);

/* Takes the page that tells whether the filter by domain is known.
 * USAGE_ERROR: 502, it makes no sense, fetched again and again. */
usage_result_t usage_plan_filters_page(usage_plan_t *plan,
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error);


/* usage_plan_check.c: hours are held against the statistics */

extern const usage_stage_t usage_stage_figures, usage_stage_check;

/* Gives the seconds that statistics say of a desktop, on final days. */
double usage_plan_final_seconds(
    const usage_plan_t *plan, const usage_desktop_t *desktop);


/* usage_plan_remainder.c: what the user's desktops leave of those statistics */

extern const usage_stage_t usage_stage_explained, usage_stage_remainder,
    usage_stage_unexplained;


/* usage_plan_narrow.c: statistics narrowed to some desktops */

extern const usage_stage_t usage_stage_names, usage_stage_totals;

/* Sets to which desktops the statistics are to be narrowed.  The first page of
 * a day may be here already: those that it shows aren't asked for that day. */
void usage_plan_narrow_to(
    usage_plan_t *plan, usage_desktop_t **desktops, size_t count, size_t day);

/* Sets them to the requested desktops that the directory knows: those that a
 * reply of hours lists.  USAGE_ERROR: memory is out. */
usage_result_t usage_plan_narrow_to_listed(usage_plan_t *plan);

/* Tells whether the targets can be narrowed to without asking for their
 * names. */
bool usage_plan_named(const usage_plan_t *plan);

/* Tells whether narrowed statistics say everything of a desktop: their filter
 * was exact, or they show it. */
bool usage_plan_told(const usage_plan_t *plan, const usage_desktop_t *desktop);

/* Tells whether narrowed statistics are still an option. */
bool usage_plan_may_narrow(const usage_plan_t *plan);

/*
 * Tells whether narrowed statistics take fewer calls than what is ahead of the
 * full fan-out.  They take usage_plan_narrow_calls() for each target at most,
 * and those that tell the targets' names.
 */
bool usage_plan_narrows(const usage_plan_t *plan);

/* Hands in a page that is narrowed to a desktop, or to a user. */
usage_result_t usage_plan_narrowed_page(usage_plan_t *plan,
    const usage_call_t *call, const usage_page_t *page, usage_error_t *error);

/* The next() and the ahead() of stages that read narrowed statistics. */
usage_result_t usage_plan_next_narrowed(usage_plan_t *plan, usage_call_t *call);
int64_t
usage_plan_ahead_narrowed(const usage_plan_t *plan, usage_call_api_t api);


/* usage_plan_search.c: the days of those desktops, and a search for the missing
 */

extern const usage_stage_t usage_stage_narrowed, usage_stage_search;

/* Tells whether the range of all desktops is searched for missing targets. */
bool usage_plan_searched(const usage_plan_t *plan);


/* usage_plan_periods.c: periods in place of days or records */

extern const usage_stage_t usage_stage_final, usage_stage_monitored,
    usage_stage_sums, usage_stage_periods;


/* usage_plan_desktops.c: statistics of all desktops */

extern const usage_stage_t usage_stage_days, usage_stage_range,
    usage_stage_complete, usage_stage_count;

/* The ahead() of stages that read days, if narrowed statistics may take their
 * place. */
int64_t usage_plan_ahead_days(const usage_plan_t *plan, usage_call_api_t api);


/* usage_plan_probe.c: how many desktops are there? */

extern const usage_stage_t usage_stage_probe;


/* usage_plan_route.c: which stage comes next */

/* Gives the stage itself.  Not for USAGE_STAGE_START and USAGE_STAGE_END. */
const usage_stage_t *usage_plan_stage(usage_plan_stage_t stage);

/* Finds the stage that follows on an outcome of a stage.  false: there is
 * none. */
bool usage_plan_route(usage_plan_kind_t kind, usage_plan_stage_t stage,
    usage_outcome_t outcome, usage_plan_stage_t *next);


#endif /* USAGE_PLAN_PRIVATE_H */
