/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which stage comes next: docs/design.md, "Stages", as a table.
 */

#include "plan/usage_plan_private.h"


typedef struct {
    unsigned           kinds; /* of plans, a bit each */
    usage_plan_stage_t stage;
    usage_outcome_t    outcome;
    usage_plan_stage_t next;
} usage_route_t;


static const usage_stage_t *const usage_stages[USAGE_STAGE_END] = {
    [USAGE_STAGE_PROBE] = &usage_stage_probe,
    [USAGE_STAGE_NAMES] = &usage_stage_names,
    [USAGE_STAGE_TOTALS] = &usage_stage_totals,
    [USAGE_STAGE_NARROWED] = &usage_stage_narrowed,
    [USAGE_STAGE_SEARCH] = &usage_stage_search,
    [USAGE_STAGE_FINAL] = &usage_stage_final,
    [USAGE_STAGE_MONITORED] = &usage_stage_monitored,
    [USAGE_STAGE_SUMS] = &usage_stage_sums,
    [USAGE_STAGE_PERIODS] = &usage_stage_periods,
    [USAGE_STAGE_DAYS] = &usage_stage_days,
    [USAGE_STAGE_RANGE] = &usage_stage_range,
    [USAGE_STAGE_COMPLETE] = &usage_stage_complete,
    [USAGE_STAGE_LOOK_UP] = &usage_stage_look_up,
    [USAGE_STAGE_COUNT] = &usage_stage_count,
    [USAGE_STAGE_OWNED] = &usage_stage_owned,
    [USAGE_STAGE_TOTAL] = &usage_stage_total,
    [USAGE_STAGE_EXPLAINED] = &usage_stage_explained,
    [USAGE_STAGE_FILTERS] = &usage_stage_filters,
    [USAGE_STAGE_USER_DAYS] = &usage_stage_user_days,
    [USAGE_STAGE_REMAINDER] = &usage_stage_remainder,
    [USAGE_STAGE_UNEXPLAINED] = &usage_stage_unexplained,
    [USAGE_STAGE_DIRECTORY] = &usage_stage_directory,
    [USAGE_STAGE_LISTED] = &usage_stage_listed,
    [USAGE_STAGE_RECORDS] = &usage_stage_records,
    [USAGE_STAGE_MATCH] = &usage_stage_match,
    [USAGE_STAGE_FIGURES] = &usage_stage_figures,
    [USAGE_STAGE_CHECK] = &usage_stage_check,
};


/* clang-format off */

#define DESKTOPS   USAGE_PLAN_DESKTOPS
#define COUNT      USAGE_PLAN_COUNT
#define USER       USAGE_PLAN_USER
#define HOURS      USAGE_PLAN_HOURS
#define SOME_HOURS USAGE_PLAN_SOME_HOURS
#define USER_HOURS USAGE_PLAN_USER_HOURS

/* (a kind and a stage of one name don't meet here: what is next to ## stays as
 * it is) */

