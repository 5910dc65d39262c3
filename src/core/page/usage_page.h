/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Pages": one page of the usage statistics, of desktops or of
 * users.
 *
 * The page's bytes go in as they arrive; out come its count and its rows, each
 * a desktop (or a user) of the table with its seconds.  Nothing is entered in
 * the table's cells here: that is for the plan, once the page is whole.
 */

#ifndef USAGE_PAGE_H
#define USAGE_PAGE_H

#include "base/usage_error.h"
#include "scan/usage_scan.h"
#include "page/usage_template.h"
#include "base/usage_table.h"


typedef struct {
    usage_desktop_t *desktop;
    double           seconds; /* 0 of a desktop without use */
} usage_row_t;


typedef struct {
    int64_t     count;      /* of the whole window */
    size_t      rows_count; /* may exceed what rows[] has room for by one */
    usage_row_t rows[USAGE_PAGE_ROWS];
} usage_page_t;


/*
 * What a page may show at most.
 */
typedef struct {
    size_t rows; /* up to USAGE_PAGE_ROWS */
    double seconds;
} usage_page_bounds_t;


/* whose statistics a page shows */

extern const usage_page_keys_t usage_page_desktops;
extern const usage_page_keys_t usage_page_named_desktops;
extern const usage_page_keys_t usage_page_users;


typedef struct {
    usage_page_t             page;
    usage_table_t           *table;
    usage_template_t        *shape;
    const usage_page_keys_t *keys;
    usage_page_bounds_t      bounds;
    size_t                   bytes; /* read so far */
    usage_error_t           *error;
    unsigned     level; /* open: page, items, row, metrics, metric */
    unsigned     key;   /* the last wanted key */
    unsigned     seen;  /* the keys seen in the page, the row, the metric */
    unsigned     page_seen;
    unsigned     row_seen;
    bool         usage; /* the metric is the one that counts */
    bool         wrong; /* the metric's value is no number of seconds */
    double       value; /* the metric's; 0 where it is null or left out */
    usage_row_t  row;
    size_t       name_len; /* the row's name */
    char         name[USAGE_ID_BYTES_MAX];
    const char  *last; /* the piece's last row that was not read by shape */
    usage_scan_t scan;
} usage_page_reader_t;


/*
 * Gives the bounds of a page of so many rows, of a window of so many days: a
 * desktop can't be in use for longer than these are, and a user not for longer
 * than on as many desktops at once as a count can tell.
 */
usage_page_bounds_t
usage_page_bounds(const usage_page_keys_t *keys, int64_t rows, int64_t days);

/*
 * Starts a page.  Its ids are added to table, which is as large as all of them
 * together; names go to those of its desktops that have none.  shape is what is
 * learned of the rows, for the pages to come; NULL: nothing.  error is filled
 * where a later call gives USAGE_ERROR: 502 for what makes no sense, 500 where
 * memory is out.
 */
void usage_page_start(usage_page_reader_t *reader,
    const usage_page_keys_t *keys, usage_page_bounds_t bounds,
    usage_template_t *shape, usage_table_t *table, usage_error_t *error);

/* Reads the next len bytes of the page. */
usage_result_t
usage_page_feed(usage_page_reader_t *reader, const char *data, size_t len);

/* Says that the page is over.  USAGE_OK: reader->page holds it. */
usage_result_t usage_page_end(usage_page_reader_t *reader);


#endif /* USAGE_PAGE_H */
