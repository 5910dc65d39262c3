/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A row: its id, its name, and the bounds it is held to; and rows that are read
 * by templates.
 */

#include "page/usage_page_private.h"
#include "base/usage_hash.h"
#include "base/usage_json.h"


void
usage_page_row_start(usage_page_reader_t *reader)
{
    reader->row_seen = 0;
    reader->row.desktop = NULL;
    reader->row.seconds = 0;
    reader->row.project = 0;
    reader->name_len = 0;
}


static usage_result_t
usage_page_row_id(usage_page_reader_t *reader, usage_str_t id)
{
    reader->row.desktop = usage_table_add(reader->table, id, NULL);

    return reader->row.desktop != NULL
               ? USAGE_OK
               : usage_no_memory(reader->table->pool, reader->error);
}


/*
 * Keeps the row's name until the row's end, as the id may follow it.
 */
static void
usage_page_row_name(usage_page_reader_t *reader, usage_str_t name)
{
    reader->name_len = name.len;
    (void) usage_str_write(reader->name, name);
}


/*
 * An empty id counts as none.
 */
static void
usage_page_row_project(usage_page_reader_t *reader, usage_str_t id)
{
    reader->row.project =
        id.len > 0 ? usage_hash(reader->table->pool->seed, id) : 0;
}


usage_result_t
usage_page_row_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    switch (reader->key) {

    case USAGE_PAGE_KEY_ID:
        if (value->kind != USAGE_SCAN_STRING || value->text.len == 0
            || (value->text.len > USAGE_ID_CHARS_MAX
                && usage_utf8_chars(value->text) > USAGE_ID_CHARS_MAX))
        {
            return usage_error(reader->error, 502,
                USAGE_PAGE_NONSENSE "a %.*s that is not a string of 1 to 255 "
                                    "characters",
                (int) reader->keys->id.len, reader->keys->id.data);
        }

        return usage_page_row_id(reader, value->text);

    case USAGE_PAGE_KEY_NAME:

        /* a name that is too long to ask for is of no use */

        if (value->kind == USAGE_SCAN_STRING
            && value->text.len <= sizeof(reader->name)) {
            usage_page_row_name(reader, value->text);
        }

        return USAGE_OK;

    case USAGE_PAGE_KEY_PROJECT:
        if (value->kind == USAGE_SCAN_STRING) {
            usage_page_row_project(reader, value->text);
            return USAGE_OK;
        }

        return value->kind == USAGE_SCAN_NULL
                   ? USAGE_OK
                   : usage_page_nonsense(
                       reader, USAGE_PAGE_PROJECT " is not a string");

    default: /* USAGE_PAGE_KEY_METRIC */
        return value->kind == USAGE_SCAN_NULL
                   ? USAGE_OK
                   : usage_page_nonsense(reader, "metric is not an array");
    }
}


/*
 * Gives the row's name to its desktop, if that has none.
 */
static usage_result_t
usage_page_row_give_name(usage_page_reader_t *reader)
{
    usage_str_t name;

    if (reader->row.desktop->name.len > 0) {
        return USAGE_OK;
    }

    name.data = reader->name;
    name.len = reader->name_len;

    return usage_str_copy(reader->table->pool, name, &reader->row.desktop->name)
                   == USAGE_OK
               ? USAGE_OK
               : usage_no_memory(reader->table->pool, reader->error);
}


/*
 * Checks that the row is one of those that were asked for, and that its seconds
 * are possible.
 */
static usage_result_t
usage_page_row_check(const usage_page_reader_t *reader)
{
    /* one row more may be a change of the statistics between two pages: the
     * window is fetched again then */

    if (reader->page.rows_count > reader->bounds.rows) {
        return usage_error(reader->error, 502,
            USAGE_PAGE_NONSENSE
            "it has more than the %zu rows that were asked for",
            reader->bounds.rows);
    }

    if (reader->row.seconds > reader->bounds.seconds) {
        return usage_error(reader->error, 502,
            USAGE_PAGE_NONSENSE "%.*s of %.17g seconds; possible: at most %.0f",
            (int) reader->keys->metric.len, reader->keys->metric.data,
            reader->row.seconds, reader->bounds.seconds);
    }

    return USAGE_OK;
}


usage_result_t
usage_page_row_end(usage_page_reader_t *reader)
{
    if (reader->row.desktop == NULL) {
        return usage_error(reader->error, 502,
            USAGE_PAGE_NONSENSE "a row without its %.*s",
            (int) reader->keys->id.len, reader->keys->id.data);
    }

    if (usage_page_row_check(reader) != USAGE_OK
        || usage_page_row_give_name(reader) != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    if (reader->page.rows_count < USAGE_PAGE_ROWS) {
        reader->page.rows[reader->page.rows_count] = reader->row;
    }

    reader->page.rows_count++;

    return USAGE_OK;
}


/*
 * Takes a row that was read by a template, whose values need no checks.
 */
static usage_result_t
usage_page_row_take(
    usage_page_reader_t *reader, const usage_template_row_t *row)
{
    if (usage_page_row_id(reader, row->id) != USAGE_OK) {
        return USAGE_ERROR;
    }

    usage_page_row_name(reader, row->name);
    usage_page_row_project(reader, row->project);
    reader->row.seconds = row->seconds;

    return usage_page_row_end(reader);
}


usage_result_t
usage_page_row_templates(void *data, const char **p, const char *end)
{
    const char          *next;
    usage_str_t          text;
    usage_template_row_t row;
    usage_page_reader_t *reader;

    reader = data;

    if (reader->level != USAGE_PAGE_ITEMS || reader->template == NULL
        || !usage_template_is_of(reader->template, reader->keys))
    {
        return USAGE_OK;
    }

    /* the streaming reader has accepted the row before, so that is learned */

    if (reader->row_start != NULL) {
        text.data = reader->row_start;
        text.len = (size_t) (*p + 1 - reader->row_start);
        usage_template_learn(reader->template, reader->keys, text);
    }

    for (;;) {
        next = usage_template_read(reader->template, *p, end, &row);
        if (next == NULL) {
            break;
        }

        if (usage_page_row_take(reader, &row) != USAGE_OK) {
            return USAGE_ERROR;
        }

        *p = next;
    }

    reader->row_start = *p;

    return USAGE_OK;
}
