/* SPDX-License-Identifier: BSD-2-Clause */

#include "base/usage_table.h"
#include "base/usage_hash.h"


#define USAGE_TABLE_BUCKETS 32   /* of an empty table */
#define USAGE_TABLE_IDS     2048 /* bytes for ids, allocated at a time */


static uint32_t
usage_table_hash(const usage_table_t *table, usage_str_t id)
{
    return (uint32_t) usage_hash(table->pool->seed, id);
}


/*
 * Gives the bucket of the id, or the empty one that it would go to.
 */
static usage_bucket_t *
usage_table_bucket(const usage_table_t *table, usage_str_t id, uint32_t hash)
{
    size_t          i;
    usage_bucket_t *bucket;

    for (i = hash & table->mask;; i = (i + 1) & table->mask) {
        bucket = &table->buckets[i];

        if (bucket->desktop == NULL
            || (bucket->hash == hash && bucket->len == id.len
                && (id.len == 0 || memcmp(bucket->id, id.data, id.len) == 0)))
        {
            return bucket;
        }
    }
}


/*
 * Moves the desktops to a new array of buckets, which is a power of 2.
 */
static usage_result_t
usage_table_buckets(usage_table_t *table, size_t buckets)
{
    size_t          i, old;
    usage_bucket_t *from, *to, bucket;

    to = usage_alloc(table->pool, buckets * sizeof(bucket));
    if (to == NULL) {
        return USAGE_ERROR;
    }

    memset(to, 0, buckets * sizeof(bucket));

    from = table->buckets;
    old = from == NULL ? 0 : table->mask + 1;

    table->buckets = to;
    table->mask = buckets - 1;

    for (i = 0; i < old; i++) {
        bucket = from[i];

        if (bucket.desktop != NULL) {
            *usage_table_bucket(table, bucket.desktop->id, bucket.hash) =
                bucket;
        }
    }

    return USAGE_OK;
}


/*
 * Makes room for one more desktop.  Half of the buckets stay empty, so that a
 * look-up ends after few steps.
 */
static usage_result_t
usage_table_grow(usage_table_t *table)
{
    size_t            buckets;
    usage_desktop_t **desktops;

    if (table->count < table->capacity) {
        return USAGE_OK;
    }

    buckets = (table->mask + 1) * (table->capacity == 0 ? 1 : 2);
    desktops = usage_alloc(table->pool, buckets / 2 * sizeof(void *));
    if (desktops == NULL) {
        return USAGE_ERROR;
    }

    if (table->count > 0) {
        memcpy(desktops, table->desktops, table->count * sizeof(void *));
    }

    if (usage_table_buckets(table, buckets) != USAGE_OK) {
        return USAGE_ERROR;
    }

    table->desktops = desktops;
    table->capacity = buckets / 2;

    return USAGE_OK;
}


usage_result_t
usage_table_init(usage_table_t *table, const usage_pool_t *pool, size_t columns)
{
    memset(table, 0, sizeof(usage_table_t));

    table->pool = pool;
    table->columns = columns;
    table->mask = USAGE_TABLE_BUCKETS - 1;

    return usage_table_grow(table);
}


/*
 * Copies an id right behind the one that was added before.
 */
static const char *
usage_table_copy(usage_table_t *table, usage_str_t id)
{
    char *copy;

    if (table->ids == NULL || table->ids_room < id.len) {
        table->ids_room = id.len < USAGE_TABLE_IDS ? USAGE_TABLE_IDS : id.len;
        table->ids = usage_alloc(table->pool, table->ids_room);
        if (table->ids == NULL) {
            table->ids_room = 0;
            return NULL;
        }
    }

    copy = table->ids;

    if (id.len > 0) {
        memcpy(copy, id.data, id.len);
        table->ids += id.len;
        table->ids_room -= id.len;
    }

    return copy;
}


