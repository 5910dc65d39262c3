/* SPDX-License-Identifier: BSD-2-Clause */

#include "page/usage_page_private.h"


enum {
    USAGE_PAGE_KEY_COUNT = 1u << 0,
    USAGE_PAGE_KEY_ITEMS = 1u << 1,
    USAGE_PAGE_KEY_ID = 1u << 2,
    USAGE_PAGE_KEY_METRIC = 1u << 3,
    USAGE_PAGE_KEY_NAME = 1u << 4,
    USAGE_PAGE_KEY_VALUE = 1u << 5,
    USAGE_PAGE_KEY_CALLED = 1u << 6,
    USAGE_PAGE_ITEMS_FILLED = 1u << 7, /* items is an array */
    USAGE_PAGE_ROW_USAGE = 1u << 8     /* the row had its usage metric */
};


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


static usage_result_t
usage_page_nonsense(const usage_page_reader_t *reader, const char *what)
{
    return usage_error(reader->error, 502,
        "a page of the upstream's statistics makes no sense: %s", what);
}


/*
 * The flags of the container that is open: a key given twice is found by them.
 */
static unsigned *
usage_page_flags(usage_page_reader_t *reader)
{
    switch (reader->level) {

    case USAGE_PAGE_TOP:
        return &reader->page_seen;

    case USAGE_PAGE_ROW:
        return &reader->row_seen;

    default:
        return &reader->seen;
    }
}


#define usage_page_is(name, literal)                                           \
    ((name).len == sizeof(literal) - 1                                         \
        && memcmp((name).data, (literal), sizeof(literal) - 1) == 0)


/*
 * The key of that name where the reader stands, or 0.
 */
static unsigned
usage_page_known(const usage_page_reader_t *reader, usage_str_t name)
{
    switch (reader->level) {

    case USAGE_PAGE_TOP:
        return usage_page_is(name, "count")   ? USAGE_PAGE_KEY_COUNT
               : usage_page_is(name, "items") ? USAGE_PAGE_KEY_ITEMS
                                              : 0;

    case USAGE_PAGE_ROW:
        return usage_str_equal(name, reader->keys->id) ? USAGE_PAGE_KEY_ID
               : usage_page_is(name, "metric")         ? USAGE_PAGE_KEY_METRIC
               : name.len > 0 && usage_str_equal(name, reader->keys->name)
                   ? USAGE_PAGE_KEY_CALLED
                   : 0;

    case USAGE_PAGE_METRIC:
        return usage_page_is(name, "metric_name")    ? USAGE_PAGE_KEY_NAME
               : usage_page_is(name, "metric_value") ? USAGE_PAGE_KEY_VALUE
                                                     : 0;

    default:
        return 0;
    }
}


static usage_result_t
usage_page_twice(const usage_page_reader_t *reader, usage_str_t name)
{
    return usage_error(reader->error, 502,
        "a page of the upstream's statistics makes no sense: %.*s is given "
        "twice",
        usage_shown(name), name.data);
}


static usage_result_t
usage_page_key(void *data, usage_str_t name, bool *wanted)
{
    unsigned            *flags;
    usage_page_reader_t *reader;

    reader = data;

    reader->key = usage_page_known(reader, name);
    *wanted = reader->key != 0;

    if (!*wanted) {
        return USAGE_OK;
    }

    flags = usage_page_flags(reader);

    if (*flags & reader->key) {
        return usage_page_twice(reader, name);
    }

    *flags |= reader->key;

    return USAGE_OK;
}


static usage_result_t
usage_page_open(void *data, bool object)
{
    usage_page_reader_t *reader;

    reader = data;

    switch (reader->level) {

    case USAGE_PAGE_OUTSIDE:
        if (!object) {
            return usage_page_nonsense(reader, "it is not an object");
        }

        break;

    case USAGE_PAGE_TOP:
        if (reader->key != USAGE_PAGE_KEY_ITEMS || object) {
            return usage_page_nonsense(reader,
                reader->key == USAGE_PAGE_KEY_COUNT ? "count is not a number"
                                                    : "items is not an array");
        }

        reader->page_seen |= USAGE_PAGE_ITEMS_FILLED;
        break;

    case USAGE_PAGE_ITEMS:
        if (!object) {
            return usage_page_nonsense(reader, "a row is not an object");
        }

        reader->row_seen = 0;
        reader->row.desktop = NULL;
        reader->row.seconds = 0;
        reader->name_len = 0;
        break;

    case USAGE_PAGE_ROW:
        if (reader->key != USAGE_PAGE_KEY_METRIC || object) {
            return usage_page_nonsense(
                reader, reader->key == USAGE_PAGE_KEY_METRIC
                            ? "metric is not an array"
                            : "an id or a name is not a string");
        }

        break;

    case USAGE_PAGE_METRICS:
        if (!object) {
            return usage_page_nonsense(reader, "a metric is not an object");
        }

        reader->seen = 0;
        reader->usage = false;
        reader->wrong = false;
        reader->value = 0;
        break;

    case USAGE_PAGE_METRIC:
        if (reader->key != USAGE_PAGE_KEY_VALUE) {
            return usage_page_nonsense(reader, "metric_name is not a string");
        }

        reader->wrong = true;
        break;

    default:
        break;
    }

    reader->level++;

    return USAGE_OK;
}


