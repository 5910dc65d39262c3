/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_directory_private.h"
#include "gather/usage_rows.h"

#include <strings.h>


/*
 * Ids that are looked up by one call.
 */
struct usage_batch_s {
    usage_batch_t    *next;
    usage_desktop_t **desktops;
    size_t            count;
    usage_pages_t     pages;
};


usage_result_t
usage_directory_init(usage_directory_t *directory, const usage_user_t *user,
    const usage_pool_t *pool)
{
    memset(directory, 0, sizeof(usage_directory_t));

    directory->pool = pool;
    directory->user = user;

    if (usage_table_init(&directory->ids, pool, 0) != USAGE_OK
        || usage_table_init(&directory->names, pool, 0) != USAGE_OK
        || usage_table_init(&directory->sids, pool, 0) != USAGE_OK
        || usage_table_init(&directory->users, pool, 0) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


void
usage_directory_list(usage_directory_t *directory)
{
    directory->listed = true;
    directory->listing++;

    usage_pages_start(&directory->pages, USAGE_DIRECTORY_ROWS);
}


/*
 * Adds a batch for at most so many desktops.
 */
static usage_batch_t *
usage_directory_batch(usage_directory_t *directory, size_t count)
{
    usage_batch_t *batch;

    if (count > USAGE_DIRECTORY_IDS) {
        count = USAGE_DIRECTORY_IDS;
    }

    batch = usage_alloc(directory->pool, sizeof(usage_batch_t));
    if (batch == NULL) {
        return NULL;
    }

    batch->desktops =
        usage_alloc(directory->pool, count * sizeof(usage_desktop_t *));
    if (batch->desktops == NULL) {
        return NULL;
    }

    batch->count = 0;
    usage_pages_start(&batch->pages, USAGE_DIRECTORY_ROWS);

    batch->next = directory->batches;
    directory->batches = batch;

    return batch;
}


/*
 * Gives a desktop that was looked up its entry, if there is one.
 */
static void
usage_directory_enter(
    const usage_directory_t *directory, usage_desktop_t *desktop)
{
    desktop->entry = usage_directory_find(directory, desktop->id);

    if (desktop->entry != NULL) {
        desktop->name = desktop->entry->name;
    }
}


usage_result_t
usage_directory_look_up(usage_directory_t *directory,
    usage_desktop_t *const *desktops, size_t count)
{
    size_t         i, bytes, taken;
    usage_batch_t *batch;

    directory->batches = NULL;
    batch = NULL;
    bytes = 0;

    for (i = 0; i < count; i++) {
        if (directory->full) {
            usage_directory_enter(directory, desktops[i]);
            continue;
        }

        taken = usage_call_id_bytes(desktops[i]->id);

        if (batch == NULL || batch->count == USAGE_DIRECTORY_IDS
            || bytes + taken > USAGE_DIRECTORY_BYTES)
        {
            batch = usage_directory_batch(directory, count - i);
            if (batch == NULL) {
                return USAGE_ERROR;
            }

            bytes = 0;
        }

        batch->desktops[batch->count++] = desktops[i];
        bytes += taken;
    }

    return USAGE_OK;
}


usage_result_t
usage_directory_next(usage_directory_t *directory, usage_call_t *call)
{
    usage_batch_t *batch;

    for (batch = directory->batches; batch; batch = batch->next) {
        if (!directory->ignored && usage_pages_fresh(&batch->pages)) {
            call->api = USAGE_CALL_DIRECTORY;
            call->kind = USAGE_CALL_LOOK_UP;
            call->batch = batch;
            call->desktops = batch->desktops;
            call->count = batch->count;
            usage_pages_next(&batch->pages, call);

            return USAGE_OK;
        }
    }

    if (directory->listed && usage_pages_ready(&directory->pages)) {
        call->api = USAGE_CALL_DIRECTORY;
        call->kind = USAGE_CALL_LISTING;
        usage_pages_next(&directory->pages, call);

        return USAGE_OK;
    }

    return USAGE_AGAIN;
}


int64_t
usage_directory_ahead(const usage_directory_t *directory)
{
    int64_t              calls;
    const usage_batch_t *batch;

    calls = directory->listed ? usage_pages_ahead(&directory->pages) : 0;

    for (batch = directory->batches; batch; batch = batch->next) {
        calls += !directory->ignored && usage_pages_fresh(&batch->pages);
    }

    return calls;
}


/*
 * Tells whether the service took the ids of a batch as a filter: a list of more
 * or other desktops than these is of all.
 */
static bool
usage_directory_filtered(const usage_batch_t *batch, const usage_rows_t *rows)
{
    size_t        i, k;
    usage_str_t   id;
    const json_t *row;

    if (rows->count > (int64_t) batch->count) {
        return false;
    }

    json_array_foreach (rows->list, i, row) {
        id = usage_json_text(row, "desktop_id");

        for (k = 0; k < batch->count; k++) {
            if (usage_str_equal(batch->desktops[k]->id, id)) {
                break;
            }
        }

        if (k == batch->count && id.len > 0) {
            return false;
        }
    }

    return true;
}


/*
 * Tells whether a row's desktop came before: in the same listing, or on the
 * same page of a look-up.
 */
static bool
usage_directory_twice(const usage_directory_t *directory,
    const usage_call_t *call, usage_entry_t *entry)
{
    bool twice;

    if (call->kind == USAGE_CALL_LOOK_UP) {
        twice = entry->page == directory->page;
        entry->page = directory->page;

    } else {
        twice = entry->listing == directory->listing;
        entry->listing = directory->listing;
    }

    return twice;
}


static usage_result_t
usage_directory_rows(usage_directory_t *directory, const usage_call_t *call,
    usage_pages_t *pages, const json_t *rows, usage_error_t *error)
{
    size_t         i;
    const json_t  *row;
    usage_entry_t *entry;

    directory->page++;

    json_array_foreach (rows, i, row) {
        if (strcasecmp(usage_json_text(row, "status").data, "DELETED") == 0) {
            continue;
        }

        if (usage_json_text(row, "desktop_id").len == 0) {
            return usage_error(error, 502,
                "the upstream's desktop directory makes no sense: a desktop "
                "without its desktop_id");
        }

        if (usage_directory_row(directory, row, &entry) != USAGE_OK) {
            return usage_no_memory(directory->pool, error);
        }

        if (usage_directory_twice(directory, call, entry)) {
            return usage_pages_restart(
                pages, call, "rows of one desktop", 1, 2, error);
        }
    }

    return USAGE_OK;
}


/*
 * Lists all of the directory instead of looking up ids, which the service
 * ignores.  The batches stay: their desktops get what the listing shows.
 */
static void
usage_directory_ignored(usage_directory_t *directory)
{
    directory->ignored = true;

    usage_directory_list(directory);
}


/*
 * Gives the desktops that a batch looked up the entries that were found.
 */
static void
usage_directory_found(
    const usage_directory_t *directory, const usage_batch_t *batch)
{
    size_t i;

    for (i = 0; i < batch->count; i++) {
        usage_directory_enter(directory, batch->desktops[i]);
    }
}


/*
 * Notes that all of the directory is here.
 */
static void
usage_directory_complete(usage_directory_t *directory)
{
    const usage_batch_t *batch;

    directory->full = true;

    for (batch = directory->batches; batch; batch = batch->next) {
        usage_directory_found(directory, batch);
    }
}


/*
 * Takes a page of a listing.
 */
static usage_result_t
usage_directory_take_listing(usage_directory_t *directory,
    const usage_call_t *call, const usage_rows_t *rows, usage_error_t *error)
{
    usage_pages_t *pages;
    usage_result_t rc;

    pages = &directory->pages;

    rc = usage_pages_take(
        pages, call, rows->count, rows->rows, directory->pool, error);

    if (rc == USAGE_OK) {
        rc = usage_directory_rows(directory, call, pages, rows->list, error);
    }

    if (rc == USAGE_OK && usage_pages_done(pages)) {
        usage_directory_complete(directory);
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(pages)) {
        directory->listing++; /* each desktop may come again */
    }

    return rc;
}


/*
 * Takes a page of desktops that are looked up.
 */
static usage_result_t
usage_directory_take_batch(usage_directory_t *directory,
    const usage_call_t *call, const usage_rows_t *rows, usage_error_t *error)
{
    usage_batch_t *batch;
    usage_result_t rc;

    if (directory->ignored) {
        return USAGE_OK; /* the listing tells */
    }

    batch = call->batch;

    rc = usage_pages_take(
        &batch->pages, call, rows->count, rows->rows, directory->pool, error);

    if (rc != USAGE_OK) {
        return rc;
    }

    if (!usage_directory_filtered(batch, rows)) {
        usage_directory_ignored(directory);
        return USAGE_OK;
    }

    rc =
        usage_directory_rows(directory, call, &batch->pages, rows->list, error);

    if (rc == USAGE_OK) {
        usage_directory_found(directory, batch);
    }

    return rc;
}


usage_result_t
usage_directory_page(usage_directory_t *directory, const usage_call_t *call,
    usage_str_t body, usage_error_t *error)
{
    usage_rows_t   rows;
    usage_result_t rc;

    if (usage_rows_load(&rows, body, "desktops", "desktop directory",
            directory->pool, error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    rc = call->batch != NULL
             ? usage_directory_take_batch(directory, call, &rows, error)
             : usage_directory_take_listing(directory, call, &rows, error);

    json_decref(rows.root);

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}


/*
 * Finds the entry of a key, which may be empty.
 */
static usage_entry_t *
usage_directory_get(const usage_table_t *table, usage_str_t key)
{
    const usage_desktop_t *row;

    row = key.len == 0 ? NULL : usage_table_find(table, key);

    return row == NULL ? NULL : row->entry;
}


usage_entry_t *
usage_directory_find(const usage_directory_t *directory, usage_str_t id)
{
    return usage_directory_get(&directory->ids, id);
}


bool
usage_directory_namesakes(const usage_directory_t *directory)
{
    size_t i;

    for (i = 0; i < directory->ids.count; i++) {
        if (directory->ids.desktops[i]->entry->namesake) {
            return true;
        }
    }

    return false;
}


usage_entry_t *
usage_directory_match(const usage_directory_t *directory, usage_str_t sid,
    usage_str_t name, bool *doubtful)
{
    usage_entry_t *entry;

    *doubtful = false;

    entry = usage_directory_get(&directory->sids, sid);

    if (entry == NULL) {
        entry = usage_directory_get(&directory->names, name);
        *doubtful = !directory->full;
    }

    return entry;
}
