/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The authorization probe: the upstream call that shows, with the caller's own
 * credential, that the caller may read statistics.  A request whose reply is in
 * the cache makes it.  It asks for a page of statistics of one row.
 */

#ifndef USAGE_AUTH_H
#define USAGE_AUTH_H

#include "gather/usage_call.h"
#include "page/usage_page.h"


typedef struct {
    usage_day_t   day;                /* of the statistics that are asked for */
    usage_str_t   enterprise_project; /* likewise; empty: all of them */
    usage_table_t table;              /* takes the row */
} usage_auth_t;


/* Prepares the probe: for statistics of a day, of that enterprise project, or
 * of all if it is empty.  USAGE_ERROR: memory is out. */
usage_result_t usage_auth_init(usage_auth_t *auth, usage_day_t day,
    usage_str_t enterprise_project, const usage_pool_t *pool);

/* Gives the call. */
void usage_auth_call(const usage_auth_t *auth, usage_call_t *call);

/* Prepares reader for the reply. */
void usage_auth_read(
    usage_auth_t *auth, usage_page_reader_t *reader, usage_error_t *error);

/* Takes the page.  USAGE_ERROR: 502, it doesn't have the one row, or none. */
usage_result_t usage_auth_page(const usage_page_t *page, usage_error_t *error);


#endif /* USAGE_AUTH_H */
