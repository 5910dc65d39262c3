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
    USAGE_CALL_RECORDS    /* a page of the connection records */
} usage_call_api_t;

#define USAGE_CALL_APIS (USAGE_CALL_RECORDS + 1)


typedef struct {
    usage_call_api_t  api;
    void             *asker;   /* the part of the plan that the reply is for */
    unsigned          attempt; /* of the asker */
    int64_t           offset;
    int64_t           limit;
    usage_day_t       first; /* of statistics: the window's days */
    usage_day_t       last;
    int64_t           from; /* of records: seconds since 1970 */
    int64_t           to;
    usage_str_t       name;     /* filters, left out where empty: a name, */
    usage_str_t       domain;   /* of statistics of users, */
    usage_str_t       id;       /* of statistics of desktops, */
    usage_desktop_t **desktops; /* of the directory: which to look up */
    size_t            count;
} usage_call_t;


/*
 * The path and the query of a call, from pool; project is the project_id.
 * USAGE_ERROR where memory is out.
 */
usage_result_t usage_call_path(const usage_call_t *call, usage_str_t project,
    const usage_pool_t *pool, usage_str_t *path);
usage_result_t usage_call_query(
    const usage_call_t *call, const usage_pool_t *pool, usage_str_t *query);

/*
 * What a call asks for, in words for an error: "statistics of desktops for
 * 2022-12-09 to 2022-12-15".  buffer has room for USAGE_CALL_NAME_MAX bytes.
 */
#define USAGE_CALL_NAME_MAX 80

const char *usage_call_name(const usage_call_t *call, char *buffer);


#endif /* USAGE_CALL_H */
