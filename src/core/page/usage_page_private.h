/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of the page reader share: usage_page.c has the page as a
 * whole, usage_page_row.c the rows.
 */

#ifndef USAGE_PAGE_PRIVATE_H
#define USAGE_PAGE_PRIVATE_H

#include "page/usage_page.h"


/* where a reader stands: what was opened last */

enum {
    USAGE_PAGE_OUTSIDE = 0,
    USAGE_PAGE_TOP,
    USAGE_PAGE_ITEMS,
    USAGE_PAGE_ROW,
    USAGE_PAGE_METRICS,
    USAGE_PAGE_METRIC
    /* and deeper: a metric's value that isn't a number, which is read past */
};


/* The row's id and its name, where they are asked for. */

usage_result_t
usage_page_id(usage_page_reader_t *reader, const usage_scan_value_t *value);

void
usage_page_name(usage_page_reader_t *reader, const usage_scan_value_t *value);

/* The row is over: it goes to the page, its name to its desktop. */
usage_result_t usage_page_end_row(usage_page_reader_t *reader);

/*
 * Rows from the brace at *p on, as long as they have the shape of those before
 * them; *p is then at one to be read by the scanner.
 */
usage_result_t usage_page_element(void *data, const char **p, const char *end);


#endif /* USAGE_PAGE_PRIVATE_H */
