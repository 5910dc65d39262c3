/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A call of a successor API, and its URI (successors.md).
 */

#ifndef USAGE_CALL_H
#define USAGE_CALL_H

#include "base/usage_calendar.h"
#include "base/usage_table.h"


typedef enum {
    USAGE_CALL_DESKTOPS,  /* a page of the desktop usage statistics */
    USAGE_CALL_USERS,     /* a page of the user usage statistics */
    USAGE_CALL_DIRECTORY, /* a page of the desktop directory */
    USAGE_CALL_RECORDS,   /* a page of the connection records */
    USAGE_CALL_MONITOR    /* when a desktop was in use */
} usage_call_api_t;

#define USAGE_CALL_APIS (USAGE_CALL_MONITOR + 1)


/*
 * What a call is for.
 */
typedef enum {
    USAGE_CALL_WINDOW = 0, /* statistics of all desktops */
    USAGE_CALL_NARROWED,   /* statistics narrowed to one desktop or user */
    USAGE_CALL_LISTING,    /* the directory */
    USAGE_CALL_LOOK_UP,    /* some desktops, in the directory */
    USAGE_CALL_PERIOD,     /* connection records */
    USAGE_CALL_FILTER,     /* whether a filter of statistics is known */
    USAGE_CALL_MONITORED,  /* when a desktop was in use */
    USAGE_CALL_PROBE       /* whether the caller may read statistics */
} usage_call_kind_t;


/* what takes the replies: of a window, of narrowed statistics, of a look-up, of
 * desktop monitoring */

typedef struct usage_window_s  usage_window_t;
typedef struct usage_stretch_s usage_stretch_t;
typedef struct usage_batch_s   usage_batch_t;
typedef struct usage_monitor_s usage_monitor_t;


typedef struct {
    usage_call_api_t  api;
    usage_call_kind_t kind;
    usage_window_t   *window;  /* of a call for a window; otherwise NULL */
    usage_stretch_t  *stretch; /* of a narrowed call; otherwise NULL */
    usage_batch_t    *batch;   /* of a look-up; otherwise NULL */
    usage_monitor_t  *monitor; /* of desktop monitoring; otherwise NULL */
    unsigned          attempt; /* restarts of the list that the page is of */
    int64_t           offset;  /* rows; desktop monitoring has no pages */
    int64_t           limit;   /* rows */
    usage_day_t       first;   /* of statistics: the window's first day */
    usage_day_t       last;
    int64_t           from;   /* of records and monitoring: seconds since
                               * 1970 */
    int64_t to;               /* likewise; of statistics of users: the window
                               * doesn't end after that */
    bool        with_seconds; /* of records: how their times are written */
    usage_str_t name;         /* filters; an empty one is left out */
    usage_str_t domain;       /* (of statistics of users only) */
    usage_str_t id;           /* (of statistics of desktops only); of
                               * monitoring: whose */
    usage_str_t       enterprise_project; /* (of statistics only) */
    usage_desktop_t **desktops; /* of the directory: which to look up */
    size_t            count;
} usage_call_t;


/*
 * Tells whether an id can stand in a path as it is: it has letters, digits,
 * '-' and '_' only, as ids of desktops have.  Others aren't monitored.
 */
bool usage_call_id_plain(usage_str_t id);

/*
 * Give the path and the query of a call; their memory comes from pool.  project
 * is the project_id.  USAGE_ERROR: memory is out.
 */
usage_result_t usage_call_path(const usage_call_t *call, usage_str_t project,
    const usage_pool_t *pool, usage_str_t *path);
usage_result_t usage_call_query(
    const usage_call_t *call, const usage_pool_t *pool, usage_str_t *query);

/* Gives the bytes of the query that an id to look up takes. */
size_t usage_call_id_bytes(usage_str_t id);

/*
 * Says in words what a call asks for, for an error: "statistics of desktops for
 * 2022-12-09 to 2022-12-15".  buffer has USAGE_CALL_NAME_MAX bytes.
 */
#define USAGE_CALL_NAME_MAX 80

const char *usage_call_name(const usage_call_t *call, char *buffer);

/*
 * Names the action that a caller needs for an API, or both of them
 * (successors.md, "Rights").
 */
const char *usage_call_action(usage_call_api_t api);


#endif /* USAGE_CALL_H */
