/*
 * legacy.md, "Reply, 200": the legacy reply, as JSON.
 */

#ifndef USAGE_REPLY_H
#define USAGE_REPLY_H

#include "usage_plan.h"


typedef enum { USAGE_TIME_NUMBER, USAGE_TIME_STRING } usage_time_form_t;


/*
 * Writes the reply of a plan that is done: count desktops, total before
 * paging.  *reply comes from pool.  USAGE_ERROR where memory is out.
 */
usage_result_t usage_reply_write(const usage_plan_t *plan,
    usage_desktop_t **desktops, size_t count, int64_t total,
    usage_time_form_t form, const usage_pool_t *pool, usage_str_t *reply);


#endif /* USAGE_REPLY_H */
