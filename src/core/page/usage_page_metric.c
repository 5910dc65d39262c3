/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A metric of a row: its name, which tells whether it is the usage, and its
 * value.
 */

#include "page/usage_page_private.h"


void
usage_page_metric_start(usage_page_reader_t *reader)
{
    reader->metric_seen = 0;
    reader->usage = false;
    reader->wrong = false;
    reader->value = 0;
}


usage_result_t
usage_page_metric_value(
    usage_page_reader_t *reader, const usage_scan_value_t *value)
{
    if (reader->key == USAGE_PAGE_KEY_METRIC_VALUE) {
        if (value->kind == USAGE_SCAN_NULL) {
            return USAGE_OK;
        }

        /* it matters only if the metric is the usage, whose name may follow */

        if ((value->kind != USAGE_SCAN_INTEGER
                && value->kind != USAGE_SCAN_REAL)
            || value->number < 0)
        {
            reader->wrong = true;
            return USAGE_OK;
        }

        reader->value = value->number;

        return USAGE_OK;
    }

    if (value->kind != USAGE_SCAN_STRING && value->kind != USAGE_SCAN_LONG) {
        return usage_page_nonsense(reader, "metric_name is not a string");
    }

    reader->usage = value->kind == USAGE_SCAN_STRING
                    && usage_str_equal(value->text, reader->keys->metric);

    return USAGE_OK;
}


usage_result_t
usage_page_metric_end(usage_page_reader_t *reader)
{
    if (!(reader->metric_seen & USAGE_PAGE_KEY_METRIC_NAME)) {
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
