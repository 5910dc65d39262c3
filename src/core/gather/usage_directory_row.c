/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A row of the directory: a desktop, its names, and whose it is.
 */

#include "gather/usage_directory_private.h"
#include "gather/usage_rows.h"

#include <strings.h>


/* what a name or a sid of several desktops matches */
static usage_entry_t usage_directory_ambiguous = { .ambiguous = true };

static const usage_str_t usage_directory_none = usage_string("");


/*
 * Tells whose a desktop is, by the users and groups attached to it.
 */
static usage_result_t
usage_directory_attachments(
    usage_directory_t *directory, usage_entry_t *entry, const json_t *infos)
{
    bool          mine, others, user, same;
    size_t        i;
    usage_str_t   name, type;
    const json_t *info;

    mine = false;
    others = false;

    json_array_foreach (infos, i, info) {
        name = usage_json_text(info, "user_name");
        type = usage_json_text(info, "type");

        user = type.len == 0 || strcasecmp(type.data, "USER") == 0;
        same = user && usage_str_equal(name, directory->user->name);
        entry->owned = user && json_array_size(infos) == 1;

        if (same
            && usage_user_is(
                directory->user, name, usage_json_text(info, "domain")))
        {
            mine = true;
            continue;
        }

        others = true;
        entry->namesake = entry->namesake || same;

        if (usage_table_add(&directory->users, name, NULL) == NULL) {
            return USAGE_ERROR;
        }
    }

    if (mine) {
        entry->namesake = false;
        entry->attached = others ? USAGE_ATTACHED_SHARED : USAGE_ATTACHED_ALONE;
    }

    return USAGE_OK;
}


/*
 * Tells whose a desktop is.  If there is no list of those attached to it, it is
 * its one owner's.
 */
static usage_result_t
usage_directory_attached(
    usage_directory_t *directory, usage_entry_t *entry, const json_t *row)
{
    const json_t *infos;

    entry->attached = USAGE_ATTACHED_NOT;
    entry->namesake = false;
    entry->owned = false;

    if (directory->user->name.len == 0) {
        return USAGE_OK;
    }

    infos = json_object_get(row, "attach_user_infos");

    if (json_is_array(infos)) {
        return usage_directory_attachments(directory, entry, infos);
    }

    entry->owned = usage_json_text(row, "user_name").len > 0;

    if (usage_user_is(directory->user, usage_json_text(row, "user_name"),
            usage_directory_none))
    {
        entry->attached = USAGE_ATTACHED_ALONE;
    }

    return USAGE_OK;
}


/*
 * Lets a name or a sid match an entry.  *key: its copy, which stays.
 */
static usage_result_t
usage_directory_index(usage_table_t *table, usage_str_t text,
    usage_entry_t *entry, usage_str_t *key)
{
    usage_desktop_t *row;

    if (text.len == 0) {
        *key = usage_directory_none;
        return USAGE_OK;
    }

    row = usage_table_add(table, text, NULL);
    if (row == NULL) {
        return USAGE_ERROR;
    }

    row->entry = row->entry == NULL || row->entry == entry
                     ? entry
                     : &usage_directory_ambiguous;
    *key = row->id;

    return USAGE_OK;
}


/*
 * Gives the entry that a row of the directory is about.
 */
static usage_entry_t *
usage_directory_entry(usage_directory_t *directory, usage_str_t id)
{
    usage_desktop_t *row;

    row = usage_table_add(&directory->ids, id, NULL);
    if (row == NULL || row->entry != NULL) {
        return row == NULL ? NULL : row->entry;
    }

    row->entry = usage_alloc(directory->pool, sizeof(usage_entry_t));
    if (row->entry == NULL) {
        return NULL;
    }

    memset(row->entry, 0, sizeof(usage_entry_t));
    row->entry->id = row->id;

    return row->entry;
}


usage_result_t
usage_directory_row(
    usage_directory_t *directory, const json_t *row, usage_entry_t **entry)
{
    usage_str_t os_name;

    *entry =
        usage_directory_entry(directory, usage_json_text(row, "desktop_id"));

    /* a record's computer_name may be either of the two names */

    if (*entry == NULL
        || usage_directory_index(&directory->names,
               usage_json_text(row, "computer_name"), *entry, &(*entry)->name)
               != USAGE_OK
        || usage_directory_index(&directory->names,
               usage_json_text(row, "os_host_name"), *entry, &os_name)
               != USAGE_OK
        || usage_directory_index(&directory->sids, usage_json_text(row, "sid"),
               *entry, &(*entry)->sid)
               != USAGE_OK
        || usage_directory_attached(directory, *entry, row) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return USAGE_OK;
}
