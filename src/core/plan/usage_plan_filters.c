/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The stage that finds out whether the user's statistics are really those that
 * were asked for: an upstream that doesn't know a filter shows those of others,
 * too.  translation.md, "One user".
 */

#include "plan/usage_plan_private.h"


/* no user is in that domain: RFC 2606 */
#define USAGE_PLAN_NO_DOMAIN "no-such-domain.invalid"


/*
 * Tells whether nothing but the user's statistics could tell what desktops
 * don't: no records are read.
 */
static bool
usage_plan_no_records(const usage_plan_t *plan)
{
    return !plan->upstream->connections
           || plan->upstream->enterprise_project.len > 0;
}


bool
usage_plan_unfiltered(const usage_plan_t *plan)
{
    if (plan->total.total <= 0) {
        return false;
    }

    return (plan->user.domain.len > 0
               && plan->filters.domain != USAGE_FILTER_KNOWN)
           || (plan->upstream->enterprise_project.len > 0
               && plan->total.unmarked);
}


bool
usage_plan_mixed(const usage_plan_t *plan)
{
    return usage_plan_unfiltered(plan) && usage_plan_records_vague(plan);
}


usage_outcome_t
usage_plan_unproven(
    const usage_plan_t *plan, double seconds, usage_error_t *error)
{
    usage_str_t name, domain;

    name = plan->user.name;
    domain = plan->user.domain;

    if (plan->filters.domain == USAGE_FILTER_IGNORED && domain.len > 0) {
        (void) usage_error(error, 400,
            "the upstream's user statistics ignore desktop_user_domain "
            "\"%.*s\": up to %.2f hours of desktop_username \"%.*s\" may be of "
            "another domain; allowed: to leave desktop_user_domain out",
            usage_shown(domain), domain.data, seconds / USAGE_SECONDS_PER_HOUR,
            usage_shown(name), name.data);

    } else {
        (void) usage_error(error, 400,
            "the upstream's user statistics don't say of which enterprise "
            "project they are (usage_enterprise_project): up to %.2f hours of "
            "desktop_username \"%.*s\" may be of another one",
            seconds / USAGE_SECONDS_PER_HOUR, usage_shown(name), name.data);
    }

    return USAGE_OUTCOME_ERROR;
}


usage_filter_t
usage_plan_domain_filter(const usage_plan_t *plan)
{
    return plan->filters.domain;
}


usage_result_t
usage_plan_filters_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error)
{
    usage_result_t rc;

    rc = usage_pages_take(&plan->filters.pages, call, page->count,
        (int64_t) page->rows_count, plan->pool, error);

    if (rc == USAGE_OK) {
        plan->filters.domain =
            page->count > 0 ? USAGE_FILTER_IGNORED : USAGE_FILTER_KNOWN;
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}


/*
 * Draws the conclusion: without records there is no way on if the statistics
 * may be of others, too.  With desktop_ids, and by the hour, later stages tell.
 */
static usage_outcome_t
usage_stage_filters_end(usage_plan_t *plan, usage_error_t *error)
{
    double rest;

    plan->filters.checked = true;

    if (!usage_plan_unfiltered(plan) || !usage_plan_no_records(plan)
        || plan->request->desktops > 0 || plan->request->hours)
    {
        return USAGE_OUTCOME_DONE;
    }

    rest =
        plan->total.total - usage_plan_targets_seconds(plan, 0, plan->days - 1);

    return rest > 0 ? usage_plan_unproven(plan, rest, error)
                    : USAGE_OUTCOME_DONE;
}


static usage_outcome_t
usage_stage_filters_begin(usage_plan_t *plan, usage_error_t *error)
{
    if (plan->user.domain.len > 0
        && plan->filters.domain == USAGE_FILTER_UNKNOWN) {
        usage_pages_start(&plan->filters.pages, 1);
        return USAGE_OUTCOME_CALLS;
    }

    return usage_stage_filters_end(plan, error);
}


/*
 * Asks for a domain that nobody is in, in a window that has rows of the user's
 * name.  If it shows any, the filter is ignored.
 */
static usage_result_t
usage_stage_filters_next(usage_plan_t *plan, usage_call_t *call)
{
    static const usage_str_t nowhere = usage_string(USAGE_PLAN_NO_DOMAIN);

    if (!usage_pages_fresh(&plan->filters.pages)) {
        return USAGE_AGAIN;
    }

    call->api = USAGE_CALL_USERS;
    call->kind = USAGE_CALL_FILTER;
    call->first = plan->request->first + (usage_day_t) plan->total.shown_first;
    call->last = plan->request->first + (usage_day_t) plan->total.shown_last;
    call->name = plan->total.name;
    call->domain = nowhere;
    call->to = plan->total.until;

    usage_pages_next(&plan->filters.pages, call);

    return USAGE_OK;
}


static int64_t
usage_stage_filters_ahead(const usage_plan_t *plan, usage_call_api_t api)
{
    return api == USAGE_CALL_USERS && usage_pages_fresh(&plan->filters.pages);
}


/*
 * An upstream that refuses the domain doesn't ignore it.
 */
static usage_outcome_t
usage_stage_filters_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status)
{
    (void) call;

    if (status != 400 && status != 404) {
        return USAGE_OUTCOME_ERROR;
    }

    plan->filters.domain = USAGE_FILTER_KNOWN;

    return USAGE_OUTCOME_CALLS;
}


const usage_stage_t usage_stage_filters = {
    "filters",
    usage_stage_filters_begin,
    usage_stage_filters_next,
    usage_stage_filters_end,
    usage_stage_filters_ahead,
    usage_stage_filters_refused,
};
