/*
 * A call of a successor API, and its URI (successors.md).
 */

#ifndef USAGE_CALL_H
#define USAGE_CALL_H

#include "usage_calendar.h"
#include "usage_table.h"


typedef enum {
    USAGE_CALL_STATISTICS, /* a page of the desktop usage statistics */
    USAGE_CALL_DIRECTORY   /* the desktop directory, for some ids */
} usage_call_api_t;


typedef struct {
    usage_call_api_t  api;
    size_t            window;  /* which one, of statistics; which batch, else */
    unsigned          attempt; /* at that window */
    usage_day_t       first;   /* of statistics: the window's days */
    usage_day_t       last;
    int64_t           offset;
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

/* The length of text once it is percent-encoded for a query. */
size_t usage_call_encoded(usage_str_t text);


#endif /* USAGE_CALL_H */
