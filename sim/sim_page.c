/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One page of a list, with the faults that hit it.
 */

#include "sim_page.h"

#include <stdlib.h>
#include <string.h>


static const char nested[] =
    "\"x_extra\":{\"a\":[1,-2.5e3,null,true,{\"count\":7,\"items\":[{"
    "\"resource_id\":\"not me\",\"metric\":[{\"metric_name\":\"desktop_usage\","
    "\"metric_value\":99.0}]}]},{\"total_count\":8,\"desktops\":[{"
    "\"desktop_id\":\"not me\"}],\"records\":[{\"user_name\":\"not "
    "me\"}]}],\"b\\\"}]\":\"\\u00e9\\\\\\\"]}\",\"\":{}}";


/* Rows appear or vanish at the front. */

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


/* The slice of the rows that the page shows, with faults of rows. */

static void
slice(const sim_page_t *page, const sim_fx_t *fx, sim_list_t *out)
{
    json_int_t    i, row, delta, end = page->call->offset + page->limit;
    const json_t *f;

    delta = sim_fx_int(fx->hit[SIM_FAULT_ROWS], "delta", -1);

    if (end > (json_int_t) page->rows.n) {
        end = (json_int_t) page->rows.n;
    }

    if (fx->hit[SIM_FAULT_ROWS] != NULL) {
        end += delta;
    }

    for (i = page->call->offset; i < end; i++) {
        sim_list_add(out, i < (json_int_t) page->rows.n
                              ? page->rows.items[i]
                              : SIM_PHANTOM + (size_t) (i % 4096));
    }

    f = fx->hit[SIM_FAULT_DUPLICATE];
    row = sim_fx_int(f, "row", 0);

    if (f != NULL && row >= 0 && row < (json_int_t) out->n) {
        if (row + 1 == (json_int_t) out->n) {
            sim_list_add(out, 0);
        }

        out->items[row + 1] = out->items[row];
    }
}


/* What is wrong with a row of the page. */

static void
row_faults(const sim_fx_t *fx, json_int_t row, sim_row_fx_t *out)
{
    size_t        i;
    const json_t *f;

    static const struct {
        sim_fault_kind_t kind;
        const char      *value;
    } values[] = {
        { SIM_FAULT_NEGATIVE, "-1.0" },
        { SIM_FAULT_NULL_VALUE, "null" },
        { SIM_FAULT_STRING_VALUE, "\"3600.0\"" },
        { SIM_FAULT_HUGE_VALUE, "1e999" },
        { SIM_FAULT_VALUE, NULL },
        { SIM_FAULT_NO_METRIC, NULL },
        { SIM_FAULT_NO_ID, NULL },
        { SIM_FAULT_BAD_TIME, NULL },
        { SIM_FAULT_END_FIRST, NULL },
    };

    memset(out, 0, sizeof(*out));

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        f = fx->hit[values[i].kind];

        if (f == NULL
            || (!sim_fx_true(f, "idle") && sim_fx_int(f, "row", 0) != row)) {
            continue;
        }

        out->idle |= (unsigned) sim_fx_true(f, "idle") & 1;

        switch (values[i].kind) {
        case SIM_FAULT_NO_METRIC:
            out->no_metric = 1;
            break;

        case SIM_FAULT_NO_ID:
            out->no_id = 1;
            break;

        case SIM_FAULT_BAD_TIME:
            out->bad_time = 1;
            break;

        case SIM_FAULT_END_FIRST:
            out->end_first = 1;
            break;

        default:
            out->value =
                values[i].value ? values[i].value : sim_fx_str(f, "text", "0");
        }
    }
}


static void
add_rows(const sim_page_t *page, sim_buf_t *b, const sim_fx_t *fx)
{
    size_t       i, pad;
    sim_list_t   rows = { 0 };
    sim_row_fx_t wrong;

    slice(page, fx, &rows);

    for (i = 0; i < rows.n; i++) {
        row_faults(fx, (json_int_t) i, &wrong);

        sim_buf_str(b, i ? ",{" : "{");

        if (fx->hit[SIM_FAULT_EXTRA]) {
            sim_buf_fmt(b, "%s,", nested);
        }

        page->row(b, page, rows.items[i], &wrong);

        if (fx->hit[SIM_FAULT_PAD]) {
            pad = (size_t) sim_fx_int(fx->hit[SIM_FAULT_PAD], "kb", 64) * 1024;
            sim_buf_str(b, ",\"x_pad\":\"");
            sim_buf_reserve(b, pad);
            memset(b->data + b->len, 'x', pad);
            b->len += pad;
            sim_buf_str(b, "\"");
        }

        sim_buf_str(b, "}");
    }

    free(rows.items);
}


static void
add_count(const sim_page_t *page, sim_buf_t *b, const sim_fx_t *fx, size_t n)
{
    const json_t *lie = fx->hit[SIM_FAULT_LYING_COUNT];

    if (fx->hit[SIM_FAULT_NO_COUNT] == NULL) {
        sim_buf_fmt(b, "%s\"%s\":%lld", page->count_last ? "," : "",
            page->count_key,
            (long long) n + (lie ? sim_fx_int(lie, "delta", 1) : 0));
        sim_buf_str(b, page->count_last ? "" : ",");
    }
}


void
sim_page_reply(sim_page_t *page, sim_call_t *c)
{
    size_t          n = page->rows.n;
    sim_buf_t      *b = &c->reply.body;
    const json_t   *f = c->fx.hit[SIM_FAULT_SHIFT];
    const sim_fx_t *fx = &c->fx;

    if (f != NULL) {
        shift(&page->rows, sim_fx_int(f, "by", 1));
        n = sim_fx_true(f, "keep_count") ? n : page->rows.n;
    }

    sim_buf_str(b, "{");

    if (fx->hit[SIM_FAULT_EXTRA]) {
        sim_buf_fmt(b, "%s,", nested);
    }

    if (!page->count_last) {
        add_count(page, b, fx, n);
    }

    if (fx->hit[SIM_FAULT_NO_ITEMS]) {
        sim_buf_str(b, "\"x_request\":1");

    } else if (fx->hit[SIM_FAULT_NULL_ITEMS]) {
        sim_buf_fmt(b, "\"%s\":null", page->list_key);

    } else {
        sim_buf_fmt(b, "\"%s\":[", page->list_key);
        add_rows(page, b, fx);
        sim_buf_str(b, "]");
    }

    if (page->count_last) {
        add_count(page, b, fx, n);
    }

    sim_buf_str(b, "}");

    free(page->rows.items);
    memset(&page->rows, 0, sizeof(page->rows));
}


void
sim_page_metric(sim_buf_t *b, const char *name, int64_t value)
{
    sim_buf_fmt(b, "{\"metric_name\":\"%s\",\"metric_value\":%lld.0}", name,
        (long long) value);
}


void
sim_page_usage(
    sim_buf_t *b, const char *name, int64_t value, const sim_row_fx_t *fx)
{
    int touched = !fx->idle || value == 0;

    if (touched && fx->no_metric) {
        sim_buf_str(b, "{\"metric_name\":\"other\",\"metric_value\":1.0}");

    } else if (touched && fx->value) {
        sim_buf_fmt(
            b, "{\"metric_name\":\"%s\",\"metric_value\":%s}", name, fx->value);

    } else {
        sim_page_metric(b, name, value);
    }
}
