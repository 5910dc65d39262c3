/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request: the body of a legacy call, parsed and checked (translation.md,
 * "Request").
 *
 * usage_body.h parses the JSON, usage_request_field.c reads fields of a type,
 * usage_request.c knows which fields there are and which rules they follow.
 */

#ifndef USAGE_REQUEST_H
#define USAGE_REQUEST_H

#include "base/usage_calendar.h"
#include "base/usage_error.h"
#include "request/usage_patterns.h"


typedef struct {
    usage_str_t *desktop_ids; /* each once, in the order of the request */
    size_t       desktops;    /* number of desktop_ids; 0: all desktops */
    usage_day_t  first;
    usage_day_t  last;
    uint32_t     offset;
    uint32_t     limit;
    usage_str_t  user;   /* desktop_username; len 0: all users */
    usage_str_t  domain; /* desktop_user_domain; len 0: any, or no user */
    bool         hours;  /* group_by_type is HOUR */
} usage_request_t;


/*
 * The rules of the gateway's configuration.
 */
typedef struct {
    int64_t desktops_memory; /* seconds that statistics go back; 0: any */
    int64_t users_memory;    /* likewise, statistics of users */
    int64_t records_memory;  /* likewise, connection records */
    bool    connections;     /* usage_connections is on: it tells hours */
    bool    monitoring;      /* usage_monitoring is on: it tells hours of
                              * desktop_ids, all users together */
    bool one_project;        /* statistics are of one enterprise project only */
} usage_rules_t;


/* Gives the number of days of the request, 1 to USAGE_DAYS_MAX. */
size_t usage_request_days(const usage_request_t *request);

/*
 * Gives how many of these days, counted from the first, are not after today.
 */
size_t usage_request_past(const usage_request_t *request, usage_day_t today);

/*
 * Tells whether the reply's list is empty whatever the statistics say, so that
 * only total_count matters: limit is 0, or offset is behind desktop_ids.
 */
bool usage_request_counts(const usage_request_t *request);

/*
 * Gives the number of elements of an entry of the reply: one for each day, or
 * for each hour.
 */
size_t usage_request_bins(const usage_request_t *request);

/*
 * Parses a body, which may be empty, and checks it against all rules.  now: in
 * seconds since 1970.  The request's strings come from pool.  USAGE_ERROR: 400;
 * 500 or 502, memory is out (usage_no_memory()).
 */
usage_result_t
usage_request_parse(usage_request_t *request, const usage_pool_t *pool,
    const usage_patterns_t *patterns, usage_str_t body, int64_t now,
    const usage_rules_t *rules, usage_error_t *error);


#endif /* USAGE_REQUEST_H */
