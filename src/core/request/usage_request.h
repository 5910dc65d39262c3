/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Request": the legacy call's body, checked.
 */

#ifndef USAGE_REQUEST_H
#define USAGE_REQUEST_H

#include "base/usage_calendar.h"
#include "base/usage_error.h"
#include "request/usage_patterns.h"


typedef struct {
    usage_str_t *desktop_ids; /* each once, in the order asked for */
    size_t       desktops;    /* 0: every desktop */
    usage_day_t  first;
    usage_day_t  last;
    uint32_t     offset;
    uint32_t     limit;
    usage_str_t  user;   /* desktop_username; len 0: everybody */
    usage_str_t  domain; /* desktop_user_domain; len 0: left out, or no user */
    bool         hours;  /* group_by_type HOUR */
} usage_request_t;


/*
 * What the gateway's configuration has to say about a request: how far back
 * the successors' statistics go, and whether there is what HOUR needs.
 */
typedef struct {
    int64_t desktops_memory; /* seconds; 0: not checked */
    int64_t users_memory;
    bool    connections; /* usage_connections is on */
} usage_rules_t;


/*
 * The number of days that the request asks for, 1 to USAGE_DAYS_MAX, and how
 * many of them, counted from the first, are not in the future of today.
 */
size_t usage_request_days(const usage_request_t *request);
size_t usage_request_past(const usage_request_t *request, usage_day_t today);

/*
 * Whether the reply to the request lists nothing: only the number of desktops
 * matters.
 */
bool usage_request_counts(const usage_request_t *request);

/*
 * The number of elements that an entry of the reply has: a day each, or an
 * hour each.
 */
size_t usage_request_bins(const usage_request_t *request);

/*
 * Reads a body of the legacy call and checks every rule.
 *
 * body.len may be 0.  now is in seconds since 1970.  The request's strings come
 * from pool.  Errors: 400, and 500 where memory is out.
 */
usage_result_t usage_request_parse(usage_request_t *request,
    const usage_pool_t *pool, const usage_patterns_t *forms, usage_str_t body,
    int64_t now, const usage_rules_t *rules, usage_error_t *error);


#endif /* USAGE_REQUEST_H */
