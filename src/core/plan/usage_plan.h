/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which calls of the successors answer a request: translation.md, and its rule
 * "Few upstream calls".
 *
 * A plan says which call is next, takes the replies in any order, and ends with
 * what the reply is written from.  It goes through stages, each with calls of
 * one kind; what the last reply of a stage leaves open decides which stage is
 * next.  usage_plan_desktops.c has those for the statistics of desktops,
 * usage_plan_user.c those for one user's, usage_plan_records.c those for
 * connection records.
 */

#ifndef USAGE_PLAN_H
#define USAGE_PLAN_H

#include "gather/usage_records.h"
#include "reply/usage_reply.h"
#include "request/usage_request.h"
#include "gather/usage_bisection.h"
#include "gather/usage_fanout.h"


typedef struct usage_stage_s usage_stage_t;


/*
 * What the operator says of the upstream.
 */
typedef struct {
    bool    connections; /* records may be asked for */
    int64_t lookback;    /* so many seconds before the range */
    bool    resource_id; /* statistics know that filter */
} usage_upstream_t;


typedef struct {
    const usage_request_t  *request;
    const usage_upstream_t *upstream;
    const usage_pool_t     *pool;
    int64_t                 now;
    size_t                  days;    /* of the range, not in the future */
    const usage_stage_t    *stage;   /* NULL: all replies are here */
    unsigned                waiting; /* calls whose reply isn't here yet */
    usage_user_t            user;
    usage_table_t           table;  /* desktops, a column a day and the range */
    usage_template_t        shape;  /* of the rows that fill it */
    usage_table_t           rows;   /* ids that other pages show */
    usage_desktop_t       **asked;  /* the request's desktop_ids */
    usage_desktop_t       **wanted; /* whose statistics are needed, */
    size_t                  wanted_count; /* so many; 0: of all desktops */
    usage_fanout_t          sweep;
    size_t                  probe;  /* the day that tells how many there are */
    usage_bisection_t      *series; /* of those that are narrowed to */
    size_t                  series_count;
    bool                    by_id;      /* narrowed to by resource_id, */
    bool                    id_known;   /* which the upstream knows, */
    bool                    id_unknown; /* or not */
    bool              probed; /* the second day that tells how many there are */
    bool              searched; /* some were looked for in the range */
    usage_directory_t directory;
    bool              keeps;      /* whole days are wanted, to be stored */
    bool              counted;    /* all statistics of desktops are here */
    bool              looked_up;  /* the asked were, in the directory */
    bool              unreadable; /* the directory may not be read */
    usage_records_t   records;
    bool              recorded;             /* the records are here, */
    bool              led;                  /* and led to their desktops */
    bool              forbidden;            /* records may not be read, */
    bool              needed;               /* and the answer needs them */
    usage_bisection_t total;                /* the user's statistics */
    double            rest[USAGE_DAYS_MAX]; /* of which no desktop can */
    double            unattributed;         /* be told; their sum */
    double            unexplained;          /* of it, what no record shows */
} usage_plan_t;


/*
 * Starts a plan.  request, upstream and pool have to outlive it, and it may not
 * be moved; now is the time, in seconds since 1970.  USAGE_ERROR: 500, memory
 * is out.
 */
usage_result_t usage_plan_start(usage_plan_t *plan,
    const usage_request_t *request, const usage_upstream_t *upstream,
    const usage_pool_t *pool, int64_t now, usage_error_t *error);

/*
 * The next call.  USAGE_OK: *call is to be made, its reply to be handed in.
 * USAGE_AGAIN: nothing until one more reply is handed in, or, where
 * usage_plan_done() says so, nothing more at all.  USAGE_ERROR: 500, or what
 * makes the request one that can't be answered.
 */
usage_result_t
usage_plan_next(usage_plan_t *plan, usage_call_t *call, usage_error_t *error);
bool usage_plan_done(const usage_plan_t *plan);

/*
 * The calls of an API that are still to be given by usage_plan_next(), at
 * least, as far as is known by now.
 */
size_t usage_plan_ahead(const usage_plan_t *plan, usage_call_api_t api);

/*
 * Prepares reader for the reply to call, of statistics.  For the other APIs
 * there is none: false.
 */
bool usage_plan_read(usage_plan_t *plan, const usage_call_t *call,
    usage_page_reader_t *reader, usage_error_t *error);

/*
 * Hands in a reply of status 200: a page of statistics as it was read, or the
 * body of another.  USAGE_ERROR: 502, it makes no sense, or pages still don't
 * agree after USAGE_REFETCH_MAX refetches; 500.
 */
usage_result_t usage_plan_page(usage_plan_t *plan, const usage_call_t *call,
    const usage_page_t *page, usage_error_t *error);
usage_result_t usage_plan_body(usage_plan_t *plan, const usage_call_t *call,
    usage_str_t body, usage_error_t *error);

/*
 * Hands in a reply of another status.  true: the plan does without it; false:
 * it is the end of the legacy call.
 */
bool usage_plan_refused(
    usage_plan_t *plan, const usage_call_t *call, unsigned status);

/*
 * Of a plan that is done: the entries to list, in order, those that offset and
 * limit leave, and the total before that.  USAGE_ERROR: 500.
 */
usage_result_t usage_plan_list(usage_plan_t *plan, usage_item_t **items,
    size_t *count, int64_t *total, usage_error_t *error);

/*
 * Says that what the plan finds of desktops is to be stored: it completes days
 * that it would leave early.
 */
void usage_plan_keep(usage_plan_t *plan);

/*
 * Of a plan that is done: whether the table's column, of a day, or of the range
 * where it is plan->days, shows all desktops; and whether it tells what is to
 * be told of those that the request asks for by their ids.
 */
bool usage_plan_whole(const usage_plan_t *plan, size_t column);
bool usage_plan_tells(const usage_plan_t *plan);

/*
 * Of a plan that is done: what it tells of the i-th of the request's desktops
 * in a column, of a day, or of the range where it is plan->days.
 */
typedef enum {
    USAGE_CELL_SHOWN,  /* a window shows it */
    USAGE_CELL_ABSENT, /* no window does */
    USAGE_CELL_UNUSED  /* it has no use; whether a window shows it isn't told */
} usage_cell_t;

usage_cell_t usage_plan_cell(const usage_plan_t *plan, size_t i, size_t column);

/*
 * Of a plan that is done: whether the directory was asked for the i-th of the
 * request's desktops, and whether it knows that one.
 */
bool usage_plan_looked_for(const usage_plan_t *plan, size_t i);
bool usage_plan_knows(const usage_plan_t *plan, size_t i);

/*
 * Of a plan that is done: the elements of an entry that aren't in the future.
 */
size_t usage_plan_past(const usage_plan_t *plan);

/*
 * What connection records name and the directory doesn't know: how many
 * desktops, and one's name (for the log).
 */
size_t usage_plan_strays(const usage_plan_t *plan, usage_str_t *name);


#endif /* USAGE_PLAN_H */
