/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The legacy reply of 100 desktops and 31 days, and of a day by the hour, as
 * usage_reply writes it, beside memcpy() of the same bytes: microseconds a
 * reply, side by side in one run.
 */

#include "reply/usage_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>


#define BENCH_TIMES    2000 /* replies in a round */
#define BENCH_ROUNDS   7    /* the fastest counts */
#define BENCH_DESKTOPS 100
#define BENCH_SIZE     ((size_t) 4 * 1024 * 1024)


typedef struct {
    const char     *name;
    usage_request_t request;
    usage_form_t    form;
    size_t          bins;
    double          least; /* microseconds */
    double          least_copy;
    usage_str_t     text;
} bench_reply_t;


/* memory that each reply takes anew, as a request does from its pool */

static char   bench_memory[BENCH_SIZE] __attribute__((aligned(64)));
static size_t bench_used;
static char   bench_copy[BENCH_SIZE];


static void *
bench_alloc(void *data, size_t size)
{
    char *p;

    (void) data;

    p = bench_memory + bench_used;
    bench_used += (size + 63) & ~(size_t) 63;

    if (bench_used > BENCH_SIZE) {
        abort();
    }

    return p;
}


static const usage_pool_t bench_pool = { .alloc = bench_alloc };


static double
bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}


/*
 * Desktops with use on two days of three, whole seconds as the successors have
 * them.
 */
static void
bench_items(usage_item_t *items)
{
    size_t   i, k;
    unsigned random;

    static char   ids[BENCH_DESKTOPS][40];
    static double seconds[BENCH_DESKTOPS][USAGE_DAYS_MAX];

    random = 1;

    for (i = 0; i < BENCH_DESKTOPS; i++) {
        snprintf(ids[i], sizeof(ids[i]), "%08x-c950-471d-a6a7-01d0fb62f450",
            (unsigned) i * 2654435761u);

        for (k = 0; k < USAGE_DAYS_MAX; k++) {
            random = random * 1664525u + 1013904223u;
            seconds[i][k] =
                random % 3 == 0 ? 0.0 : (double) (random / 3 % 86401);
        }

        items[i].id.data = ids[i];
        items[i].id.len = strlen(ids[i]);
        items[i].seconds = seconds[i];
    }
}


static void
bench_write(bench_reply_t *reply, const usage_item_t *items)
{
    bench_used = 0;

    if (usage_reply_write(&reply->request, items, BENCH_DESKTOPS, reply->bins,
            BENCH_DESKTOPS, &reply->form, &bench_pool, &reply->text)
        != USAGE_OK)
    {
        abort();
    }
}


static void
bench_round(bench_reply_t *reply, const usage_item_t *items)
{
    int    n;
    double start, time;

    start = bench_now();

    for (n = 0; n < BENCH_TIMES; n++) {
        bench_write(reply, items);
    }

    time = (bench_now() - start) / BENCH_TIMES;
    reply->least = time < reply->least ? time : reply->least;

    start = bench_now();

    for (n = 0; n < BENCH_TIMES; n++) {
        memcpy(bench_copy, reply->text.data, reply->text.len);
        __asm__ volatile("" ::"r"(bench_copy) : "memory");
    }

    time = (bench_now() - start) / BENCH_TIMES;
    reply->least_copy = time < reply->least_copy ? time : reply->least_copy;
}


int
main(void)
{
    int          round;
    size_t       i;
    usage_item_t items[BENCH_DESKTOPS];

    static bench_reply_t replies[] = {
        { .name = "31 days, numbers", .bins = USAGE_DAYS_MAX },
        { .name = "31 days, strings",
            .bins = USAGE_DAYS_MAX,
            .form.use_time = USAGE_TIME_STRING },
        { .name = "24 hours, numbers",
            .bins = USAGE_HOURS_PER_DAY,
            .request.hours = true },
    };

    bench_items(items);

    for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        replies[i].request.first = 19335;
        replies[i].request.last =
            replies[i].request.hours ? 19335 : 19335 + USAGE_DAYS_MAX - 1;
        replies[i].form.hour_format = "%Y-%m-%dT%H:00:00Z";
        replies[i].least = replies[i].least_copy = 1e9;
    }

    for (round = 0; round < BENCH_ROUNDS; round++) {
        for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
            bench_round(&replies[i], items);
        }
    }

    printf("replies of %d desktops\n", BENCH_DESKTOPS);

    for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        printf("%-18s %7zu bytes %7.1f us %7.0f MB/s %6.1fx memcpy's %.1f us\n",
            replies[i].name, replies[i].text.len, replies[i].least,
            (double) replies[i].text.len / replies[i].least,
            replies[i].least / replies[i].least_copy, replies[i].least_copy);
    }

    return 0;
}