usage_desktop_t *
usage_table_add(usage_table_t *table, usage_str_t id, bool *added)
{
    uint32_t         hash;
    const char      *copy;
    usage_bucket_t  *bucket;
    usage_desktop_t *desktop;

    hash = usage_table_hash(table, id);
    bucket = usage_table_bucket(table, id, hash);

    if (added != NULL) {
        *added = bucket->desktop == NULL;
    }

    if (bucket->desktop != NULL) {
        return bucket->desktop;
    }

    if (table->count == table->capacity) {
        if (usage_table_grow(table) != USAGE_OK) {
            return NULL;
        }

        bucket = usage_table_bucket(table, id, hash);
    }

    copy = usage_table_copy(table, id);
    desktop = usage_alloc(
        table->pool, sizeof(usage_desktop_t) + table->columns * sizeof(double));
    if (copy == NULL || desktop == NULL) {
        return NULL;
    }

    desktop->id.data = copy;
    desktop->id.len = id.len;
    desktop->name.data = "";
    desktop->name.len = 0;
    desktop->entry = NULL;
    desktop->part.project = 0;
    desktop->part.next = NULL;
    usage_table_clear_desktop(table, desktop);

    bucket->hash = hash;
    bucket->len = (uint32_t) id.len;
    bucket->id = copy;
    bucket->desktop = desktop;
    table->desktops[table->count++] = desktop;

    return desktop;
}


usage_desktop_t *
usage_table_find(const usage_table_t *table, usage_str_t id)
{
    return usage_table_bucket(table, id, usage_table_hash(table, id))->desktop;
}


/*
 * Finds the desktop's part in an enterprise project, or adds it.  The first
 * row that is seen of a desktop tells the project of the first part.
 */
static usage_part_t *
usage_table_part(
    usage_table_t *table, usage_desktop_t *desktop, uint64_t project)
{
    usage_part_t *part;

    if (desktop->part.rows == 0 && desktop->part.next == NULL) {
        desktop->part.project = project;
    }

    for (part = &desktop->part; part != NULL; part = part->next) {
        if (part->project == project) {
            return part;
        }
    }

    part = usage_alloc(table->pool, sizeof(usage_part_t));
    if (part == NULL) {
        return NULL;
    }

    part->project = project;
    part->rows = 0;
    part->next = desktop->part.next;
    desktop->part.next = part;
    table->split = true;

    return part;
}


size_t
usage_cell_rows(const usage_desktop_t *desktop, size_t column)
{
    size_t              rows;
    const usage_part_t *part;

    rows = 0;

    for (part = &desktop->part; part != NULL; part = part->next) {
        rows += part->rows >> column & 1;
    }

    return rows;
}


usage_result_t
usage_table_add_row(usage_table_t *table, usage_desktop_t *desktop,
    size_t column, uint64_t project, double seconds)
{
    uint64_t      bit;
    usage_part_t *part;

    bit = (uint64_t) 1 << column;

    part = usage_table_part(table, desktop, project);
    if (part == NULL) {
        return USAGE_ERROR;
    }

    if (part->rows & bit
        || (desktop->shown & bit && usage_cell_rows(desktop, column) == 0))
    {
        return USAGE_AGAIN;
    }

    part->rows |= bit;
    desktop->shown |= bit;
    desktop->cells[column] += seconds;

    return USAGE_OK;
}


/*
 * Forgets the desktop's rows in the columns of these bits.
 */
static void
usage_table_clear_rows(usage_desktop_t *desktop, uint64_t columns)
{
    usage_part_t *part;

    desktop->shown &= ~columns;

    for (part = &desktop->part; part != NULL; part = part->next) {
        part->rows &= ~columns;
    }
}


void
usage_table_clear(usage_table_t *table, size_t column)
{
    size_t i;

    for (i = 0; i < table->count; i++) {
        usage_table_clear_rows(table->desktops[i], (uint64_t) 1 << column);
        table->desktops[i]->cells[column] = 0;
    }
}


void
usage_table_clear_desktop(const usage_table_t *table, usage_desktop_t *desktop)
{
    size_t i;

    desktop->seen = false;
    usage_table_clear_rows(desktop, UINT64_MAX);

    for (i = 0; i < table->columns; i++) {
        desktop->cells[i] = 0;
    }
}
