/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a plan knows: what it is about, where it is, and what it has found.
 *
 * What one part of the plan owns is a struct of its own, named after the file
 * usage_plan_<part>.c: once the plan has started, only that file writes it.
 */

#ifndef USAGE_PLAN_STATE_H
#define USAGE_PLAN_STATE_H

#include "base/usage_tolerance.h"
#include "gather/usage_bisection.h"
#include "gather/usage_fanout.h"
#include "gather/usage_monitor.h"
#include "gather/usage_records.h"
#include "request/usage_request.h"


/*
 * Whether the upstream knows a filter.
 */
typedef enum {
    USAGE_FILTER_UNKNOWN = 0, /* nobody has found out */
    USAGE_FILTER_KNOWN,
    USAGE_FILTER_IGNORED
} usage_filter_t;


/*
 * What the operator says of the upstream, and what earlier plans have found out
 * of it.
 */
typedef struct {
    bool    connections;    /* connection records may be read */
    int64_t lookback;       /* read records of so many seconds before the
                             * range */
    int64_t records_memory; /* seconds that records are kept; 0: any */
    bool    with_seconds;   /* the upstream takes no times to the minute */
    bool    resource_id;    /* statistics of desktops know the filter by id */
    bool    monitoring;     /* desktop monitoring may be read */
    usage_tolerance_t tolerance; /* of hours, against the statistics */
    usage_filter_t    domain;    /* the filter of statistics of users */
    usage_str_t       enterprise_project; /* statistics are of this one; empty:
                                           * of all */
} usage_upstream_t;


/*
 * What a request is about.  Bits, as a way from stage to stage may be that of
 * several kinds.
 */
typedef enum {
    USAGE_PLAN_DESKTOPS = 1,    /* days of desktops: all, or those requested */
    USAGE_PLAN_COUNT = 2,       /* only how many desktops there are */
    USAGE_PLAN_USER = 4,        /* a user's days */
    USAGE_PLAN_HOURS = 8,       /* hours of all desktops */
    USAGE_PLAN_SOME_HOURS = 16, /* hours of the requested desktops */
    USAGE_PLAN_USER_HOURS = 32  /* a user's hours */
} usage_plan_kind_t;


/*
 * The stages, each with upstream calls of one kind, or with none: such a stage
 * only decides.
 */
typedef enum {
    USAGE_STAGE_START = 0,

    USAGE_STAGE_PROBE,    /* a day tells how many desktops there are */
    USAGE_STAGE_NAMES,    /* what are the targets called? */
    USAGE_STAGE_TOTALS,   /* the range, narrowed to each target */
    USAGE_STAGE_NARROWED, /* the days, narrowed to each target */
    USAGE_STAGE_SEARCH,   /* the range of all desktops, for missing targets */

    USAGE_STAGE_FINAL,     /* the final days, narrowed to each target */
    USAGE_STAGE_MONITORED, /* (are hours to be taken from monitoring?) */
    USAGE_STAGE_SUMS,      /* the range of all, for those without a sum */
    USAGE_STAGE_PERIODS,   /* when each target was in use */

    USAGE_STAGE_DAYS,     /* each day of all desktops */
    USAGE_STAGE_RANGE,    /* the range of all desktops */
    USAGE_STAGE_COMPLETE, /* the rest of the days */
    USAGE_STAGE_LOOK_UP,  /* does the directory know the requested desktops? */
    USAGE_STAGE_COUNT,    /* the range, to count its desktops */

    USAGE_STAGE_OWNED,       /* the user's desktops, from the directory */
    USAGE_STAGE_TOTAL,       /* the user's range */
    USAGE_STAGE_EXPLAINED,   /* (do the records tell all of it?) */
    USAGE_STAGE_FILTERS,     /* is it really the user's? */
    USAGE_STAGE_USER_DAYS,   /* the user's days */
    USAGE_STAGE_REMAINDER,   /* (whose is what the desktops leave?) */
    USAGE_STAGE_UNEXPLAINED, /* (may the rest be of a requested desktop?) */

    USAGE_STAGE_DIRECTORY, /* all of the directory */
    USAGE_STAGE_LISTED,    /* (does the reply list any desktop?) */
    USAGE_STAGE_RECORDS,   /* the connection records */
    USAGE_STAGE_MATCH,     /* (the records' desktops) */
    USAGE_STAGE_FIGURES,   /* statistics of the listed desktops */
    USAGE_STAGE_CHECK,     /* (do the records show what statistics say?) */

    USAGE_STAGE_END
} usage_plan_stage_t;


/*
 * What a stage comes to.
 */
