/*
 * translation.md, "Which desktops, in which order", "Pages" and the rule "Few
 * upstream calls": which calls of the successors answer a request.
 *
 * A plan says which call is next, takes the replies in any order, and ends
 * with a table from which the reply is written:
 *
 * 1. Each day is a window of its own, asked for with the longest use first.
 *    Its pages are asked for until all rows are there, or all desktops that
 *    the request names, or until a row without use comes.
 * 2. What is not seen then has no use.  But that relies on the order, and
 *    which desktops there are isn't known.  So either the days are completed,
 *    or one window over the whole range is, whichever takes fewer calls: that
 *    one shows every desktop and, as each desktop's days have to add up to its
 *    total, whether the order was kept.  Where a sum is off, the days are
 *    completed after all.
 * 3. Desktops that the request names and no page shows are looked up in the
 *    directory.
 *
 * A request that needs no days, as it asks for the count only, is answered
 * from the window over the whole range and the directory.
 */

#ifndef USAGE_PLAN_H
#define USAGE_PLAN_H

#include "usage_lookup.h"
#include "usage_reply.h"
#include "usage_request.h"
#include "usage_window.h"


typedef enum {
    USAGE_PLAN_DAYS,      /* days, until a row without use */
    USAGE_PLAN_RANGE,     /* the window over the whole range */
    USAGE_PLAN_COMPLETE,  /* days, to their last row */
    USAGE_PLAN_DIRECTORY, /* desktops that no page showed */
    USAGE_PLAN_DONE
} usage_plan_stage_t;


typedef struct {
    const usage_request_t *request;
    const usage_pool_t    *pool;
    usage_table_t          table;
    usage_plan_stage_t     stage;
    size_t                 days; /* windows of a day; one more: the range */
    bool                   count_only;
    unsigned               waiting; /* calls whose reply isn't here yet */
    usage_window_t         windows[USAGE_DAYS_MAX + 1];
    usage_lookup_t         lookup;
} usage_plan_t;


/*
 * Starts a plan.  request and pool have to outlive it; today is the current
 * day.  USAGE_ERROR: 500, memory is out.
 */
usage_result_t
usage_plan_start(usage_plan_t *plan, const usage_request_t *request,
    const usage_pool_t *pool, usage_day_t today, usage_error_t *error);

/*
 * The next call.  USAGE_OK: *call is to be made, its reply to be handed in.
 * USAGE_AGAIN: nothing until one more reply is handed in, or, where
 * plan->stage is USAGE_PLAN_DONE, nothing more at all.  USAGE_ERROR: 500.
 */
usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error);

/*
 * Hands in a page of statistics.  USAGE_ERROR: 502, the window's pages still
 * don't agree after USAGE_REFETCH_MAX refetches.
 */
usage_result_t usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error);

/*
 * Hands in a reply of the directory, of status 200 or of one that forbids to
 * read it.  USAGE_ERROR: 502.
 */
usage_result_t usage_plan_directory(usage_plan_t *plan,
    const usage_call_t *call, usage_str_t body, usage_error_t *error);
void           usage_plan_directory_forbidden(usage_plan_t *plan);

/*
 * Of a plan that is done: the items to list, in order, those that offset and
 * limit leave, and the total before that.  USAGE_ERROR: 500.
 */
usage_result_t usage_plan_list(const usage_plan_t *plan, usage_item_t **items,
    size_t *count, int64_t *total, usage_error_t *error);


#endif /* USAGE_PLAN_H */
