/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: who still calls.
 */

#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl.h"
#include "base/usage_calendar.h"
#include "request/usage_patterns.h"


/* What clients are told apart by; the names of the log's fields. */

typedef enum {
    REPORT_CLIENT,
    REPORT_AGENT,
    REPORT_PROJECT,
    REPORT_CREDENTIAL,
    REPORT_MODE,
    REPORT_STATUS,
    REPORT_DAY,
    REPORT_KEYS
} report_key_t;

extern const char *const report_keys[REPORT_KEYS + 1]; /* for --by */


/*
 * A line of the log that is of a legacy call.  Its strings last until the next
 * line is read.
 */
typedef struct {
    void       *json;
    usage_str_t keys[REPORT_KEYS];
    char        status[16];
    char        day[USAGE_DATE_LEN + 1];
    int64_t     time;
    uint64_t    days;
    bool        error;
} report_line_t;

typedef enum {
    REPORT_LEGACY,  /* a legacy call */
    REPORT_OTHER,   /* another call */
    REPORT_STRANGE, /* not of the format */
} report_kind_t;

/*
 * Reads a line; REPORT_LEGACY: *line is to be freed.
 */
report_kind_t report_line_read(
    report_line_t *line, const usage_patterns_t *forms, char *text, size_t len);
void report_line_free(report_line_t *line);


/*
 * A client: what it is told by, and its calls.
 */
typedef struct {
    char    *keys; /* each with a NUL behind it */
    size_t   len;
    uint64_t calls;
    uint64_t days;
    uint64_t errors;
    int64_t  first;
    int64_t  last;
} report_client_t;


typedef enum { REPORT_TABLE, REPORT_CSV, REPORT_JSON } report_format_t;
typedef enum {
    REPORT_BY_CALLS,
    REPORT_BY_DAYS,
    REPORT_BY_ERRORS,
    REPORT_BY_LAST,
    REPORT_BY_FIRST
} report_order_t;


typedef struct {
    usage_patterns_t *forms;
    report_key_t      by[REPORT_KEYS];
    size_t            by_count;
    int64_t           since; /* lines before are passed by */
    int64_t           until;
    report_format_t   format;
    report_order_t    order;
    size_t            top; /* rows to print; 0: all */
    bool              expect_none;
    void             *tree; /* of clients, by their keys */
    report_client_t **clients;
    size_t            count;
    report_client_t   sum;
    uint64_t          lines; /* in all */
    uint64_t          other;
    uint64_t          strange;
    const char       *name;  /* of the log that is read, */
    uint64_t          line;  /* and where */
    uint64_t          early; /* legacy calls that are out of the time */
} report_t;


/* Counts a call. */
void report_add(report_t *report, const report_line_t *line);

/* Sorts the clients, and prints them. */
void report_print(report_t *report);


#endif /* CTL_REPORT_H */
