/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Desktops and their usage: a row a desktop, a column a window.
 *
 * A cell holds the seconds that the window's statistics show for the desktop,
 * or USAGE_NOT_SHOWN.  Rows are found by the desktop's id, and keep the order
 * in which they were added.
 */

#ifndef USAGE_TABLE_H
#define USAGE_TABLE_H

#include "base/usage_core.h"


#define USAGE_NOT_SHOWN (-1.0)


typedef struct {
    usage_str_t           id;
    usage_str_t           name;    /* that statistics call it by; or empty */
    struct usage_entry_s *entry;   /* of the directory; NULL: unknown */
    bool                  seen;    /* some window showed it, without a cell */
    double                cells[]; /* one a column */
} usage_desktop_t;


/*
 * A bucket has what it takes to tell the id, as rows are far apart.
 */
typedef struct {
    uint32_t         hash; /* of the desktop's id */
    uint32_t         len;
    const char      *id;
    usage_desktop_t *desktop;
} usage_bucket_t;


typedef struct {
    const usage_pool_t *pool;
    usage_desktop_t   **desktops; /* in the order added */
    size_t              count;
    size_t              capacity;
    usage_bucket_t     *buckets; /* open addressing, a power of 2 */
    size_t              mask;
    size_t              columns;
    char               *ids; /* room for more of them, next to each other */
    size_t              ids_room;
} usage_table_t;


/* An empty table of so many columns.  USAGE_ERROR where memory is out. */
usage_result_t usage_table_init(
    usage_table_t *table, const usage_pool_t *pool, size_t columns);

/*
 * The desktop of that id, added with no cell shown where it is new (*added
 * says so; added may be NULL).  The id is copied.  NULL where memory is out.
 */
usage_desktop_t *
usage_table_add(usage_table_t *table, usage_str_t id, bool *added);

/* The desktop of that id, or NULL. */
usage_desktop_t *usage_table_find(const usage_table_t *table, usage_str_t id);

/* Forgets a column: nothing is shown in it. */
void usage_table_clear(usage_table_t *table, size_t column);

/* Whether any window shows the desktop. */
bool
usage_table_shown(const usage_table_t *table, const usage_desktop_t *desktop);


#endif /* USAGE_TABLE_H */
