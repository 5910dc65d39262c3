/* SPDX-License-Identifier: BSD-2-Clause */

#include "gather/usage_connection.h"
#include "gather/usage_records.h"
#include "gather/usage_rows.h"


#define USAGE_RECORDS_ROOM    256 /* to start with */
#define USAGE_RECORDS_KEY_MAX 2048


/*
 * Gives the last minute that begins before a time, which is after 1970.
 */
static int64_t
usage_minute_before(int64_t time)
{
    return (time - 1) / 60 * 60;
}


/*
 * Gives the first minute that begins after a time.
 */
static int64_t
usage_minute_after(int64_t time)
{
    return (time / 60 + 1) * 60;
}


usage_result_t
usage_records_init(usage_records_t *records, const usage_directory_t *directory,
    usage_day_t first, size_t days, int64_t lookback, int64_t now)
{
    int64_t start, end;

    memset(records, 0, sizeof(usage_records_t));

    start = (int64_t) first * USAGE_SECONDS_PER_DAY;
    end = start + (int64_t) days * USAGE_SECONDS_PER_DAY;

    records->pool = directory->pool;
    records->user = directory->user;
    records->others = &directory->users;
    records->range.from = start;
    records->range.to = end < now ? end : now;
    records->from = lookback < start ? usage_minute_before(start - lookback)
                    : start < 0      ? start
                                     : 0;
    records->to = usage_minute_after(end - 1 < now ? end - 1 : now);

    usage_pages_start(&records->pages, USAGE_RECORD_ROWS);

    if (usage_table_init(&records->names, records->pool, 0) != USAGE_OK
        || usage_table_init(&records->transactions, records->pool, 0)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


void
usage_records_ask(usage_records_t *records, bool unfiltered, bool with_seconds)
{
    records->unfiltered = unfiltered;
    records->with_seconds = with_seconds;
}


usage_result_t
usage_records_next(usage_records_t *records, usage_call_t *call)
{
    if (!usage_pages_ready(&records->pages)) {
        return USAGE_AGAIN;
    }

    call->api = USAGE_CALL_RECORDS;
    call->kind = USAGE_CALL_PERIOD;
    call->from = records->from;
    call->to = records->to;
    call->with_seconds = records->with_seconds;

    if (!records->unfiltered) {
        call->name = records->user->name;
    }

    usage_pages_next(&records->pages, call);

    return USAGE_OK;
}


bool
usage_records_incomplete(const usage_records_t *records)
{
    return records->user->name.len > 0 && !records->unfiltered
           && !records->domain_shown;
}


bool
usage_records_reword(usage_records_t *records, const usage_call_t *call)
{
    if (call->offset > 0) {
        return false;
    }

    if (call->limit == USAGE_RECORD_ROWS) {
        usage_pages_start(&records->pages, USAGE_RECORD_ROWS_OLD);
        return true;
    }

    if (records->switched || records->answered) {
        return false;
    }

    records->switched = true;
    records->with_seconds = !records->with_seconds;
    usage_pages_start(&records->pages, USAGE_RECORD_ROWS);

    return true;
}


/*
 * Reads the session of a record, and cuts it to the range.  *used: it was in
 * use there.
 */
static usage_result_t
usage_records_session(const usage_records_t *records, const json_t *row,
    usage_session_t *session, bool *used, usage_error_t *error)
{
    if (usage_connection_read(
            row, "connection records", records->range.to, session, used, error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (session->to > records->range.to) {
        session->to = records->range.to;
    }

    if (session->from < records->range.from) {
        session->from = records->range.from;
    }

    *used = *used && session->from < session->to;

    return USAGE_OK;
}


/*
 * Tells whether a record came before: one of the same transaction, user,
 * desktop and times.  (A reconnect may have the transaction of what it
 * continues, but not its times.)  It can't be told of a record that has no
 * transaction_id, or texts of an odd length.
 */
static usage_result_t
usage_records_twice(usage_records_t *records, const json_t *row, bool *twice)
{
    static const char *const keys[] = { "transaction_id", "user_name", "sid",
        "computer_name", "connection_start_time", "connection_setup_time" };

    bool        added;
    char        text[USAGE_RECORDS_KEY_MAX];
    size_t      i;
    usage_str_t part, key;

    *twice = false;

    key.data = text;
    key.len = 0;

    if (usage_json_text(row, keys[0]).len == 0) {
        return USAGE_OK;
    }

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        part = usage_json_text(row, keys[i]);

        if (part.len >= sizeof(text) - key.len) {
            return USAGE_OK;
        }

        memcpy(text + key.len, part.data, part.len);
        key.len += part.len;
        text[key.len++] = '\n';
    }

    if (usage_table_add(&records->transactions, key, &added) == NULL) {
        return USAGE_ERROR;
    }

    *twice = !added;

    return USAGE_OK;
}


/*
 * Copies a sid or a computer_name, each one once.  *name is NULL if it is
 * empty.
 */
static usage_result_t
usage_records_name(
    usage_records_t *records, usage_str_t text, usage_desktop_t **name)
{
    *name = NULL;

    if (text.len == 0) {
        return USAGE_OK;
    }

    *name = usage_table_add(&records->names, text, NULL);

    return *name == NULL ? USAGE_ERROR : USAGE_OK;
}


static usage_result_t
usage_records_add(usage_records_t *records, const json_t *row,
    usage_session_t session, bool no_domain)
{
    usage_record_t *list, *record;

    if (records->count == records->room) {
        list = usage_grow(records->pool, records->list, &records->room,
            USAGE_RECORDS_ROOM, sizeof(usage_record_t));
        if (list == NULL) {
            return USAGE_ERROR;
        }

        records->list = list;
    }

    record = &records->list[records->count++];
    record->session = session;
    record->no_domain = no_domain;

    if (usage_records_name(records, usage_json_text(row, "sid"), &record->sid)
            != USAGE_OK
        || usage_records_name(records, usage_json_text(row, "computer_name"),
               &record->computer)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


/*
 * Tells whether a record counts, by its user.  *no_domain: it doesn't tell that
 * user's domain.
 */
static bool
usage_records_counts(
    const usage_records_t *records, const json_t *row, bool *no_domain)
{
    usage_str_t name;

    *no_domain = false;

    if (records->user->name.len == 0) {
        return true;
    }

    name = usage_json_text(row, "user_name");

    if (!usage_user_recorded(records->user, name, no_domain)) {
        return false;
    }

    /* another user may be called "name@domain", without a domain */

    return *no_domain || usage_table_find(records->others, name) == NULL;
}


/*
 * Notes whether a record has the user's name with a domain, whichever that is.
 */
static void
usage_records_note_name(usage_records_t *records, const json_t *row)
{
    usage_str_t name, user;

    name = usage_json_text(row, "user_name");
    user = records->user->name;

    if (name.len > user.len && name.data[user.len] == '@'
        && memcmp(name.data, user.data, user.len) == 0)
    {
        records->domain_shown = true;
    }
}


static usage_result_t
usage_records_row(usage_records_t *records, const usage_call_t *call,
    const json_t *row, usage_error_t *error)
{
    bool            twice, used, no_domain;
    usage_session_t session;

    used = false;

    if (!json_is_object(row)) {
        return usage_error(error, 502,
            "the upstream's connection records make no sense: a record is not "
            "an object");
    }

    if (usage_records_twice(records, row, &twice) != USAGE_OK) {
        return usage_no_memory(records->pool, error);
    }

    if (twice) {
        return usage_pages_restart(
            &records->pages, call, "rows of one record", 1, 2, error);
    }

    if (usage_records_session(records, row, &session, &used, error) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    usage_records_note_name(records, row);

    if (!used || !usage_records_counts(records, row, &no_domain)) {
        return USAGE_OK;
    }

    if (usage_records_add(records, row, session, no_domain) != USAGE_OK) {
        return usage_no_memory(records->pool, error);
    }

    return USAGE_OK;
}


/*
 * Tells whether a page comes from an older release, which gives 100 rows at
 * most: such a release refuses a longer page, or sends less.
 */
static bool
usage_records_short(const usage_records_t *records, const usage_call_t *call,
    const usage_rows_t *rows)
{
    return records->pages.attempt == call->attempt
           && records->pages.limit == USAGE_RECORD_ROWS && call->offset == 0
           && rows->rows == USAGE_RECORD_ROWS_OLD && rows->count > rows->rows;
}


static usage_result_t
usage_records_take(usage_records_t *records, const usage_call_t *call,
    const usage_rows_t *rows, usage_error_t *error)
{
    size_t         i;
    json_t        *row;
    usage_result_t rc;

    if (usage_records_short(records, call, rows)) {
        records->pages.limit = USAGE_RECORD_ROWS_OLD;
        records->pages.next = USAGE_RECORD_ROWS_OLD;
    }

    records->answered = true;

    rc = usage_pages_take(
        &records->pages, call, rows->count, rows->rows, records->pool, error);

    if (rc == USAGE_OK) {
        json_array_foreach (rows->list, i, row) {
            rc = usage_records_row(records, call, row, error);

            if (rc != USAGE_OK) {
                break;
            }
        }
    }

    if (rc == USAGE_AGAIN && usage_pages_fresh(&records->pages)) {
        records->count = 0;

        if (usage_table_init(&records->transactions, records->pool, 0)
            != USAGE_OK) {
            return usage_no_memory(records->pool, error);
        }
    }

    return rc == USAGE_ERROR ? USAGE_ERROR : USAGE_OK;
}


usage_result_t
usage_records_page(usage_records_t *records, const usage_call_t *call,
    usage_str_t body, usage_error_t *error)
{
    usage_rows_t   rows;
    usage_result_t rc;

    if (usage_rows_load(
            &rows, body, "records", "connection records", records->pool, error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    rc = usage_records_take(records, call, &rows, error);
    json_decref(rows.root);

    return rc;
}
