/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The page as a whole: what the streaming reader tells of it, and which part of
 * the page that is.
 */

#include "page/usage_page_private.h"


const usage_page_keys_t usage_page_desktops = {
    usage_string("resource_id"),
    usage_string(""),
    usage_string("desktop_usage"),
};

const usage_page_keys_t usage_page_named_desktops = {
    usage_string("resource_id"),
    usage_string("resource_name"),
    usage_string("desktop_usage"),
};

const usage_page_keys_t usage_page_users = {
    usage_string("username"),
    usage_string(""),
    usage_string("user_usage"),
};


/*
 * Gives what the container that is open has had, to find a key that is given
 * twice.
 */
static unsigned *
usage_page_seen(usage_page_reader_t *reader)
{
    switch (reader->level) {

    case USAGE_PAGE_TOP:
        return &reader->page_seen;

    case USAGE_PAGE_ROW:
        return &reader->row_seen;

    default: /* USAGE_PAGE_METRIC */
        return &reader->metric_seen;
    }
}


#define usage_page_is(name, literal)                                           \
    ((name).len == sizeof(literal) - 1                                         \
        && memcmp((name).data, (literal), sizeof(literal) - 1) == 0)


/*
 * Gives the key of that name at the level where the reader stands; 0: none is
 * known by it.
 */
static unsigned
usage_page_known(const usage_page_reader_t *reader, usage_str_t name)
{
    switch (reader->level) {

    case USAGE_PAGE_TOP:
        return usage_page_is(name, "count")        ? USAGE_PAGE_KEY_COUNT
               : usage_page_is(name, "items")      ? USAGE_PAGE_KEY_ITEMS
               : usage_page_is(name, "error_code") ? USAGE_PAGE_KEY_ERROR_CODE
               : usage_page_is(name, "error_msg")  ? USAGE_PAGE_KEY_ERROR_MSG
                                                   : 0;

    case USAGE_PAGE_ROW:
        return usage_str_equal(name, reader->keys->id) ? USAGE_PAGE_KEY_ID
               : usage_page_is(name, "metric")         ? USAGE_PAGE_KEY_METRIC
               : name.len > 0 && usage_str_equal(name, reader->keys->name)
                   ? USAGE_PAGE_KEY_NAME
               : usage_page_is(name, USAGE_PAGE_PROJECT)
                   ? USAGE_PAGE_KEY_PROJECT
                   : 0;

    case USAGE_PAGE_METRIC:
        return usage_page_is(name, "metric_name") ? USAGE_PAGE_KEY_METRIC_NAME
               : usage_page_is(name, "metric_value")
                   ? USAGE_PAGE_KEY_METRIC_VALUE
                   : 0;

    default:
        return 0;
    }
}


static usage_result_t
usage_page_key(void *data, usage_str_t name, bool *wanted)
{
    unsigned            *seen;
    usage_page_reader_t *reader;

    reader = data;

    reader->key = usage_page_known(reader, name);
    *wanted = reader->key != 0;

    if (!*wanted) {
        return USAGE_OK;
    }

    seen = usage_page_seen(reader);

    if (*seen & reader->key) {
        return usage_error(reader->error, 502,
            USAGE_PAGE_NONSENSE "%.*s is given twice", usage_shown(name),
            name.data);
    }

    *seen |= reader->key;

    return USAGE_OK;
}


/*
 * Opens the value of a key of the page itself.
 */
static usage_result_t
usage_page_open_items(usage_page_reader_t *reader, bool object)
{
    switch (reader->key) {

    case USAGE_PAGE_KEY_COUNT:
        return usage_page_nonsense(reader, "count is not a number");

    case USAGE_PAGE_KEY_ERROR_CODE:
    case USAGE_PAGE_KEY_ERROR_MSG:
        return usage_page_nonsense(
            reader, "error_code or error_msg is not a string");

    default: /* USAGE_PAGE_KEY_ITEMS */
        break;
    }

    if (object) {
        return usage_page_nonsense(reader, "items is not an array");
    }

    reader->page_seen |= USAGE_PAGE_ITEMS_FILLED;

    return USAGE_OK;
}


