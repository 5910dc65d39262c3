/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_directory_private.h"
#include "base/usage_percent.h"
#include "gather/usage_rows.h"


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
usage_directory_list(usage_directory_t *directory, bool by_user)
{
    directory->listed = true;
    directory->by_user = by_user;
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


usage_result_t
usage_directory_look_up(usage_directory_t *directory,
    usage_desktop_t *const *desktops, size_t count)
{
    size_t         i, bytes, encoded;
    usage_batch_t *batch;

    directory->batches = NULL;
    batch = NULL;
    bytes = 0;

    for (i = 0; i < count; i++) {

        /* a comma separates ids in the directory's filter, even encoded: it
         * knows none that has one */

        if (memchr(desktops[i]->id.data, ',', desktops[i]->id.len) != NULL) {
            continue;
        }

        encoded = usage_percent_encoded(desktops[i]->id) + 1;

        if (batch == NULL || batch->count == USAGE_DIRECTORY_IDS
            || bytes + encoded > USAGE_DIRECTORY_BYTES)
        {
            batch = usage_directory_batch(directory, count - i);
            if (batch == NULL) {
                return USAGE_ERROR;
            }

            bytes = 0;
        }

        batch->desktops[batch->count++] = desktops[i];
        bytes += encoded;
    }

    return USAGE_OK;
}


usage_result_t
usage_directory_next(usage_directory_t *directory, usage_call_t *call)
{
    usage_batch_t *batch;

    for (batch = directory->batches; batch; batch = batch->next) {
        if (usage_pages_fresh(&batch->pages)) {
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

        if (directory->by_user) {
            call->name = directory->user->name;
        }

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
        calls += usage_pages_fresh(&batch->pages);
    }

    return calls;
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
        if (usage_rows_text(row, "desktop_id").len == 0) {
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
 * Gives the desktops that a batch looked up the entries that were found.
 */
static void
usage_directory_found(
    const usage_directory_t *directory, const usage_batch_t *batch)
{
    size_t           i;
    usage_desktop_t *desktop;

    for (i = 0; i < batch->count; i++) {
        desktop = batch->desktops[i];
        desktop->entry = usage_directory_find(directory, desktop->id);

        if (desktop->entry != NULL) {
            desktop->name = desktop->entry->name;
        }
    }
}


static usage_result_t
usage_directory_take(usage_directory_t *directory, const usage_call_t *call,
    const usage_rows_t *rows, usage_error_t *error)
{
    usage_pages_t *pages;
    usage_batch_t *batch;
    usage_result_t rc;

    batch = call->batch;
    pages = batch != NULL ? &batch->pages : &directory->pages;

    rc = usage_pages_take(
        pages, call, rows->count, rows->rows, directory->pool, error);

    if (rc == USAGE_OK && batch != NULL && !usage_pages_done(pages)) {

        /* Far more rows than were asked for: the filter isn't known.  Which
         * desktops are among the first ones is chance. */

        rc = usage_pages_restart(
            pages, call, "rows", (int64_t) batch->count, rows->count, error);
    }

    if (rc == USAGE_OK) {
        rc = usage_directory_rows(directory, call, pages, rows->list, error);
    }

    if (rc == USAGE_OK && batch != NULL) {
        usage_directory_found(directory, batch);
    }

    if (rc == USAGE_OK && batch == NULL && !directory->by_user
        && usage_pages_done(pages))
    {
        directory->full = true;
    }

    if (rc == USAGE_AGAIN && batch == NULL && usage_pages_fresh(pages)) {
        directory->listing++; /* each desktop may come again */
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
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

    rc = usage_directory_take(directory, call, &rows, error);
    json_decref(rows.root);

    return rc;
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