typedef enum {
    USAGE_OUTCOME_ERROR = 0,      /* an error ends the plan */
    USAGE_OUTCOME_CALLS,          /* the stage has calls to make */
    USAGE_OUTCOME_DONE,           /* all that it asked for is here */
    USAGE_OUTCOME_NOTHING,        /* there is nothing to ask for */
    USAGE_OUTCOME_ENOUGH,         /* what is here already is enough */
    USAGE_OUTCOME_KNOWN,          /* it was asked for before */
    USAGE_OUTCOME_ALL,            /* statistics of all desktops are better */
    USAGE_OUTCOME_NARROWS,        /* narrowed statistics take fewer calls */
    USAGE_OUTCOME_RANGE,          /* the range takes fewer calls than days */
    USAGE_OUTCOME_INCOMPLETE,     /* days need all their pages */
    USAGE_OUTCOME_MISSING,        /* narrowed statistics don't show a target */
    USAGE_OUTCOME_DISAGREES,      /* they contradict those of all desktops */
    USAGE_OUTCOME_UNKNOWN_FILTER, /* the upstream has no filter by id */
    USAGE_OUTCOME_FORBIDDEN,      /* the caller may not read it */
    USAGE_OUTCOME_DOUBTFUL,       /* more of the directory may say otherwise */
    USAGE_OUTCOME_UNFILTERED,     /* records are to be read of all users */
    USAGE_OUTCOME_UNEXPLAINED     /* part of the usage is of unknown desktops */
} usage_outcome_t;


/*
 * The desktops whose statistics are needed.
 */
typedef struct {
    usage_desktop_t **list;  /* rows of the plan's table */
    size_t            count; /* 0: all desktops */
    bool              named; /* the directory has told their names */
} usage_plan_targets_t;


typedef struct {
    bool done;      /* the requested desktops were looked up */
    bool forbidden; /* the caller may not read the directory */
} usage_plan_lookup_t;


typedef struct {
    size_t day;    /* its first page tells how many desktops there are */
    bool   second; /* it is the second day that is tried */
} usage_plan_probe_t;


typedef struct {
    usage_desktop_t  **list; /* desktops to narrow to */
    size_t             list_count;
    size_t             day;        /* whose first page may be here already */
    usage_bisection_t *bisections; /* one for each desktop narrowed to */
    size_t             count;
    bool               by_id;      /* they filter by id, not by name */
    bool               id_known;   /* the upstream knows that filter */
    bool               id_unknown; /* the upstream doesn't know it */
    bool               tried;      /* narrowed statistics were asked for */
} usage_plan_narrow_t;


typedef struct {
    usage_desktop_t **list; /* targets that narrowed statistics don't show */
    size_t            count;
    bool              done; /* they were searched for */
} usage_plan_search_t;


typedef struct {
    usage_records_t found;
    bool            matched;      /* they are matched with their desktops */
    bool            forbidden;    /* the caller may not read them */
    bool            required;     /* without them there is no reply */
    bool            unfiltered;   /* those of all users are asked for */
    bool            with_seconds; /* times are asked for so */
} usage_plan_records_t;


typedef struct {
    usage_filter_t domain;  /* that of statistics of users */
    usage_pages_t  pages;   /* of the list that tells */
    bool           checked; /* all that can be found out is */
} usage_plan_filters_t;


typedef struct {
    usage_monitor_t *list; /* one for each desktop that is asked for */
    size_t           count;
    bool             allowed;   /* a call was answered */
    bool             forbidden; /* the caller may not read monitoring */
    bool             tried;     /* hours were to be taken from it */
} usage_plan_periods_t;


typedef struct {
    double days[USAGE_DAYS_MAX]; /* seconds of no known desktop */
    double unattributed;         /* seconds: their sum */
    double unexplained;          /* seconds that no record shows either */
    double unproven;             /* seconds that no record at all shows */
} usage_plan_remainder_t;


typedef struct {
    const usage_request_t  *request;
    const usage_upstream_t *upstream;
    const usage_pool_t     *pool;
    int64_t                 now;   /* seconds since 1970 */
    size_t                  days;  /* of the range, without future ones */
    size_t                  final; /* of them, which come first */
    usage_user_t            user;  /* its name is empty if none is requested */
    usage_plan_kind_t       kind;

    usage_plan_stage_t stage;
    usage_outcome_t    outcome;   /* the last one of a stage */
    unsigned           waiting;   /* calls whose reply isn't here yet */
    bool               for_cache; /* complete the days, for the cache */

    usage_table_t table;       /* desktops: a column a day, and the range */
    usage_table_t ids;         /* that narrowed pages show */
    usage_template_t template; /* of the rows of the table's pages */
    usage_desktop_t    **requested; /* rows of the request's desktop_ids */
    usage_plan_targets_t targets;
    usage_fanout_t       fanout;
    usage_directory_t    directory;
    usage_bisection_t    total; /* the user's own; of usage_plan_user.c */

    usage_plan_lookup_t    lookup;
    usage_plan_probe_t     probe;
    usage_plan_narrow_t    narrow;
    usage_plan_search_t    search;
    usage_plan_records_t   records;
    usage_plan_filters_t   filters;
    usage_plan_periods_t   periods;
    usage_plan_remainder_t remainder;
} usage_plan_t;


#endif /* USAGE_PLAN_STATE_H */
