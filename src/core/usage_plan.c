#include "usage_plan.h"

#include <math.h>


/* how far a desktop's days may be from its total, in seconds: doubles added up
 * in another order */
#define USAGE_PLAN_TOLERANCE          1e-3
#define USAGE_PLAN_TOLERANCE_RELATIVE 1e-9


static usage_result_t
usage_plan_no_memory(usage_error_t *error)
{
    return usage_error(error, 500, "out of memory");
}


usage_result_t
usage_plan_start(usage_plan_t *plan, const usage_request_t *request,
    const usage_pool_t *pool, usage_day_t today, usage_error_t *error)
{
    size_t           i;
    usage_day_t      day;
    usage_desktop_t *desktop;

    memset(plan, 0, sizeof(usage_plan_t));

    plan->request = request;
    plan->pool = pool;
    plan->days = usage_request_past(request, today);

    if (request->user.len != 0 || request->hours) {
        return usage_error(error, 400, "%s is not supported yet",
            request->hours ? "group_by_type \"HOUR\"" : "desktop_username");
    }

    if (usage_table_init(&plan->table, pool, plan->days + 1) != USAGE_OK) {
        return usage_plan_no_memory(error);
    }

    for (i = 0; i < request->desktops; i++) {
        desktop = usage_table_add(&plan->table, request->desktop_ids[i], NULL);
        if (desktop == NULL) {
            return usage_plan_no_memory(error);
        }
    }

    for (i = 0; i < plan->days; i++) {
        day = request->first + (usage_day_t) i;
        usage_window_start(&plan->windows[i], day, day);
    }

    usage_window_start(&plan->windows[plan->days], request->first,
        request->first + (usage_day_t) plan->days - 1);

    plan->count_only =
        request->limit == 0
        || (request->desktops > 0 && request->offset >= request->desktops);

    plan->windows[plan->days].whole = true;

    if (!plan->count_only) {
        plan->stage = USAGE_PLAN_DAYS;

    } else if (request->desktops > 0) {
        plan->stage = USAGE_PLAN_DIRECTORY;

    } else {
        plan->stage = USAGE_PLAN_RANGE;
    }

    return USAGE_OK;
}


/*
 * Whether each desktop that the request names is seen in a column, or known to
 * the directory already.  Never where the request names none.
 */
static bool
usage_plan_all_asked(const usage_plan_t *plan, size_t column)
{
    size_t                 i;
    const usage_desktop_t *desktop;

    for (i = 0; i < plan->request->desktops; i++) {
        desktop = plan->table.desktops[i];

        if (desktop->cells[column] < 0 && !desktop->known) {
            return false;
        }
    }

    return plan->request->desktops > 0;
}


/*
 * Whether all of a window that matters is here or asked for.
 */
static bool
usage_plan_settled(const usage_plan_t *plan, size_t i)
{
    return usage_window_ended(&plan->windows[i])
           || usage_plan_all_asked(plan, i);
}


/*
 * Whether a window's next page is to be asked for now.
 */
static bool
usage_plan_wants(const usage_plan_t *plan, size_t i)
{
    const usage_window_t *window;

    window = &plan->windows[i];

    if (window->count < 0 || usage_plan_settled(plan, i)) {
        return false;
    }

    return window->whole || (window->waiting == 0 && !window->unused);
}


/*
 * The next page of windows from to to, first pages first.
 */
