/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Records that come twice.  Not for other files than usage_records*.c.
 *
 * The record of a reconnect may be there twice, which is one record.  Any other
 * that comes twice hides one that didn't come, as the pages shifted meanwhile.
 */

#ifndef USAGE_RECORDS_PRIVATE_H
#define USAGE_RECORDS_PRIVATE_H

#include "gather/usage_records.h"

#include <jansson.h>


/* Forgets which records came.  USAGE_ERROR: memory is out. */
usage_result_t usage_records_forget(usage_records_t *records);

/*
 * Tells whether a record came before.  USAGE_AGAIN: the list starts anew.
 * USAGE_ERROR: 502, it has started anew too often; 500, memory is out.
 */
usage_result_t
usage_records_twice(usage_records_t *records, const usage_call_t *call,
    const json_t *row, bool *twice, usage_error_t *error);

/*
 * Concludes from a list that is here whether pages have shifted: if records of
 * reconnects are on two pages each, the list is to show the same records when
 * it is cut elsewhere.  USAGE_AGAIN: it starts anew, with shorter pages.
 * USAGE_ERROR: 502, it has started anew too often.
 */
usage_result_t usage_records_settle(
    usage_records_t *records, const usage_call_t *call, usage_error_t *error);


#endif /* USAGE_RECORDS_PRIVATE_H */
