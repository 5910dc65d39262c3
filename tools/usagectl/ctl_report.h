/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: counts the legacy calls of access logs, by client.
 */

#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl.h"
#include "base/usage_calendar.h"
#include "request/usage_patterns.h"


/* What clients are told apart by. */

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

/* their names in the log and for --by; NULL is the last one */
extern const char *const report_keys[REPORT_KEYS + 1];


/*
 * A line of the log that tells of a legacy call.  Its strings last until
 * report_line_free().
 */
typedef struct {
    void       *json; /* what the strings are part of */
    usage_str_t keys[REPORT_KEYS];
    char        status[16];
    char        day[USAGE_DATE_LEN + 1];
    int64_t     time; /* seconds since 1970 */
    uint64_t    days; /* that the call requested */
    bool        error;
} report_line_t;

typedef enum {
    REPORT_LEGACY,  /* a legacy call */
    REPORT_OTHER,   /* another call */
    REPORT_STRANGE, /* not a line of the format */
} report_kind_t;

/*
 * Reads a line of len bytes, which it may change.  Only if it gives
 * REPORT_LEGACY, *line is set and has to be freed.
 */
report_kind_t report_line_read(report_line_t *line,
    const usage_patterns_t *patterns, char *text, size_t len);

/* Frees what a line holds. */
void report_line_free(report_line_t *line);


/* A client: its keys, and what is counted of its calls. */

typedef struct {
    char    *keys; /* each with a NUL behind it */
    size_t   len;  /* bytes of all keys */
    uint64_t calls;
    uint64_t days; /* that they requested */
    uint64_t errors;
    int64_t  first; /* seconds since 1970 */
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
    usage_patterns_t *patterns;
    report_key_t      by[REPORT_KEYS];
    size_t            by_count;
    int64_t           since; /* lines before this time don't count */
    int64_t           until; /* nor do lines from this time on */
    report_format_t   format;
    report_order_t    order;
    size_t            top; /* rows to print; 0: all */
    bool              expect_none;
    void             *tree; /* of clients, by their keys */
    report_client_t **clients;
    size_t            count;   /* clients */
    report_client_t   sum;     /* of all clients */
    uint64_t          lines;   /* of all logs */
    uint64_t          other;   /* lines: REPORT_OTHER */
    uint64_t          strange; /* lines: REPORT_STRANGE */
    const char       *name;    /* of the log that is read */
    uint64_t          line;    /* the number of the line that is read */
    uint64_t          early;   /* legacy calls before `since`, or after */
} report_t;


/*
 * Reads a log, "-" for standard input, compressed by gzip or not, and counts
 * its legacy calls.  Ends the program if it can't be read.
 */
void report_read(report_t *report, const char *name);

/* Counts a legacy call for its client, if it is in the report's time. */
void report_add(report_t *report, const report_line_t *line);

/* Sorts the clients, and prints them in the report's format. */
void report_print(report_t *report);


#endif /* CTL_REPORT_H */