#define route(kinds, stage, outcome, next)                                    \
    { (kinds), USAGE_STAGE_##stage, USAGE_OUTCOME_##outcome, USAGE_STAGE_##next }


static const usage_route_t usage_routes[] = {

    /* statistics of desktops: a full fan-out, or narrowed to the targets */

    route(DESKTOPS,        START,    DONE,           PROBE),
    route(DESKTOPS | USER, PROBE,    ALL,            DAYS),
    route(DESKTOPS | USER, PROBE,    NARROWS,        NAMES),

    route(DESKTOPS | USER, NAMES,    DONE,           TOTALS),
    route(DESKTOPS,        NAMES,    FORBIDDEN,      DAYS),
    route(USER,            TOTALS,   DONE,           NARROWED),
    route(DESKTOPS,        TOTALS,   DONE,           FINAL),
    route(DESKTOPS,        FINAL,    NOTHING,        NARROWED),
    route(DESKTOPS,        FINAL,    DONE,           PERIODS),
    route(DESKTOPS,        PERIODS,  DONE,           NARROWED),
    route(DESKTOPS,        PERIODS,  FORBIDDEN,      NARROWED),
    route(DESKTOPS,        PERIODS,  ALL,            DAYS),
    route(DESKTOPS | USER, TOTALS,   ALL,            DAYS),
    route(DESKTOPS | USER, TOTALS,   UNKNOWN_FILTER, PROBE),
    route(DESKTOPS | USER, NARROWED, MISSING,        SEARCH),
    route(DESKTOPS | USER, NARROWED, ALL,            DAYS),
    route(DESKTOPS | USER, NARROWED, DISAGREES,      DAYS),
    route(DESKTOPS | USER, SEARCH,   NARROWS,        TOTALS),
    route(DESKTOPS | USER, SEARCH,   DISAGREES,      DAYS),

    route(DESKTOPS | USER, DAYS,     NARROWS,        NAMES),
    route(DESKTOPS | USER, DAYS,     RANGE,          RANGE),
    route(DESKTOPS | USER, DAYS,     INCOMPLETE,     COMPLETE),
    route(DESKTOPS | USER, RANGE,    INCOMPLETE,     COMPLETE),

    route(DESKTOPS,        NARROWED, DONE,           LOOK_UP),
    route(DESKTOPS,        SEARCH,   DONE,           LOOK_UP),
    route(DESKTOPS,        DAYS,     DONE,           LOOK_UP),
    route(DESKTOPS,        RANGE,    DONE,           LOOK_UP),
    route(DESKTOPS,        COMPLETE, DONE,           LOOK_UP),
    route(DESKTOPS,        LOOK_UP,  DONE,           END),
    route(DESKTOPS,        LOOK_UP,  FORBIDDEN,      END),

    /* only how many there are */

    route(COUNT, START,   DONE,      LOOK_UP),
    route(COUNT, LOOK_UP, DONE,      COUNT),
    route(COUNT, LOOK_UP, FORBIDDEN, COUNT),
    route(COUNT, COUNT,   DONE,      END),

    /* a user: statistics of the user's own desktops are as above */

    route(USER, START,       DONE,        OWNED),
    route(USER, OWNED,       NOTHING,     END),
    route(USER, OWNED,       ENOUGH,      PROBE),
    route(USER, OWNED,       DONE,        RECORDS),

    route(USER, RECORDS,     FORBIDDEN,   TOTAL),
    route(USER, RECORDS,     DONE,        MATCH),
    route(USER, MATCH,       DONE,        TOTAL),

    route(USER, TOTAL,       DONE,        EXPLAINED),
    route(USER, TOTAL,       KNOWN,       REMAINDER),
    route(USER, EXPLAINED,   UNFILTERED,  RECORDS),
    route(USER, EXPLAINED,   ENOUGH,      END),
    route(USER, EXPLAINED,   NOTHING,     USER_DAYS),
    route(USER, EXPLAINED,   DONE,        PROBE),

    route(USER, NARROWED,    DONE,        USER_DAYS),
    route(USER, SEARCH,      DONE,        USER_DAYS),
    route(USER, DAYS,        DONE,        USER_DAYS),
    route(USER, RANGE,       DONE,        USER_DAYS),
    route(USER, COMPLETE,    DONE,        USER_DAYS),

    route(USER, USER_DAYS,   ENOUGH,      END),
    route(USER, USER_DAYS,   UNKNOWN_FILTER, FILTERS),
    route(USER, FILTERS,     DONE,        USER_DAYS),
    route(USER, USER_DAYS,   DONE,        REMAINDER),
    route(USER, REMAINDER,   DONE,        END),
    route(USER, REMAINDER,   FORBIDDEN,   RECORDS),
    route(USER, REMAINDER,   UNEXPLAINED, LOOK_UP),
    route(USER, LOOK_UP,     DONE,        UNEXPLAINED),
    route(USER, UNEXPLAINED, DONE,        END),

    /* by the hour */

    route(HOURS,      START,     DONE,    DIRECTORY),
    route(HOURS,      DIRECTORY, DONE,    LISTED),
    route(SOME_HOURS, START,     DONE,    LOOK_UP),
    route(SOME_HOURS, LOOK_UP,   DONE,    LISTED),
    route(USER_HOURS, START,     DONE,    OWNED),
    route(USER_HOURS, OWNED,     NOTHING, END),
    route(USER_HOURS, OWNED,     ENOUGH,  RECORDS),
    route(USER_HOURS, OWNED,     DONE,    RECORDS),

    route(HOURS | SOME_HOURS,              LISTED,    NOTHING,  END),
    route(HOURS,                           LISTED,    DONE,     RECORDS),
    route(SOME_HOURS,                      RECORDS,   DOUBTFUL, DIRECTORY),
    route(SOME_HOURS,                      DIRECTORY, DONE,     MATCH),
    route(HOURS | SOME_HOURS | USER_HOURS, RECORDS,   DONE,     MATCH),

    /* records are held against the statistics */

    route(HOURS | SOME_HOURS,              MATCH,     DONE,       FIGURES),
    route(HOURS | SOME_HOURS,              FIGURES,   NOTHING,    END),
    route(SOME_HOURS,                      FIGURES,   NARROWS,    TOTALS),
    route(SOME_HOURS,                      SUMS,      ENOUGH,     CHECK),
    route(HOURS | SOME_HOURS,              FIGURES,   DONE,       CHECK),
    route(USER_HOURS,                      MATCH,     DONE,       TOTAL),
    route(USER_HOURS,                      TOTAL,     NOTHING,    CHECK),
    route(USER_HOURS,                      TOTAL,     DONE,       CHECK),
    route(USER_HOURS,                      CHECK,     UNFILTERED, RECORDS),
    route(USER_HOURS,                      CHECK,     UNKNOWN_FILTER, FILTERS),
    route(USER_HOURS,                      FILTERS,   DONE,       CHECK),
    route(HOURS | SOME_HOURS | USER_HOURS, CHECK,     DONE,       END),

    /* the hours of requested desktops, from their periods or from records */

    route(SOME_HOURS, LISTED,    DONE,           MONITORED),
    route(SOME_HOURS, MONITORED, NOTHING,        RECORDS),
    route(SOME_HOURS, RECORDS,   NARROWS,        MONITORED),
    route(SOME_HOURS, MONITORED, NARROWS,        TOTALS),
    route(SOME_HOURS, MONITORED, DONE,           PERIODS),
    route(SOME_HOURS, TOTALS,    UNKNOWN_FILTER, TOTALS),
    route(SOME_HOURS, TOTALS,    ALL,            SUMS),
    route(SOME_HOURS, TOTALS,    DONE,           SUMS),
    route(SOME_HOURS, SUMS,      DONE,           PERIODS),
    route(SOME_HOURS, PERIODS,   FORBIDDEN,      RECORDS),
    route(SOME_HOURS, PERIODS,   DISAGREES,      RECORDS),
    route(SOME_HOURS, PERIODS,   DONE,           END),
};

/* clang-format on */


const usage_stage_t *
usage_plan_stage(usage_plan_stage_t stage)
{
    return usage_stages[stage];
}


bool
usage_plan_route(usage_plan_kind_t kind, usage_plan_stage_t stage,
    usage_outcome_t outcome, usage_plan_stage_t *next)
{
    size_t               i;
    const usage_route_t *row;

    for (i = 0; i < sizeof(usage_routes) / sizeof(usage_routes[0]); i++) {
        row = &usage_routes[i];

        if ((row->kinds & kind) != 0 && row->stage == stage
            && row->outcome == outcome) {
            *next = row->next;
            return true;
        }
    }

    return false;
}
