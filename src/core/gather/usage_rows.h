/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A page of the directory or of the connection records, as JSON.
 */

#ifndef USAGE_ROWS_H
#define USAGE_ROWS_H

#include "base/usage_error.h"
#include "base/usage_json.h"


typedef struct {
    json_t *root;  /* the caller's, once the page is loaded */
    json_t *list;  /* of root; NULL: there is none */
    int64_t count; /* of all pages */
    int64_t rows;  /* of this one */
} usage_rows_t;


/*
 * Reads a page: its total_count and the list of that key.  what names it in
 * errors.  USAGE_ERROR: 502, it makes no sense, or takes more than what is left
 * of the pool's budget; nothing is to be released then.
 */
usage_result_t
usage_rows_load(usage_rows_t *rows, usage_str_t body, const char *key,
    const char *what, const usage_pool_t *pool, usage_error_t *error);

/* A row's field: its text, or an empty string where it is no string. */
usage_str_t usage_rows_text(const json_t *row, const char *key);


#endif /* USAGE_ROWS_H */
