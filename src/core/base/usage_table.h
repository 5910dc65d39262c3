/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A table of desktops: a row for each desktop, a column for each window of the
 * statistics.
 *
 * A cell says whether the column's window shows the desktop, and the seconds
 * that it shows.  Read and fill cells by the usage_cell_*() functions.  Rows
 * are found by the desktop's id, and keep the order in which they were added.
 * Users and records are found by their names in the same way, in tables without
 * columns.
 *
 * A window may show a desktop in several rows, one for each enterprise project.
 * The cell has their sum.
 */

#ifndef USAGE_TABLE_H
#define USAGE_TABLE_H

#include "base/usage_core.h"


/* a table of days has a column more, for the range; each has a bit */
_Static_assert(USAGE_DAYS_MAX + 1 <= 64, "a bit for each column");


/*
 * One of the enterprise projects in which a desktop was used.  Each of them has
 * a row of its own in a window of the statistics.
 */
typedef struct usage_part_s {
    uint64_t             project; /* hash of the project's id; 0: it has none */
    uint64_t             rows;    /* bits: a column's window has its row */
    struct usage_part_s *next;
} usage_part_t;


typedef struct {
    usage_str_t           id;
    usage_str_t           name;    /* its name in statistics, or empty */
    struct usage_entry_s *entry;   /* its row of the directory, or NULL */
    bool                  seen;    /* shown by a window that has no column */
    uint64_t              shown;   /* bits: a column's window shows it */
    usage_part_t          part;    /* the first one that was seen */
    double                cells[]; /* seconds, one for each column; 0: none */
} usage_desktop_t;


/*
 * A place of the hash table.  It repeats what tells the id, as reading the row
 * itself costs a miss of the processor's cache.
 */
typedef struct {
    uint32_t         hash; /* of the desktop's id */
    uint32_t         len;  /* of the id, in bytes */
    const char      *id;
    usage_desktop_t *desktop; /* NULL: an empty place */
} usage_bucket_t;


typedef struct {
    const usage_pool_t *pool;
    usage_desktop_t   **desktops; /* in the order added */
    size_t              count;    /* desktops */
    size_t              capacity; /* desktops that the arrays have room for */
    usage_bucket_t     *buckets;  /* open addressing */
    size_t              mask;     /* buckets, a power of 2, less 1 */
    size_t              columns;
    bool                split;    /* some desktop has several parts */
    char               *ids;      /* the room left for ids */
    size_t              ids_room; /* bytes */
} usage_table_t;


/*
 * Makes an empty table of so many columns, at most 64, whose
 * memory comes from pool.
 * USAGE_ERROR: memory is out.
 */
usage_result_t usage_table_init(
    usage_table_t *table, const usage_pool_t *pool, size_t columns);

/*
 * Finds the desktop of that id, or adds it with no cell shown; *added tells
 * which (added may be NULL).  The id is copied.  NULL: memory is out.
 */
usage_desktop_t *
usage_table_add(usage_table_t *table, usage_str_t id, bool *added);

/* Finds the desktop of that id; NULL: the table has none. */
usage_desktop_t *usage_table_find(const usage_table_t *table, usage_str_t id);

/*
 * Adds a row of a window to the desktop's cell: seconds, 0 or more, in that
 * enterprise project.  USAGE_AGAIN: the cell has this row already, or what it
 * has came from no row.  USAGE_ERROR: memory is out.
 */
usage_result_t usage_table_add_row(usage_table_t *table,
    usage_desktop_t *desktop, size_t column, uint64_t project, double seconds);

/* Gives how many rows of the column's window the desktop's cell is the sum of.
 */
size_t usage_cell_rows(const usage_desktop_t *desktop, size_t column);

/* Forgets a column: its window shows no desktop. */
void usage_table_clear(usage_table_t *table, size_t column);

/* Forgets what is shown of a desktop: no window shows it. */
void
usage_table_clear_desktop(const usage_table_t *table, usage_desktop_t *desktop);


/* Tells whether any window shows the desktop. */
static inline bool
usage_desktop_shown(const usage_desktop_t *desktop)
{
    return desktop->shown != 0 || desktop->seen;
}

/* Tells whether the window of that column shows the desktop. */
static inline bool
usage_cell_shown(const usage_desktop_t *desktop, size_t column)
{
    return desktop->shown >> column & 1;
}

/* Gives the seconds that the window shows; 0 if it doesn't show the desktop. */
static inline double
usage_cell_seconds(const usage_desktop_t *desktop, size_t column)
{
    return desktop->cells[column];
}

/* Enters what the window shows, by no row: seconds, 0 or more. */
static inline void
usage_cell_show(usage_desktop_t *desktop, size_t column, double seconds)
{
    desktop->shown |= (uint64_t) 1 << column;
    desktop->cells[column] = seconds;
}


#endif /* USAGE_TABLE_H */
