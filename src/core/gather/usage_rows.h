/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A page of the directory or of the connection records, as JSON; and any body
 * that is read as a whole.
 */

#ifndef USAGE_ROWS_H
#define USAGE_ROWS_H

#include "base/usage_error.h"
#include "base/usage_json.h"


typedef struct {
    json_t *root;  /* the caller releases it */
    json_t *list;  /* a member of root; NULL: there is none */
    int64_t count; /* rows of all pages */
    int64_t rows;  /* rows of this page */
} usage_rows_t;


/*
 * Reads a body, which what names in errors.  The caller releases what it gives.
 * NULL: 502, it isn't a JSON object, is an error of the API, or takes more than
 * what is left of the pool's budget.
 */
json_t *usage_rows_root(usage_str_t body, const char *what,
    const usage_pool_t *pool, usage_error_t *error);

/*
 * Reads a page: its total_count, and the list that is called key.  what names
 * the page in errors.  USAGE_ERROR: 502, it makes no sense, is an error of the
 * API, or takes more than what is left of the pool's budget; then there is
 * nothing to release.
 */
usage_result_t
usage_rows_load(usage_rows_t *rows, usage_str_t body, const char *key,
    const char *what, const usage_pool_t *pool, usage_error_t *error);


#endif /* USAGE_ROWS_H */
