/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Compares three readers on the same page of 100 rows, side by side in one run:
 * jansson's DOM, usage_page without row templates, and usage_page with them.
 * usage_page reads the page as a whole, and in pieces of 4 KB, as a connection
 * brings them.  Prints the microseconds that a page takes, and how many times
 * as fast as jansson that is, and as usage_page without templates.
 */

#include "page/usage_page.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>


#define BENCH_TIMES  200 /* pages in a round */
#define BENCH_ROUNDS 50  /* the fastest counts */
#define BENCH_PIECE  4096


typedef struct {
    usage_table_t table;
    size_t        len;
    char          text[65536];
} bench_page_t;


/* Reads the page once, and gives a figure that depends on what it read. */
typedef double (*bench_read_pt)(bench_page_t *page);


typedef struct {
    const char   *name;
    bench_read_pt read;
    double        least; /* microseconds for a page */
} bench_reader_t;


static void *
bench_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size); /* the process's end frees it */
}


static const usage_pool_t bench_pool = { .alloc = bench_alloc };


static double
bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}


static void
bench_page_write(bench_page_t *page)
{
    char    *text;
    size_t   i, len, size;
    unsigned name;

    text = page->text;
    size = sizeof(page->text);
    len = (size_t) snprintf(text, size, "{\"count\":100,\"items\":[");

    for (i = 0; i < USAGE_PAGE_ROWS; i++) {
        name = (unsigned) i * 2654435761u;

        len += (size_t) snprintf(text + len, size - len,
            "%s{\"resource_id\":\"%08x-c950-471d-a6a7-01d0fb62f450\","
            "\"resource_name\":\"DESK-%03zu\",\"resource_pool_id\":"
            "\"d5367f84-1d64-498e-9b92-%012u\","
            "\"latest_connect_username\":\"user%03zu\","
            "\"metric\":[{\"metric_name\":\"desktop_usage\","
            "\"metric_value\":%zu.0},"
            "{\"metric_name\":\"desktop_idle_duration\","
            "\"metric_value\":%zu.0}]}",
            i > 0 ? "," : "", name, i, name, i, 86400 - i * 731, i * 17);
    }

    page->len = len + (size_t) snprintf(text + len, size - len, "]}");
}


static double
bench_usage_page(bench_page_t *page, usage_template_t *templates, size_t piece)
{
    size_t        at, size;
    usage_error_t error;

    static usage_page_reader_t reader;

    usage_page_start(&reader, &usage_page_desktops,
        usage_page_bounds(&usage_page_desktops, USAGE_PAGE_ROWS, 1), templates,
        &page->table, &error);

    for (at = 0; at < page->len; at += size) {
        size = page->len - at < piece ? page->len - at : piece;

        if (usage_page_feed(&reader, page->text + at, size) != USAGE_OK) {
            abort();
        }
    }

    if (usage_page_end(&reader) != USAGE_OK) {
        abort();
    }

    return reader.page.rows[0].seconds;
}


static double
bench_streaming_whole(bench_page_t *page)
{
    return bench_usage_page(page, NULL, page->len);
}


static double
bench_streaming_pieces(bench_page_t *page)
{
    return bench_usage_page(page, NULL, BENCH_PIECE);
}


static double
bench_templates_whole(bench_page_t *page)
{
    static usage_template_t templates;

    usage_template_start(&templates);

    return bench_usage_page(page, &templates, page->len);
}


static double
bench_templates_pieces(bench_page_t *page)
{
    static usage_template_t templates;

    usage_template_start(&templates);

    return bench_usage_page(page, &templates, BENCH_PIECE);
}


static double
bench_jansson(bench_page_t *page)
{
    size_t  i, k;
    double  sum;
    json_t *root, *items, *row, *metrics, *metric;

    sum = 0;
    root = json_loadb(page->text, page->len, 0, NULL);
    items = json_object_get(root, "items");

    json_array_foreach (items, i, row) {
        sum += (double) json_string_length(json_object_get(row, "resource_id"));
        metrics = json_object_get(row, "metric");

        json_array_foreach (metrics, k, metric) {
            if (strcmp(
                    json_string_value(json_object_get(metric, "metric_name")),
                    "desktop_usage")
                == 0)
            {
                sum +=
                    json_number_value(json_object_get(metric, "metric_value"));
            }
        }
    }

    json_decref(root);

    return sum;
}


static void
bench_round(bench_reader_t *reader, bench_page_t *page)
{
    int    n;
    double start, sum, time;

    sum = 0;
    start = bench_now();

    for (n = 0; n < BENCH_TIMES; n++) {
        sum += reader->read(page);
    }

    time = (bench_now() - start) / BENCH_TIMES;

    if (sum <= 0) {
        abort();
    }

    reader->least = time < reader->least ? time : reader->least;
}


int
main(void)
{
    int    round;
    size_t i;

    static bench_page_t page;

    enum {
        JANSSON = 0,
        STREAMING,
        STREAMING_PIECES,
        TEMPLATES,
        TEMPLATES_PIECES,
        READERS
    };

    bench_reader_t readers[READERS] = {
        { "jansson's DOM", bench_jansson, 1e9 },
        { "streaming, whole", bench_streaming_whole, 1e9 },
        { "streaming, 4 KB pieces", bench_streaming_pieces, 1e9 },
        { "templates, whole", bench_templates_whole, 1e9 },
        { "templates, 4 KB pieces", bench_templates_pieces, 1e9 },
    };

    bench_page_write(&page);

    if (usage_table_init(&page.table, &bench_pool, 1) != USAGE_OK) {
        return 1;
    }

    for (round = 0; round < BENCH_ROUNDS; round++) {
        for (i = 0; i < READERS; i++) {
            bench_round(&readers[i], &page);
        }
    }

    printf("a page of %d rows, %zu bytes; times as fast as jansson, and as "
           "streaming alone\n",
        USAGE_PAGE_ROWS, page.len);

    for (i = 0; i < READERS; i++) {
        printf("%-23s %7.1f us %7.0f MB/s %6.1fx %6.2fx\n", readers[i].name,
            readers[i].least, (double) page.len / readers[i].least,
            readers[JANSSON].least / readers[i].least,
            readers[i % 2 == 1 ? STREAMING : STREAMING_PIECES].least
                / readers[i].least);
    }

    return 0;
}
