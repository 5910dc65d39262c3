/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Writes the legacy reply as JSON (legacy.md, "Reply, 200").
 */

#ifndef USAGE_REPLY_H
#define USAGE_REPLY_H

#include "reply/usage_time_form.h"
#include "request/usage_request.h"


/*
 * An entry of the list: a desktop and its usage.
 */
typedef struct {
    usage_str_t   id;      /* len 0: usage that no desktop could be told for */
    const double *seconds; /* of each day or hour; less than 0 counts as 0 */
} usage_item_t;


/*
 * What the vendor's documentation leaves open.
 */
typedef struct {
    usage_time_form_t use_time;
    const char       *hour_format; /* of an hour's date: usage_hour_label() */
} usage_form_t;


/*
 * Writes the reply to a request, from pool: its entries are count items, its
 * total_count is total.  The first past elements of an entry have seconds, the
 * others are in the future and 0.  If the request names a user, each entry
 * does, too.  USAGE_ERROR: memory is out, or hour_format gives no name for an
 * hour.
 */
usage_result_t usage_reply_write(const usage_request_t *request,
    const usage_item_t *items, size_t count, size_t past, int64_t total,
    const usage_form_t *form, const usage_pool_t *pool, usage_str_t *reply);


#endif /* USAGE_REPLY_H */
