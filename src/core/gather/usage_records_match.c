/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktops that connection records match.
 */

#include "gather/usage_records.h"


static const usage_str_t usage_records_no_name = usage_string("");


/*
 * Finds the directory's entry that a record matches, or gives NULL.
 */
static usage_entry_t *
usage_records_entry(const usage_record_t *record,
    const usage_directory_t *directory, bool *doubtful)
{
    return usage_directory_match(directory,
        record->sid != NULL ? record->sid->id : usage_records_no_name,
        record->computer != NULL ? record->computer->id : usage_records_no_name,
        doubtful);
}


bool
usage_records_doubtful(const usage_records_t *records,
    const usage_directory_t *directory, int64_t since)
{
    bool                  doubtful;
    size_t                i;
    const usage_entry_t  *entry;
    const usage_record_t *record;

    for (i = 0; i < records->count; i++) {
        record = &records->list[i];
        entry = usage_records_entry(record, directory, &doubtful);

        if (doubtful
            && (entry != NULL
                || (record->sid == NULL && record->session.to > since)))
        {
            return true;
        }
    }

    return false;
}


/*
 * Tells whether a record may be of another user of the requested name: it has
 * no domain, and its desktop is attached to neither.
 */
static bool
usage_records_of_either(
    const usage_record_t *record, const usage_entry_t *entry)
{
    return record->no_domain
           && (entry == NULL
               || (entry->attached == USAGE_ATTACHED_NOT && !entry->namesake));
}


bool
usage_records_vague(
    const usage_records_t *records, const usage_directory_t *directory)
{
    bool                  doubtful;
    size_t                i;
    const usage_record_t *record;

    for (i = 0; i < records->count; i++) {
        record = &records->list[i];

        if (usage_records_of_either(
                record, usage_records_entry(record, directory, &doubtful)))
        {
            return true;
        }
    }

    return false;
}


usage_result_t
usage_records_certain(const usage_records_t *records,
    const usage_directory_t *directory, int64_t since, usage_error_t *error)
{
    bool                  doubtful, namesakes;
    size_t                i;
    usage_str_t           name;
    const usage_entry_t  *entry;
    const usage_record_t *record;

    namesakes = usage_directory_namesakes(directory);

    for (i = 0; i < records->count; i++) {
        record = &records->list[i];
        entry = usage_records_entry(record, directory, &doubtful);

        if (record->session.to <= since) {
            continue;
        }

        if (entry == NULL && record->sid == NULL && directory->full) {
            name = record->computer != NULL ? record->computer->id
                                            : usage_records_no_name;

            return usage_error(error, 502,
                "a connection record has no sid, and the directory no desktop "
                "of its computer_name \"%.*s\": nothing tells which one it is",
                usage_shown(name), name.data);
        }

        if (entry != NULL && namesakes
            && usage_records_of_either(record, entry)) {
            return usage_error(error, 502,
                "a connection record of desktop \"%.*s\" does not tell which "
                "of the users of that name it is of",
                usage_shown(entry->id), entry->id.data);
        }
    }

    return USAGE_OK;
}


/*
 * Gives the entry of a record that matches no desktop of the directory: one for
 * each sid, or computer_name, that such records have.
 */
static usage_entry_t *
usage_records_add_unmatched(
    usage_records_t *records, const usage_record_t *record)
{
    usage_entry_t   *entry;
    usage_desktop_t *name;

    name = record->sid != NULL ? record->sid : record->computer;

    if (name != NULL && name->entry != NULL) {
        return name->entry;
    }

    entry = usage_alloc(records->pool, sizeof(usage_entry_t));
    if (entry == NULL) {
        return NULL;
    }

    memset(entry, 0, sizeof(usage_entry_t));

    if (record->sid != NULL) {
        entry->sid = record->sid->id;
    }

    if (name != NULL) {
        name->entry = entry;
        entry->name =
            record->computer != NULL ? record->computer->id : name->id;
    }

    entry->next = records->unmatched;
    records->unmatched = entry;

    return entry;
}


usage_result_t
usage_records_match(usage_records_t *records,
    const usage_directory_t *directory, bool unmatched, usage_error_t *error)
{
    bool                  doubtful;
    size_t                i;
    usage_entry_t        *entry;
    const usage_record_t *record;

    for (i = 0; i < records->count; i++) {
        record = &records->list[i];
        entry = usage_records_entry(record, directory, &doubtful);

        if (entry != NULL && entry->ambiguous) {
            return usage_error(error, 502,
                "a connection record leads to several desktops: %s \"%.*s\"",
                record->computer != NULL ? "computer_name" : "sid",
                usage_shown(record->computer != NULL ? record->computer->id
                                                     : record->sid->id),
                record->computer != NULL ? record->computer->id.data
                                         : record->sid->id.data);
        }

        if (entry != NULL && record->no_domain && entry->namesake) {
            continue;
        }

        if (entry == NULL && !unmatched) {
            continue;
        }

        if (entry == NULL) {
            entry = usage_records_add_unmatched(records, record);
        }

        if (entry == NULL
            || usage_sessions_add(
                   &entry->sessions, record->session, records->pool)
                   != USAGE_OK)
        {
            return usage_no_memory(records->pool, error);
        }
    }

    return USAGE_OK;
}
