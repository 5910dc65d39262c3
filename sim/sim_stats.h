/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the usage statistics of desktops and those of users have in common.
 */

#ifndef SIM_STATS_H
#define SIM_STATS_H

#include "sim_page.h"


/*
 * A row, and the value by which rows are sorted.  The row's number is twice
 * that of the desktop or the user.  If their use is spread over two enterprise
 * projects, the row of the second one is odd.
 */
typedef struct {
    size_t  row;
    int64_t key;
} sim_keyed_t;


/* What a query filters and sorts by; NULL: not by that. */
typedef struct {
    const char *name;
    int         exact; /* `name` is a whole name */
    const char *id;
    const char *domain;
    const char *project; /* the enterprise project of the row */
    const char *sort_field;
    int         ascending;
    int64_t     min_idle, max_idle, min_usage, max_usage; /* seconds */
} sim_stats_filter_t;


/*
 * Reads the time window.  Its days are those whose 23:59:59 is in it, except
 * days that are not filed yet and days further back than the data go, which is
 * `retention` days.  If `refused`, a window that is not within these data is an
 * error.
 */
void sim_stats_window(
    sim_call_t *c, sim_page_t *page, int64_t retention, int refused);

/* Reads which page of the list is requested. */
void sim_stats_paging(sim_call_t *c, sim_page_t *page);

/*
 * Reads the name to filter by, of at most `max` characters, as far as the
 * service knows that filter.
 */
void sim_stats_name(const sim_page_t *page, sim_call_t *c, const char *param,
    size_t max, sim_stats_filter_t *f);

/* Tells whether a name passes the filter. */
int sim_stats_is_name(const char *name, const sim_stats_filter_t *f);

/* Reads how to sort; the field may be one of two. */
void sim_stats_sorting(
    sim_call_t *c, sim_stats_filter_t *f, const char *one, const char *other);

/* Lists the rows of the enterprise project that is asked for, if one is, sorted
 * by their keys if that is requested. */
void sim_stats_list(
    sim_page_t *page, sim_keyed_t *rows, size_t n, const sim_stats_filter_t *f);

/*
 * Gives how many rows there are of a desktop or a user: every other one has two
 * if use is spread over two enterprise projects.
 */
size_t sim_stats_rows(const sim_page_t *page, size_t n);

/*
 * Gives a row's seconds, from the sums of its desktop or its user.  The second
 * row has a third of each day, the first one the rest.
 */
int64_t
sim_stats_usage(const sim_page_t *page, const int64_t *usage, size_t row);

/* Writes a row's enterprise project, if rows have one. */
void sim_stats_project(sim_buf_t *b, const sim_page_t *page, size_t row);

/*
 * Writes the metrics of a row: its usage, and another one before or after it,
 * as the service doesn't promise an order.  The caller ends the list.
 */
void sim_stats_metrics(sim_buf_t *b, const char *usage, int64_t used,
    const char *other, int64_t value, int other_first,
    const sim_row_faults_t *faults);

/* Writes a phantom's metric: a day in use. */
void sim_stats_phantom(
    sim_buf_t *b, const char *usage, const sim_row_faults_t *faults);

#endif
