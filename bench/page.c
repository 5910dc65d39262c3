/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A page of 100 rows read by usage_page, whole and in pieces, and by jansson's
 * DOM: microseconds a page, side by side in one run.
 */

#include "page/usage_page.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>


#define BENCH_TIMES  2000 /* pages in a round */
#define BENCH_ROUNDS 5    /* the fastest counts */


static void *
bench_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size); /* the process's end frees it */
}


static const usage_pool_t bench_pool = { bench_alloc, NULL };


static double
bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}


static size_t
bench_page(char *page, size_t size)
{
    size_t   i, len;
    unsigned name;

    len = (size_t) snprintf(page, size, "{\"count\":100,\"items\":[");

    for (i = 0; i < USAGE_PAGE_ROWS; i++) {
        name = (unsigned) i * 2654435761u;

        len += (size_t) snprintf(page + len, size - len,
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

    return len + (size_t) snprintf(page + len, size - len, "]}");
}


static double
bench_reader(usage_table_t *table, const char *page, size_t len, size_t piece)
{
    int                        n;
    size_t                     at, size;
    double                     start, sum;
    usage_error_t              error;
    static usage_template_t    shape;
    static usage_page_reader_t reader;

    sum = 0;
    start = bench_now();

    for (n = 0; n < BENCH_TIMES; n++) {
        usage_template_start(&shape);
        usage_page_start(&reader, &usage_page_desktops,
            usage_page_bounds(&usage_page_desktops, USAGE_PAGE_ROWS, 1), &shape,
            table, &error);

        for (at = 0; at < len; at += size) {
            size = len - at < piece ? len - at : piece;

            if (usage_page_feed(&reader, page + at, size) != USAGE_OK) {
                abort();
            }
        }

        if (usage_page_end(&reader) != USAGE_OK) {
            abort();
        }

        sum += reader.page.rows[n % USAGE_PAGE_ROWS].seconds;
    }

    return sum > 0 ? (bench_now() - start) / BENCH_TIMES : 0;
}


static double
bench_jansson(const char *page, size_t len)
{
    int     n;
    size_t  i, k;
    double  start, sum;
    json_t *root, *items, *row, *metrics, *metric;

    sum = 0;
    start = bench_now();

    for (n = 0; n < BENCH_TIMES; n++) {
        root = json_loadb(page, len, 0, NULL);
        items = json_object_get(root, "items");

        json_array_foreach (items, i, row) {
            sum += (double) json_string_length(
                json_object_get(row, "resource_id"));
            metrics = json_object_get(row, "metric");

            json_array_foreach (metrics, k, metric) {
                if (strcmp(json_string_value(
                               json_object_get(metric, "metric_name")),
                        "desktop_usage")
                    == 0)
                {
                    sum += json_number_value(
                        json_object_get(metric, "metric_value"));
                }
            }
        }

        json_decref(root);
    }

    return sum > 0 ? (bench_now() - start) / BENCH_TIMES : 0;
}


static double
bench_least(double a, double b)
{
    return a < b ? a : b;
}


int
main(void)
{
    int           round;
    size_t        len;
    double        whole, pieces, jansson;
    usage_table_t table;
    static char   page[65536];

    len = bench_page(page, sizeof(page));
    whole = pieces = jansson = 1e9;

    if (usage_table_init(&table, &bench_pool, 1) != USAGE_OK) {
        return 1;
    }

    for (round = 0; round < BENCH_ROUNDS; round++) {
        whole = bench_least(whole, bench_reader(&table, page, len, len));
        pieces = bench_least(pieces, bench_reader(&table, page, len, 4096));
        jansson = bench_least(jansson, bench_jansson(page, len));
    }

    printf("a page of %d rows, %zu bytes\n", USAGE_PAGE_ROWS, len);
    printf("usage_page, whole        %7.1f us %7.0f MB/s %6.1fx\n", whole,
        (double) len / whole, jansson / whole);
    printf("usage_page, 4 KB pieces  %7.1f us %7.0f MB/s %6.1fx\n", pieces,
        (double) len / pieces, jansson / pieces);
    printf("jansson's DOM            %7.1f us %7.0f MB/s %6.1fx\n", jansson,
        (double) len / jansson, 1.0);

    return 0;
}
