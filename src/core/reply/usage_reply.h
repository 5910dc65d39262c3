/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * legacy.md, "Reply, 200": the legacy reply, as JSON.
 */

#ifndef USAGE_REPLY_H
#define USAGE_REPLY_H

#include "request/usage_request.h"


typedef enum { USAGE_TIME_NUMBER, USAGE_TIME_STRING } usage_time_form_t;


/*
 * An entry of the list: a desktop and its usage.
 */
typedef struct {
    usage_str_t   id;      /* len 0: the entry of what no desktop can be told */
    const double *seconds; /* one a day or an hour; below 0: nothing shown, 0 */
} usage_item_t;


/*
 * The forms that the vendor leaves open: of use_time, and of the date of an
 * hour, as usage_hour_label() takes it.
 */
typedef struct {
    usage_time_form_t use_time;
    const char       *hour_format;
} usage_form_t;


/*
 * Writes the reply to a request: count items, total before paging.  The first
 * past elements of an entry have seconds; those after them are in the future
 * and 0.  Where the request names a user, each entry does.  *reply comes from
 * pool.  USAGE_ERROR where memory is out, or where hour_format makes no label
 * of an hour.
 */
usage_result_t usage_reply_write(const usage_request_t *request,
    const usage_item_t *items, size_t count, size_t past, int64_t total,
    const usage_form_t *form, const usage_pool_t *pool, usage_str_t *reply);


#endif /* USAGE_REPLY_H */
