/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One page of a successor's list, with the faults that hit it.
 */

#include "sim_page.h"
#include "sim_json.h"

#include <stdlib.h>
#include <string.h>


/* What the fault `extra` adds: keys of interest, where they mean nothing. */

static const char nested[] =
    "{\"a\":[1,-2.5e3,null,true,{\"count\":7,\"items\":[{"
    "\"resource_id\":\"not me\",\"metric\":[{\"metric_name\":\"desktop_usage\","
    "\"metric_value\":99.0}]}]},{\"total_count\":8,\"desktops\":[{"
    "\"desktop_id\":\"not me\"}],\"records\":[{\"user_name\":\"not "
    "me\"}]}],\"b\\\"}]\":\"\\u00e9\\\\\\\"]}\",\"\":{}}";


/* Makes rows appear at the front, or vanish from there. */

static void
shift(sim_list_t *rows, json_int_t by)
{
    size_t n = rows->n, i;

    for (i = 0; (json_int_t) i < by; i++) {
        sim_list_add(rows, 0);
    }

    if (by > 0) {
        memmove(rows->items + by, rows->items, n * sizeof(*rows->items));

        for (i = 0; (json_int_t) i < by; i++) {
            rows->items[i] = SIM_PHANTOM + i;
        }
    }

    if (by < 0) {
        by = -by < (json_int_t) n ? -by : (json_int_t) n;
        rows->n = n - (size_t) by;
        memmove(rows->items, rows->items + by, rows->n * sizeof(*rows->items));
    }
}


/* Repeats a row of the page in the place of the next one, if a fault says so.
 */

static void
duplicate(sim_list_t *rows, const json_t *fault)
{
    json_int_t row = sim_json_int(fault, "row", 0);

    if (fault == NULL || row < 0 || row >= (json_int_t) rows->n) {
        return;
    }

    if (row + 1 == (json_int_t) rows->n) {
        sim_list_add(rows, 0);
    }

    rows->items[row + 1] = rows->items[row];
}


/* Lists the rows that the page shows. */

static void
slice(const sim_page_t *page, const sim_hits_t *hits, sim_list_t *out)
{
    json_int_t    i, end = page->call->offset + page->limit;
    const json_t *fault = hits->fault[SIM_FAULT_ROWS];

    if (end > (json_int_t) page->rows.n) {
        end = (json_int_t) page->rows.n;
    }

    if (fault != NULL) {
        end += sim_json_int(fault, "delta", -1);
    }

    for (i = page->call->offset; i < end; i++) {
        sim_list_add(out, i < (json_int_t) page->rows.n
                              ? page->rows.items[i]
                              : SIM_PHANTOM + (size_t) (i % 4096));
    }

    duplicate(out, hits->fault[SIM_FAULT_DUPLICATE]);
}


/* Tells whether there is a fault, and it hits this row of the page. */

static int
hits_row(const json_t *fault, json_int_t row)
{
    return fault != NULL
           && (sim_json_true(fault, "idle")
               || sim_json_int(fault, "row", 0) == row);
}


/* Finds what is wrong with a row of the page. */

static void
find_row_faults(const sim_hits_t *hits, json_int_t row, sim_row_faults_t *out)
{
    size_t        i;
    const json_t *fault;

    static const struct {
        sim_fault_kind_t kind;
        const char      *value; /* NULL: what its key `text` says */
    } values[] = {
        { SIM_FAULT_NEGATIVE, "-1.0" },
        { SIM_FAULT_NULL_VALUE, "null" },
        { SIM_FAULT_STRING_VALUE, "\"3600.0\"" },
        { SIM_FAULT_HUGE_VALUE, "1e999" },
        { SIM_FAULT_VALUE, NULL },
    };

    memset(out, 0, sizeof(*out));

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        fault = hits->fault[values[i].kind];

        if (hits_row(fault, row)) {
            out->value = values[i].value ? values[i].value
                                         : sim_json_str(fault, "text", "0");
            out->idle |= (unsigned) sim_json_true(fault, "idle") & 1;
        }
    }

    fault = hits->fault[SIM_FAULT_NO_METRIC];

    if (hits_row(fault, row)) {
        out->no_metric = 1;
        out->idle |= (unsigned) sim_json_true(fault, "idle") & 1;
    }

    fault = hits->fault[SIM_FAULT_PERIOD_ERROR];
    out->error = hits_row(fault, row) ? fault : NULL;
    out->no_id = hits_row(hits->fault[SIM_FAULT_NO_ID], row) & 1;
    out->bad_time = hits_row(hits->fault[SIM_FAULT_BAD_TIME], row) & 1;
    out->end_first = hits_row(hits->fault[SIM_FAULT_END_FIRST], row) & 1;
}