static usage_result_t
usage_plan_next_page(
    usage_plan_t *plan, size_t from, size_t to, usage_call_t *call)
{
    size_t i;

    for (i = from; i < to; i++) {
        if (plan->windows[i].next == 0) {
            usage_window_call(&plan->windows[i], i, call);
            return USAGE_OK;
        }
    }

    for (i = from; i < to; i++) {
        if (usage_plan_wants(plan, i)) {
            usage_window_call(&plan->windows[i], i, call);
            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


/*
 * Days that stopped at a row without use: the pages that would complete them.
 */
static int64_t
usage_plan_left(const usage_plan_t *plan)
{
    size_t                i;
    int64_t               pages;
    const usage_window_t *window;

    pages = 0;

    for (i = 0; i < plan->days; i++) {
        if (!usage_plan_settled(plan, i)) {
            window = &plan->windows[i];
            pages += usage_window_pages(window->count - window->next);
        }
    }

    return pages;
}


/*
 * The pages that the window over the whole range can be expected to have.
 */
static int64_t
usage_plan_range_pages(const usage_plan_t *plan)
{
    size_t  i;
    int64_t count;

    count = 0;

    for (i = 0; i < plan->days; i++) {
        if (plan->windows[i].count > count) {
            count = plan->windows[i].count;
        }
    }

    return usage_window_pages(count);
}


static void
usage_plan_complete_days(usage_plan_t *plan)
{
    size_t i;

    for (i = 0; i < plan->days; i++) {
        plan->windows[i].whole = true;
    }

    plan->stage = USAGE_PLAN_COMPLETE;
}


/*
 * Whether the days that are here add up to the total of the range, for each
 * desktop that matters.
 */
static bool
usage_plan_adds_up(const usage_plan_t *plan)
{
    size_t        i, n, count;
    double        sum, total;
    const double *cells;

    count = plan->request->desktops > 0 ? plan->request->desktops
                                        : plan->table.count;

    for (n = 0; n < count; n++) {
        cells = plan->table.desktops[n]->cells;
        sum = 0;

        for (i = 0; i < plan->days; i++) {
            sum += cells[i] > 0 ? cells[i] : 0;
        }

        total = cells[plan->days] > 0 ? cells[plan->days] : 0;

        if (fabs(sum - total)
            > USAGE_PLAN_TOLERANCE + USAGE_PLAN_TOLERANCE_RELATIVE * total)
        {
            return false;
        }
    }

    return true;
}


/*
 * The next call of the stage, if it has one just now.
 */
static usage_result_t
usage_plan_next_call(
    usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    switch (plan->stage) {

    case USAGE_PLAN_RANGE:
        if (plan->days == 0) {
            return USAGE_AGAIN;
        }

        return usage_plan_next_page(plan, plan->days, plan->days + 1, call);

    case USAGE_PLAN_DAYS:
    case USAGE_PLAN_COMPLETE:
        return usage_plan_next_page(plan, 0, plan->days, call);

    case USAGE_PLAN_DIRECTORY:
        if (!plan->lookup.started
            && usage_lookup_start(&plan->lookup, &plan->table,
                   plan->request->desktops, plan->pool)
                   != USAGE_OK)
        {
            return usage_plan_no_memory(error);
        }

        return usage_lookup_next(&plan->lookup, call);

    case USAGE_PLAN_DONE:
    default:
        return USAGE_AGAIN;
    }
}


/*
 * All replies of a stage are here: the stage that follows.
 */
static void
usage_plan_next_stage(usage_plan_t *plan)
{
    int64_t left;

    switch (plan->stage) {

    case USAGE_PLAN_DAYS:
        left = usage_plan_left(plan);

        if (left > usage_plan_range_pages(plan)) {
            plan->stage = USAGE_PLAN_RANGE;

        } else if (left > 0) {
            usage_plan_complete_days(plan);

        } else {
            plan->stage = USAGE_PLAN_DIRECTORY;
        }

        break;

    case USAGE_PLAN_RANGE:
        if (plan->count_only) {
            plan->stage = USAGE_PLAN_DONE;

        } else if (usage_plan_adds_up(plan)) {
            plan->stage = USAGE_PLAN_DIRECTORY;

        } else {
            usage_plan_complete_days(plan);
        }

        break;

    case USAGE_PLAN_COMPLETE:
        plan->stage = USAGE_PLAN_DIRECTORY;
        break;

    case USAGE_PLAN_DIRECTORY:
        if (plan->count_only && !usage_plan_all_asked(plan, plan->days)) {
            plan->stage = USAGE_PLAN_RANGE;
            break;
        }

        plan->stage = USAGE_PLAN_DONE;
        break;

    case USAGE_PLAN_DONE:
    default:
        plan->stage = USAGE_PLAN_DONE;
        break;
    }
}


usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error)
{
    usage_result_t rc;

    for (;;) {
        rc = usage_plan_next_call(plan, call, error);

        if (rc == USAGE_OK) {
            plan->waiting++;
        }

        if (rc != USAGE_AGAIN || plan->waiting > 0
            || plan->stage == USAGE_PLAN_DONE) {
            return rc;
        }

        usage_plan_next_stage(plan);
    }
}


usage_result_t
usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    plan->waiting--;

    return usage_window_page(
        &plan->windows[call->window], call, page, &plan->table, error);
}


usage_result_t
usage_plan_directory(usage_plan_t *plan, const usage_call_t *call,
    usage_str_t body, usage_error_t *error)
{
    plan->waiting--;

    return usage_lookup_read(&plan->lookup, call, &plan->table, body, error);
}


void
usage_plan_directory_forbidden(usage_plan_t *plan)
{
    plan->waiting--;
}
