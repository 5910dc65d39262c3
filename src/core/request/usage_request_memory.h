/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Request": days that the successors no longer have.
 */

#ifndef USAGE_REQUEST_MEMORY_H
#define USAGE_REQUEST_MEMORY_H

#include "request/usage_request_private.h"


/*
 * Tells whether desktop monitoring may tell the hours of a request: those of
 * desktops, all users together.
 */
bool usage_request_monitored(
    const usage_request_t *request, const usage_rules_t *rules);

/*
 * Checks that the successors still have a request's range at the time now, in
 * seconds since 1970.  For days that they have forgotten they would answer
 * without rows, and these days would read as days without use.  has_first: the
 * request has a start_time.  USAGE_ERROR: 400, they have forgotten the first
 * day.
 */
usage_result_t usage_request_remembered(const usage_request_reader_t *reader,
    const usage_request_t *request, int64_t now, const usage_rules_t *rules,
    bool has_first);


#endif /* USAGE_REQUEST_MEMORY_H */