static usage_result_t
usage_page_end_metric(usage_page_reader_t *reader)
{
    if (!(reader->seen & USAGE_PAGE_KEY_NAME)) {
        return usage_page_nonsense(reader, "a metric without its name");
    }

    if (!reader->usage) {
        return USAGE_OK;
    }

    if (reader->wrong) {
        return usage_page_nonsense(
            reader, "a usage that is not a number of seconds");
    }

    if (reader->row_seen & USAGE_PAGE_ROW_USAGE) {
        return usage_page_nonsense(reader, "the usage is given twice");
    }

    reader->row_seen |= USAGE_PAGE_ROW_USAGE;
    reader->row.seconds = reader->value;

    return USAGE_OK;
}


static usage_result_t
usage_page_close(void *data)
{
    usage_page_reader_t *reader;

    reader = data;
    reader->level--;

    switch (reader->level) {

    case USAGE_PAGE_ITEMS:
        return usage_page_end_row(reader);

    case USAGE_PAGE_METRICS:
        return usage_page_end_metric(reader);

    default:
        return USAGE_OK;
    }
}


static usage_result_t
usage_page_count(usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (value->kind != USAGE_SCAN_INTEGER || value->integer < 0
        || value->integer > (int64_t) USAGE_PAGE_OFFSET_MAX + 1)
    {
        return usage_page_nonsense(reader, "a count that is not a count");
    }

    reader->page.count = value->integer;

    return USAGE_OK;
}


static void
usage_page_metric_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (value->kind == USAGE_SCAN_NULL) {
        return;
    }

    if ((value->kind != USAGE_SCAN_INTEGER && value->kind != USAGE_SCAN_REAL)
        || value->number < 0)
    {
        reader->wrong = true;
        return;
    }

    reader->value = value->number;
}


static usage_result_t
usage_page_value(void *data, const usage_scan_value_t *value)
{
    usage_page_reader_t *reader;

    reader = data;

    switch (reader->level) {

    case USAGE_PAGE_TOP:
        if (reader->key == USAGE_PAGE_KEY_COUNT) {
            return usage_page_count(reader, value);
        }

        if (value->kind != USAGE_SCAN_NULL) {
            return usage_page_nonsense(reader, "items is not an array");
        }

        return USAGE_OK;

    case USAGE_PAGE_ROW:
        if (reader->key == USAGE_PAGE_KEY_ID) {
            return usage_page_id(reader, value);
        }

        if (reader->key == USAGE_PAGE_KEY_CALLED) {
            usage_page_name(reader, value);
            return USAGE_OK;
        }

        if (value->kind != USAGE_SCAN_NULL) {
            return usage_page_nonsense(reader, "metric is not an array");
        }

        return USAGE_OK;

    case USAGE_PAGE_METRIC:
        if (reader->key == USAGE_PAGE_KEY_VALUE) {
            usage_page_metric_value(reader, value);
            return USAGE_OK;
        }

        if (value->kind != USAGE_SCAN_STRING && value->kind != USAGE_SCAN_LONG)
        {
            return usage_page_nonsense(reader, "metric_name is not a string");
        }

        reader->usage = value->kind == USAGE_SCAN_STRING
                        && usage_str_equal(value->text, reader->keys->metric);

        return USAGE_OK;

    case USAGE_PAGE_ITEMS:
    case USAGE_PAGE_METRICS:
        return usage_page_nonsense(
            reader, "a row or a metric is not an object");

    default:
        return USAGE_OK;
    }
}


static const usage_scan_handler_t usage_page_handler = {
    usage_page_key,
    usage_page_value,
    usage_page_open,
    usage_page_close,
    usage_page_element,
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
    usage_page_bounds_t bounds, usage_template_t *shape, usage_table_t *table,
    usage_error_t *error)
{
    reader->page.count = -1;
    reader->page.rows_count = 0;
    reader->keys = keys;
    reader->bounds = bounds;
    reader->bytes = 0;
    reader->shape = shape;
    reader->table = table;
    reader->error = error;
    reader->level = USAGE_PAGE_OUTSIDE;
    reader->page_seen = 0;
    reader->last = NULL;

    usage_scan_start(&reader->scan, &usage_page_handler, reader);
}


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
    reader->last = NULL;

    if (len > USAGE_PAGE_BYTES - reader->bytes) {
        return usage_page_nonsense(reader, "it has more than 8 MB");
    }

    reader->bytes += len;

    if (usage_scan_feed(&reader->scan, data, len) != USAGE_OK) {
        return usage_page_not_json(reader);
    }

    return USAGE_OK;
}


usage_result_t
usage_page_end(usage_page_reader_t *reader)
{
    if (usage_scan_end(&reader->scan) != USAGE_OK) {
        return usage_page_not_json(reader);
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
