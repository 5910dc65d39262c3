/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of the page reader use of each other.
 *
 * Each function is called while the reader stands at that level of the page.
 * USAGE_ERROR: reader->error is filled.
 */

#ifndef USAGE_PAGE_PRIVATE_H
#define USAGE_PAGE_PRIVATE_H

#include "page/usage_page.h"


/* where a reader stands: what was opened last */

enum {
    USAGE_PAGE_OUTSIDE = 0,
    USAGE_PAGE_TOP,     /* the page's object */
    USAGE_PAGE_ITEMS,   /* the array of rows */
    USAGE_PAGE_ROW,     /* a row's object */
    USAGE_PAGE_METRICS, /* a row's array of metrics */
    USAGE_PAGE_METRIC   /* a metric's object */
    /* deeper: a metric's value that isn't a number, which is read past */
};


/* the keys that are known, and what else is noted of a page and of a row */

enum {
    USAGE_PAGE_KEY_COUNT = 1u << 0, /* of the page */
    USAGE_PAGE_KEY_ITEMS = 1u << 1,
    USAGE_PAGE_KEY_ID = 1u << 2, /* of a row */
    USAGE_PAGE_KEY_NAME = 1u << 3,
    USAGE_PAGE_KEY_METRIC = 1u << 4,
    USAGE_PAGE_KEY_METRIC_NAME = 1u << 5, /* of a metric */
    USAGE_PAGE_KEY_METRIC_VALUE = 1u << 6,
    USAGE_PAGE_ITEMS_FILLED = 1u << 7,   /* the page's items is an array */
    USAGE_PAGE_ROW_USAGE = 1u << 8,      /* the row had its usage metric */
    USAGE_PAGE_KEY_ERROR_CODE = 1u << 9, /* of the page, if it is an error */
    USAGE_PAGE_KEY_ERROR_MSG = 1u << 10,
    USAGE_PAGE_KEY_PROJECT = 1u << 11 /* of a row */
};


#define USAGE_PAGE_NONSENSE                                                    \
    "a page of the upstream's statistics makes no sense: "

/* Says what makes no sense in the page.  Always gives USAGE_ERROR. */
static inline usage_result_t
usage_page_nonsense(const usage_page_reader_t *reader, const char *what)
{
    return usage_error(reader->error, 502, USAGE_PAGE_NONSENSE "%s", what);
}


/* Starts a row. */
void usage_page_row_start(usage_page_reader_t *reader);

/* Takes a value of the row that was opened last, of the key reader->key. */
usage_result_t usage_page_row_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value);

/* Ends a row: it goes to the page, its name to its desktop. */
usage_result_t usage_page_row_end(usage_page_reader_t *reader);

/*
 * Reads rows by templates, from the brace at *p on, and leaves *p at the brace
 * of the first row that has to be read by the streaming reader: a handler's
 * element().
 */
usage_result_t
usage_page_row_templates(void *data, const char **p, const char *end);


/* Starts a metric. */
void usage_page_metric_start(usage_page_reader_t *reader);

/* Takes a value of the metric, of the key reader->key. */
usage_result_t usage_page_metric_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value);

/* Ends a metric: if it is the usage, its value goes to the row. */
usage_result_t usage_page_metric_end(usage_page_reader_t *reader);


#endif /* USAGE_PAGE_PRIVATE_H */
