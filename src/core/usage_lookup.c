#include "usage_lookup.h"
#include "usage_directory.h"


usage_result_t
usage_lookup_start(usage_lookup_t *lookup, const usage_table_t *table,
    size_t count, const usage_pool_t *pool)
{
    size_t           i, n, bytes, encoded;
    usage_batch_t   *batch;
    usage_desktop_t *desktop;

    lookup->started = true;

    if (count == 0) {
        return USAGE_OK;
    }

    lookup->desktops = usage_alloc(pool, count * sizeof(usage_desktop_t *));
    lookup->batches = usage_alloc(pool, count * sizeof(usage_batch_t));

    if (lookup->desktops == NULL || lookup->batches == NULL) {
        return USAGE_ERROR;
    }

    batch = NULL;
    bytes = 0;

    for (i = 0, n = 0; i < count; i++) {
        desktop = table->desktops[i];

        /* a comma separates ids in the directory's filter, even encoded: it
         * knows none that has one */

        if (usage_table_shown(table, desktop)
            || memchr(desktop->id.data, ',', desktop->id.len) != NULL)
        {
            continue;
        }

        encoded = usage_call_encoded(desktop->id) + 1;

        if (batch == NULL || batch->count == USAGE_DIRECTORY_IDS
            || bytes + encoded > USAGE_DIRECTORY_BYTES)
        {
            batch = &lookup->batches[lookup->batches_count++];
            memset(batch, 0, sizeof(usage_batch_t));
            batch->first = n;
            bytes = 0;
        }

        lookup->desktops[n++] = desktop;
        batch->count++;
        bytes += encoded;
    }

    return USAGE_OK;
}


usage_result_t
usage_lookup_next(usage_lookup_t *lookup, usage_call_t *call)
{
    size_t         i;
    usage_batch_t *batch;

    for (i = 0; i < lookup->batches_count; i++) {
        batch = &lookup->batches[i];

        if (!batch->asked) {
            batch->asked = true;

            call->api = USAGE_CALL_DIRECTORY;
            call->window = i;
            call->attempt = batch->attempt;
            call->desktops = &lookup->desktops[batch->first];
            call->count = batch->count;

            return USAGE_OK;
        }
    }

    return USAGE_AGAIN;
}


usage_result_t
usage_lookup_read(usage_lookup_t *lookup, const usage_call_t *call,
    usage_table_t *table, usage_str_t body, usage_error_t *error)
{
    usage_batch_t *batch;
    usage_result_t rc;

    rc = usage_directory_read(table, body, error);
    if (rc != USAGE_AGAIN) {
        return rc;
    }

    batch = &lookup->batches[call->window];

    if (batch->attempt == USAGE_REFETCH_MAX) {
        return usage_error(error, 502,
            "the upstream's desktop directory counts more or fewer desktops "
            "than it lists, fetched %d times",
            USAGE_REFETCH_MAX + 1);
    }

    batch->attempt++;
    batch->asked = false;

    return USAGE_OK;
}