static void
add_extra(sim_buf_t *b, const sim_hits_t *hits)
{
    if (hits->fault[SIM_FAULT_EXTRA] != NULL) {
        sim_buf_key(b, "x_extra");
        sim_buf_str(b, nested);
    }
}


static void
add_pad(sim_buf_t *b, const json_t *fault)
{
    size_t len;

    if (fault == NULL) {
        return;
    }

    len = (size_t) sim_json_int(fault, "kb", 64) * 1024;

    sim_buf_key(b, "x_pad");
    sim_buf_str(b, "\"");
    sim_buf_reserve(b, len);
    memset(b->data + b->len, 'x', len);
    b->len += len;
    sim_buf_str(b, "\"");
}


static void
add_rows(const sim_page_t *page, sim_buf_t *b, const sim_hits_t *hits)
{
    size_t           i;
    sim_list_t       rows = { 0 };
    sim_row_faults_t faults;

    slice(page, hits, &rows);

    for (i = 0; i < rows.n; i++) {
        find_row_faults(hits, (json_int_t) i, &faults);

        sim_buf_str(b, i ? ",{" : "{");
        add_extra(b, hits);
        page->row(b, page, rows.items[i], &faults);
        add_pad(b, hits->fault[SIM_FAULT_PAD]);
        sim_buf_str(b, "}");
    }

    free(rows.items);
}


static void
add_count(
    const sim_page_t *page, sim_buf_t *b, const sim_hits_t *hits, size_t n)
{
    const json_t *lie = hits->fault[SIM_FAULT_LYING_COUNT];

    if (page->count_key && hits->fault[SIM_FAULT_NO_COUNT] == NULL) {
        sim_buf_key(b, page->count_key);
        sim_buf_fmt(b, "%lld",
            (long long) n + (lie ? sim_json_int(lie, "delta", 1) : 0));
    }
}


static void
add_list(const sim_page_t *page, sim_buf_t *b, const sim_hits_t *hits)
{
    if (hits->fault[SIM_FAULT_NO_ITEMS] != NULL) {
        sim_buf_key(b, "x_request");
        sim_buf_str(b, "1");
        return;
    }

    sim_buf_key(b, page->list_key);

    if (hits->fault[SIM_FAULT_NULL_ITEMS] != NULL) {
        sim_buf_str(b, "null");
        return;
    }

    sim_buf_str(b, "[");
    add_rows(page, b, hits);
    sim_buf_str(b, "]");
}


void
sim_page_reply(sim_page_t *page, sim_call_t *c)
{
    size_t            n = page->rows.n;
    sim_buf_t        *b = &c->reply.body;
    const json_t     *fault = c->hits.fault[SIM_FAULT_SHIFT];
    const sim_hits_t *hits = &c->hits;

    if (fault != NULL) {
        shift(&page->rows, sim_json_int(fault, "by", 1));
        n = sim_json_true(fault, "keep_count") ? n : page->rows.n;
    }

    sim_buf_str(b, "{");
    add_extra(b, hits);
    add_count(page, b, hits, n);
    add_list(page, b, hits);
    sim_buf_str(b, page->tail ? page->tail : "");
    sim_buf_str(b, "}");

    free(page->rows.items);
    memset(&page->rows, 0, sizeof(page->rows));
}


void
sim_page_phantom(sim_buf_t *b, const char *key, const char *prefix, size_t row)
{
    sim_buf_key(b, key);
    sim_buf_fmt(b, "\"%s%zu\"", prefix, row - SIM_PHANTOM);
}


void
sim_page_metric(sim_buf_t *b, const char *name, int64_t value)
{
    sim_buf_fmt(b, "{\"metric_name\":\"%s\",\"metric_value\":%lld.0}", name,
        (long long) value);
}


void
sim_page_usage(sim_buf_t *b, const char *name, int64_t value,
    const sim_row_faults_t *faults)
{
    int wrong = !faults->idle || value == 0;

    if (wrong && faults->no_metric) {
        sim_buf_str(b, "{\"metric_name\":\"other\",\"metric_value\":1.0}");

    } else if (wrong && faults->value) {
        sim_buf_fmt(b, "{\"metric_name\":\"%s\",\"metric_value\":%s}", name,
            faults->value);

    } else {
        sim_page_metric(b, name, value);
    }
}
