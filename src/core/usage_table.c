#include "usage_table.h"


#define USAGE_TABLE_BUCKETS 256 /* to start with */


static uint32_t
usage_table_hash(usage_str_t id)
{
    size_t   i;
    uint64_t hash, word;

    hash = id.len;

    for (i = 0; i + 8 <= id.len; i += 8) {
        memcpy(&word, id.data + i, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }

    if (i < id.len) {
        word = 0;
        memcpy(&word, id.data + i, id.len - i);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }

    return (uint32_t) (hash >> 16);
}


/*
 * The bucket that has the id, or that it would go to.
 */
static usage_bucket_t *
usage_table_bucket(const usage_table_t *table, usage_str_t id, uint32_t hash)
{
    size_t          i;
    usage_bucket_t *bucket;

    for (i = hash & table->mask;; i = (i + 1) & table->mask) {
        bucket = &table->buckets[i];

        if (bucket->desktop == NULL
            || (bucket->hash == hash
                && usage_str_equal(bucket->desktop->id, id)))
        {
            return bucket;
        }
    }
}


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
 * Makes room for one more desktop: buckets stay at most half full.
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


usage_desktop_t *
usage_table_add(usage_table_t *table, usage_str_t id, bool *added)
{
    char            *copy;
    size_t           i;
    uint32_t         hash;
    usage_bucket_t  *bucket;
    usage_desktop_t *desktop;

    hash = usage_table_hash(id);
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

    desktop = usage_alloc(table->pool,
        sizeof(usage_desktop_t) + table->columns * sizeof(double) + id.len);
    if (desktop == NULL) {
        return NULL;
    }

    copy = (char *) &desktop->cells[table->columns];
    memcpy(copy, id.data, id.len);

    desktop->id.data = copy;
    desktop->id.len = id.len;
    desktop->name.data = "";
    desktop->name.len = 0;
    desktop->entry = NULL;
    desktop->seen = false;

    for (i = 0; i < table->columns; i++) {
        desktop->cells[i] = USAGE_NOT_SHOWN;
    }

    bucket->hash = hash;
    bucket->desktop = desktop;
    table->desktops[table->count++] = desktop;

    return desktop;
}


usage_desktop_t *
usage_table_find(const usage_table_t *table, usage_str_t id)
{
    return usage_table_bucket(table, id, usage_table_hash(id))->desktop;
}


void
usage_table_clear(usage_table_t *table, size_t column)
{
    size_t i;

    for (i = 0; i < table->count; i++) {
        table->desktops[i]->cells[column] = USAGE_NOT_SHOWN;
    }
}


bool
usage_table_shown(const usage_table_t *table, const usage_desktop_t *desktop)
{
    size_t i;

    for (i = 0; i < table->columns; i++) {
        if (desktop->cells[i] >= 0) {
            return true;
        }
    }

    return desktop->seen;
}