/*
 * Opens the value of a key of a row.
 */
static usage_result_t
usage_page_open_metrics(usage_page_reader_t *reader, bool object)
{
    if (reader->key != USAGE_PAGE_KEY_METRIC) {
        return usage_page_nonsense(reader, "an id or a name is not a string");
    }

    return object ? usage_page_nonsense(reader, "metric is not an array")
                  : USAGE_OK;
}


static usage_result_t
usage_page_open(void *data, bool object)
{
    usage_result_t       rc;
    usage_page_reader_t *reader;

    reader = data;
    rc = USAGE_OK;

    switch (reader->level) {

    case USAGE_PAGE_OUTSIDE:
        if (!object) {
            return usage_page_nonsense(reader, "it is not an object");
        }

        break;

    case USAGE_PAGE_TOP:
        rc = usage_page_open_items(reader, object);
        break;

    case USAGE_PAGE_ITEMS:
        if (!object) {
            return usage_page_nonsense(reader, "a row is not an object");
        }

        usage_page_row_start(reader);
        break;

    case USAGE_PAGE_ROW:
        rc = usage_page_open_metrics(reader, object);
        break;

    case USAGE_PAGE_METRICS:
        if (!object) {
            return usage_page_nonsense(reader, "a metric is not an object");
        }

        usage_page_metric_start(reader);
        break;

    case USAGE_PAGE_METRIC:
        if (reader->key == USAGE_PAGE_KEY_METRIC_NAME) {
            return usage_page_nonsense(reader, "metric_name is not a string");
        }

        reader->wrong = true;
        break;

    default: /* deeper, which is read past */
        break;
    }

    reader->level++;

    return rc;
}


static usage_result_t
usage_page_close(void *data)
{
    usage_page_reader_t *reader;

    reader = data;
    reader->level--;

    switch (reader->level) {

    case USAGE_PAGE_ITEMS:
        return usage_page_row_end(reader);

    case USAGE_PAGE_METRICS:
        return usage_page_metric_end(reader);

    default:
        return USAGE_OK;
    }
}


/*
 * Keeps as much of a text as an error shows; a value that is no string is none.
 */
static void
usage_page_text(usage_page_text_t *text, const usage_scan_value_t *value)
{
    static const usage_str_t longer = usage_string("(a long text)");

    text->there =
        value->kind == USAGE_SCAN_STRING || value->kind == USAGE_SCAN_LONG;

    if (text->there) {
        text->len = usage_show(
            value->kind == USAGE_SCAN_LONG ? longer : value->text, text->text);
    }
}


/*
 * Takes the page's count.  null counts as missing, as an error of the API may
 * have it: the end of the page tells.
 */
static usage_result_t
usage_page_count(usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (value->kind == USAGE_SCAN_NULL) {
        return USAGE_OK;
    }

    if (value->kind != USAGE_SCAN_INTEGER || value->integer < 0
        || value->integer > (int64_t) USAGE_PAGE_OFFSET_MAX + 1)
    {
        return usage_page_nonsense(reader, "a count that is not a count");
    }

    reader->page.count = value->integer;

    return USAGE_OK;
}


/*
 * Takes a value of the page itself.
 */
static usage_result_t
usage_page_top_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    switch (reader->key) {

    case USAGE_PAGE_KEY_COUNT:
        return usage_page_count(reader, value);

    case USAGE_PAGE_KEY_ERROR_CODE:
        usage_page_text(&reader->code, value);
        return USAGE_OK;

    case USAGE_PAGE_KEY_ERROR_MSG:
        usage_page_text(&reader->msg, value);
        return USAGE_OK;

    default: /* USAGE_PAGE_KEY_ITEMS */
        return value->kind == USAGE_SCAN_NULL
                   ? USAGE_OK
                   : usage_page_nonsense(reader, "items is not an array");
    }
}


