/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The call that each legacy call makes with the caller's own credential, where
 * all that it needs is stored: a page of statistics of one row.
 */

#ifndef USAGE_AUTH_H
#define USAGE_AUTH_H

#include "gather/usage_call.h"
#include "page/usage_page.h"


typedef struct {
    usage_day_t   day;   /* whose statistics are asked for */
    usage_table_t table; /* its row */
} usage_auth_t;


/* Prepares the call.  USAGE_ERROR: memory is out. */
usage_result_t
usage_auth_init(usage_auth_t *live, usage_day_t day, const usage_pool_t *pool);

/* The call itself; whether a call is this one. */
void usage_auth_call(usage_auth_t *live, usage_call_t *call);
bool usage_auth_is(const usage_auth_t *live, const usage_call_t *call);

/* Prepares reader for the reply. */
void usage_auth_read(
    usage_auth_t *live, usage_page_reader_t *reader, usage_error_t *error);

/* Takes the page.  USAGE_ERROR: 502, it has more rows than were asked for. */
usage_result_t usage_auth_page(const usage_page_t *page, usage_error_t *error);


#endif /* USAGE_AUTH_H */
