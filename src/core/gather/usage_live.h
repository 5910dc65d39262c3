/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The call that each legacy call makes with the caller's own credential, where
 * all that it needs is stored: a page of statistics of one row.
 */

#ifndef USAGE_LIVE_H
#define USAGE_LIVE_H

#include "gather/usage_call.h"
#include "page/usage_page.h"


typedef struct {
    usage_day_t   day;   /* whose statistics are asked for */
    usage_table_t table; /* its row */
} usage_live_t;


/* Prepares the call.  USAGE_ERROR: memory is out. */
usage_result_t
usage_live_init(usage_live_t *live, usage_day_t day, const usage_pool_t *pool);

/* The call itself; whether a call is this one. */
void usage_live_call(usage_live_t *live, usage_call_t *call);
bool usage_live_is(const usage_live_t *live, const usage_call_t *call);

/* Prepares reader for the reply. */
void usage_live_read(
    usage_live_t *live, usage_page_reader_t *reader, usage_error_t *error);

/* Takes the page.  USAGE_ERROR: 502, it has more rows than were asked for. */
usage_result_t usage_live_page(const usage_page_t *page, usage_error_t *error);


#endif /* USAGE_LIVE_H */