static usage_result_t
usage_page_value(void *data, const usage_scan_value_t *value)
{
    usage_page_reader_t *reader;

    reader = data;

    switch (reader->level) {

    case USAGE_PAGE_TOP:
        return usage_page_top_value(reader, value);

    case USAGE_PAGE_ROW:
        return usage_page_row_value(reader, value);

    case USAGE_PAGE_METRIC:
        return usage_page_metric_value(reader, value);

    case USAGE_PAGE_ITEMS:
    case USAGE_PAGE_METRICS:
        return usage_page_nonsense(
            reader, "a row or a metric is not an object");

    default: /* deeper, which is read past */
        return USAGE_OK;
    }
}


static const usage_scan_handler_t usage_page_handler = {
    usage_page_key,
    usage_page_value,
    usage_page_open,
    usage_page_close,
    usage_page_row_templates,
};


usage_page_bounds_t
usage_page_bounds(const usage_page_keys_t *keys, int64_t rows, int64_t days)
{
    usage_page_bounds_t bounds;

    bounds.rows = (size_t) rows;
    bounds.seconds = usage_desktop_seconds(days);

    if (keys == &usage_page_users) {
        bounds.seconds *= (double) USAGE_PAGE_OFFSET_MAX + 1;
    }

    return bounds;
}


void
usage_page_start(usage_page_reader_t *reader, const usage_page_keys_t *keys,
    usage_page_bounds_t bounds, usage_template_t *template,
    usage_table_t *table, usage_error_t *error)
{
    reader->page.count = -1;
    reader->page.rows_count = 0;
    reader->keys = keys;
    reader->bounds = bounds;
    reader->bytes = 0;
    reader->template = template;
    reader->table = table;
    reader->error = error;
    reader->level = USAGE_PAGE_OUTSIDE;
    reader->page_seen = 0;
    reader->code.there = false;
    reader->msg.there = false;
    reader->row_start = NULL;

    usage_scan_start(&reader->scan, &usage_page_handler, reader);
}


/*
 * Says why the streaming reader ended: if it gives no reason, reader->error has
 * it already.
 */
static usage_result_t
usage_page_not_json(usage_page_reader_t *reader)
{
    if (reader->scan.reason == NULL) {
        return USAGE_ERROR;
    }

    return usage_error(reader->error, 502,
        "a page of the upstream's statistics is not JSON: %s",
        reader->scan.reason);
}


usage_result_t
usage_page_feed(usage_page_reader_t *reader, const char *data, size_t len)
{
    reader->row_start = NULL;

    if (len > USAGE_PAGE_BYTES - reader->bytes) {
        return usage_page_nonsense(reader, "it has more than 8 MB");
    }

    reader->bytes += len;

    if (usage_scan_feed(&reader->scan, data, len) != USAGE_OK) {
        return usage_page_not_json(reader);
    }

    return USAGE_OK;
}


/*
 * Says which error of the API the page is.  Always gives USAGE_ERROR.
 */
static usage_result_t
usage_page_refused(const usage_page_reader_t *reader)
{
    usage_str_t code, msg;

    code.data = reader->code.text;
    code.len = reader->code.len;

    msg.data = reader->msg.text;
    msg.len = reader->msg.there ? reader->msg.len : 0;

    return usage_error_told(reader->error, 200, code, msg);
}


usage_result_t
usage_page_end(usage_page_reader_t *reader)
{
    if (usage_scan_end(&reader->scan) != USAGE_OK) {
        return usage_page_not_json(reader);
    }

    if (reader->code.there) {
        return usage_page_refused(reader);
    }

    if (reader->page.count < 0) {
        return usage_page_nonsense(reader, "it has no count");
    }

    if (reader->page.count != 0
        && !(reader->page_seen & USAGE_PAGE_ITEMS_FILLED)) {
        return usage_page_nonsense(reader, "a count, but no items");
    }

    return USAGE_OK;
}
