/* SPDX-License-Identifier: BSD-2-Clause */

#include "page/usage_page_private.h"
#include "base/usage_json.h"


usage_result_t
usage_page_id(usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (value->kind != USAGE_SCAN_STRING || value->text.len == 0
        || (value->text.len > USAGE_ID_CHARS_MAX
            && usage_utf8_chars(value->text) > USAGE_ID_CHARS_MAX))
    {
        return usage_error(reader->error, 502,
            "a page of the upstream's statistics makes no sense: a %.*s that "
            "is not a string of 1 to 255 characters",
            (int) reader->keys->id.len, reader->keys->id.data);
    }

    reader->row.desktop = usage_table_add(reader->table, value->text, NULL);
    if (reader->row.desktop == NULL) {
        return usage_no_memory(reader->table->pool, reader->error);
    }

    return USAGE_OK;
}


/*
 * What a row is called; a name that is too long for a filter is of no use.
 */
void
usage_page_name(usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (value->kind == USAGE_SCAN_STRING
        && value->text.len <= sizeof(reader->name)) {
        memcpy(reader->name, value->text.data, value->text.len);
        reader->name_len = value->text.len;
    }
}


/*
 * The row's name goes to its desktop, where that has none.
 */
static usage_result_t
usage_page_call(usage_page_reader_t *reader)
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
 * Whether the row is one of those that were asked for, and tells what can be.
 */
static usage_result_t
usage_page_bound(usage_page_reader_t *reader)
{
    /* one row more may be a change meanwhile, which is asked for again */

    if (reader->page.rows_count > reader->bounds.rows) {
        return usage_error(reader->error, 502,
            "a page of the upstream's statistics makes no sense: it has more "
            "than the %zu rows that were asked for",
            reader->bounds.rows);
    }

    if (reader->row.seconds > reader->bounds.seconds) {
        return usage_error(reader->error, 502,
            "a page of the upstream's statistics makes no sense: %.*s of %.17g "
            "seconds; possible: at most %.0f",
            (int) reader->keys->metric.len, reader->keys->metric.data,
            reader->row.seconds, reader->bounds.seconds);
    }

    return USAGE_OK;
}


usage_result_t
usage_page_end_row(usage_page_reader_t *reader)
{
    if (reader->row.desktop == NULL) {
        return usage_error(reader->error, 502,
            "a page of the upstream's statistics makes no sense: a row without "
            "its %.*s",
            (int) reader->keys->id.len, reader->keys->id.data);
    }

    if (usage_page_bound(reader) != USAGE_OK
        || usage_page_call(reader) != USAGE_OK) {
        return USAGE_ERROR;
    }

    if (reader->page.rows_count < USAGE_PAGE_ROWS) {
        reader->page.rows[reader->page.rows_count] = reader->row;
    }

    reader->page.rows_count++;

    return USAGE_OK;
}


/*
 * A row read by its shape, of which nothing can be wrong.
 */
static usage_result_t
usage_page_shaped(usage_page_reader_t *reader, const usage_template_row_t *row)
{
    reader->row.seconds = row->seconds;
    reader->row.desktop = usage_table_add(reader->table, row->id, NULL);
    if (reader->row.desktop == NULL) {
        return usage_no_memory(reader->table->pool, reader->error);
    }

    reader->name_len = row->name.len;

    if (row->name.len > 0) {
        memcpy(reader->name, row->name.data, row->name.len);
    }

    return usage_page_end_row(reader);
}


usage_result_t
usage_page_element(void *data, const char **p, const char *end)
{
    const char          *next;
    usage_str_t          text;
    usage_template_row_t row;
    usage_page_reader_t *reader;

    reader = data;

    if (reader->level != USAGE_PAGE_ITEMS || reader->shape == NULL
        || !usage_template_of(reader->shape, reader->keys))
    {
        return USAGE_OK;
    }

    if (reader->last != NULL) {
        text.data = reader->last;
        text.len = (size_t) (*p + 1 - reader->last);
        usage_template_learn(reader->shape, reader->keys, text);
    }

    for (;;) {
        next = usage_template_read(reader->shape, *p, end, &row);
        if (next == NULL) {
            break;
        }

        if (usage_page_shaped(reader, &row) != USAGE_OK) {
            return USAGE_ERROR;
        }

        *p = next;
    }

    reader->last = *p;

    return USAGE_OK;
}
