/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which connection records came before.
 */

#include "gather/usage_records_private.h"
#include "base/usage_hash.h"
#include "base/usage_json.h"


#define USAGE_RECORDS_KEY_MAX 2048


usage_result_t
usage_records_forget(usage_records_t *records)
{
    records->straddles = false;
    records->digest = 0;

    return usage_table_init(&records->transactions, records->pool, 1);
}


/*
 * Writes what tells a record from others: its transaction, its user, its
 * desktop and its times.  (A reconnect may have the transaction of what it
 * continues, but not its times.)  text has USAGE_RECORDS_KEY_MAX bytes.  Gives
 * the length; 0: the record has no transaction_id, or texts of an odd length.
 */
static size_t
usage_records_key(const json_t *row, char *text)
{
    static const char *const keys[] = { "transaction_id", "user_name", "sid",
        "computer_name", "connection_start_time", "connection_setup_time" };

    size_t      i, len;
    usage_str_t part;

    if (usage_json_text(row, keys[0]).len == 0) {
        return 0;
    }

    for (i = 0, len = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        part = usage_json_text(row, keys[i]);

        if (part.len >= USAGE_RECORDS_KEY_MAX - len) {
            return 0;
        }

        memcpy(text + len, part.data, part.len);
        len += part.len;
        text[len++] = '\n';
    }

    return len;
}


usage_result_t
usage_records_twice(usage_records_t *records, const usage_call_t *call,
    const json_t *row, bool *twice, usage_error_t *error)
{
    bool             added;
    char             text[USAGE_RECORDS_KEY_MAX];
    usage_str_t      key;
    usage_desktop_t *seen;

    *twice = false;
    key.data = text;
    key.len = usage_records_key(row, text);

    if (key.len == 0) {
        return USAGE_OK;
    }

    seen = usage_table_add(&records->transactions, key, &added);
    if (seen == NULL) {
        return usage_no_memory(records->pool, error);
    }

    if (added) {
        usage_cell_show(seen, 0, (double) call->offset);
        records->digest += usage_hash(records->pool->seed, key);

        return USAGE_OK;
    }

    *twice = true;

    if (!json_is_true(json_object_get(row, "is_reconnect"))) {
        return usage_pages_restart(
            &records->pages, call, "rows of one record", 1, 2, error);
    }

    records->straddles =
        records->straddles
        || usage_cell_seconds(seen, 0) != (double) call->offset;

    return USAGE_OK;
}


usage_result_t
usage_records_settle(
    usage_records_t *records, const usage_call_t *call, usage_error_t *error)
{
    bool           same;
    usage_result_t rc;

    same = records->compared && records->digest == records->last_digest;

    if (!records->straddles || same) {
        return USAGE_OK;
    }

    records->compared = true;
    records->last_digest = records->digest;

    rc = usage_pages_restart(
        &records->pages, call, "rows of one record", 1, 2, error);

    if (rc == USAGE_AGAIN) {
        records->pages.limit--;
    }

    return rc;
}
