/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "Pages": reads one page of the usage statistics, of desktops
 * or of users.
 *
 * The page's bytes go in as they arrive.  Out come its count and its rows, each
 * a desktop (or a user) of a table, and seconds.  The table's cells are not
 * filled here: that is done once the page is complete and agrees with the other
 * pages of its window.
 *
 * usage_page.c has the page as a whole, usage_page_row.c its rows,
 * usage_page_metric.c the metrics of a row.  Most rows are read by row
 * templates (usage_template.h), the others by the streaming JSON reader.
 */

#ifndef USAGE_PAGE_H
#define USAGE_PAGE_H

#include "base/usage_error.h"
#include "base/usage_table.h"
#include "page/usage_page_keys.h"
#include "page/usage_template.h"
#include "scan/usage_scan.h"


typedef struct {
    usage_desktop_t *desktop;
    double           seconds; /* 0 if the row has no usage */
    uint64_t         project; /* of its enterprise project: see usage_part_t */
} usage_row_t;


typedef struct {
    int64_t     count;      /* rows of the whole window */
    size_t      rows_count; /* rows of this page: may be USAGE_PAGE_ROWS + 1 */
    usage_row_t rows[USAGE_PAGE_ROWS];
} usage_page_t;


/*
 * What a page may have at most; more is an error.
 */
typedef struct {
    size_t rows;    /* up to USAGE_PAGE_ROWS; one more is let pass */
    double seconds; /* of a row */
} usage_page_bounds_t;


/*
 * A text of a reply that is an error of the API, as an error shows it.
 */
typedef struct {
    bool   there; /* the reply has it */
    size_t len;   /* bytes */
    char   text[USAGE_SHOWN_MAX];
} usage_page_text_t;


/*
 * A reader.  Its fields are its own, but for page.
 */
typedef struct {
    usage_page_t   page;
    usage_table_t *table;
    usage_template_t *template; /* row templates; NULL: none are used */
    const usage_page_keys_t *keys;
    usage_page_bounds_t      bounds;
    size_t                   bytes; /* read so far */
    usage_error_t           *error;

    unsigned level; /* what is open: USAGE_PAGE_ITEMS and such */
    unsigned key;   /* the last key that is known: USAGE_PAGE_KEY_ID and such */

    /* what the page, the row and the metric that are open have had: sums of
     * USAGE_PAGE_KEY_ID and such */

    unsigned page_seen;
    unsigned row_seen;
    unsigned metric_seen;

    /* the page's error_code and error_msg, if these are strings */

    usage_page_text_t code;
    usage_page_text_t msg;

    /* the metric that is open */

    bool   usage; /* it is the one that counts */
    bool   wrong; /* its value is no number of seconds */
    double value; /* 0 if it is null or left out */

    /* the row that is open */

    usage_row_t row;
    size_t      name_len; /* bytes of name; 0: none */
    char        name[USAGE_ID_BYTES_MAX];
    const char *row_start; /* in the piece; NULL: in an earlier one */

    usage_scan_t scan;
} usage_page_reader_t;


/*
 * Gives the bounds of a page that was asked for with that many rows, of a
 * window of that many days.  A desktop can't be in use for longer than these
 * days are, and a user not for longer than that on each desktop there can be.
 */
usage_page_bounds_t
usage_page_bounds(const usage_page_keys_t *keys, int64_t rows, int64_t days);

/*
 * Starts a page.  Ids that are new are added to table; a name goes to its
 * desktop if that has none yet.  template: what is learned of rows, for later
 * pages of the same keys, too; NULL: nothing is learned.  error is filled if a
 * later call gives USAGE_ERROR: 502, the page makes no sense, or is an error of
 * the API (its error_code is a string); 500 or 502, memory is out
 * (usage_no_memory()).
 */
void usage_page_start(usage_page_reader_t *reader,
    const usage_page_keys_t *keys, usage_page_bounds_t bounds,
    usage_template_t *template, usage_table_t *table, usage_error_t *error);

/* Reads the next len bytes of the page. */
usage_result_t
usage_page_feed(usage_page_reader_t *reader, const char *data, size_t len);

/* Says that the page has ended.  USAGE_OK: it is in reader->page. */
usage_result_t usage_page_end(usage_page_reader_t *reader);


#endif /* USAGE_PAGE_H */
