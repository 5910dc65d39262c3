/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What every file of the core needs: strings, results, memory, limits.
 *
 * The core knows no nginx, no clock and no I/O.  It is given bytes and the
 * time, and gives back bytes or an error.
 */

#ifndef USAGE_CORE_H
#define USAGE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>


/* of the module and its tools */

#define USAGE_VERSION "1.0.0"

/* the legacy call's limits (legacy.md) */

#define USAGE_DESKTOP_IDS_MAX 2000
#define USAGE_ID_CHARS_MAX    255
#define USAGE_ID_BYTES_MAX    (4 * USAGE_ID_CHARS_MAX)
#define USAGE_DAYS_MAX        31
#define USAGE_DAYS_DEFAULT    15
#define USAGE_OFFSET_MAX      2147483647
#define USAGE_LIMIT_MAX       100
#define USAGE_LIMIT_DEFAULT   100

/* the largest body that these limits allow, each character as \uXXXX\uXXXX,
 * with room for white space */
#define USAGE_BODY_MAX ((size_t) 8 * 1024 * 1024)

/* a body's keys, values and lists: five times what these limits allow, as
 * what is unknown is ignored */
#define USAGE_BODY_PARTS 10000

/* the successors' limits (successors.md) */

#define USAGE_PAGE_ROWS       100
#define USAGE_PAGE_BYTES      ((size_t) 8 * 1024 * 1024) /* and far less */
#define USAGE_PAGE_OFFSET_MAX 2147483646
#define USAGE_USERNAME_CHARS  64 /* of the filter, not of a name */
#define USAGE_DIRECTORY_ROWS  1000
#define USAGE_DIRECTORY_IDS   100
#define USAGE_RECORD_ROWS     1000
#define USAGE_RECORD_ROWS_OLD 100 /* what older releases allow */

/* a directory call's ids, encoded: a request line has to fit the 8k that
 * servers commonly allow */
#define USAGE_DIRECTORY_BYTES 6000

/* translation.md, "Pages": a window whose pages don't agree is fetched again
 * so many times */
#define USAGE_REFETCH_MAX 2

/* translation.md, "Errors": the bytes of a value that an error shows, and the
 * seconds of a Retry-After that the upstream left out */
#define USAGE_SHOWN_MAX   100
#define USAGE_RETRY_AFTER 60

#define USAGE_HOURS_PER_DAY    24
#define USAGE_SECONDS_PER_HOUR 3600
#define USAGE_SECONDS_PER_DAY  86400

/* translation.md, "Pages": the seconds that a desktop can be in use in so many
 * days; a second more for each is rounding, or a leap second */
static inline double
usage_desktop_seconds(int64_t days)
{
    return (double) days * (USAGE_SECONDS_PER_DAY + 1);
}

/* translation.md, "Days": seconds from a day's start until its figures don't
 * change any more */
#define USAGE_FINAL_AFTER (26 * 3600)


typedef enum {
    USAGE_OK = 0,
    USAGE_ERROR = -1,
    USAGE_AGAIN = -2
} usage_result_t;


typedef struct {
    const char *data;
    size_t      len;
} usage_str_t;

#define usage_string(literal)                                                  \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }

static inline bool
usage_str_equal(usage_str_t a, usage_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* Which of two strings is first, as memcmp() would say. */
static inline int
usage_str_order(usage_str_t a, usage_str_t b)
{
    int    order;
    size_t len;

    len = a.len < b.len ? a.len : b.len;
    order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}


/* The same for qsort() and bsearch(). */
static inline int
usage_str_order_sort(const void *one, const void *two)
{
    return usage_str_order(
        *(const usage_str_t *) one, *(const usage_str_t *) two);
}


/* Writes text at p, and gives the end. */
static inline char *
usage_str_write(char *p, usage_str_t text)
{
    if (text.len > 0) {
        memcpy(p, text.data, text.len);
    }

    return p + text.len;
}


/*
 * The memory that one legacy call may take (usage_memory), and what it has
 * taken.
 */
typedef struct {
    size_t max;
    size_t used;
    bool   over; /* something didn't fit */
} usage_budget_t;


/*
 * Where the core takes its memory from: a request's pool, or an arena of a
 * tool.  alloc() gives size bytes, aligned for any type, or NULL; what it gave
 * is given back as a whole by the pool's owner.  What is kept there is found by
 * hashes, and seed is what these are hashed with: a secret, where others choose
 * what is kept.
 */
typedef struct {
    void *(*alloc)(void *data, size_t size);
    void           *data;
    usage_budget_t *budget; /* NULL: any amount */
    uint64_t        seed[2];
} usage_pool_t;

/* Whether n things of that size still fit into the budget. */
static inline bool
usage_fits(const usage_pool_t *pool, uint64_t n, size_t size)
{
    usage_budget_t *budget;

    budget = pool->budget;

    if (budget == NULL || n <= (budget->max - budget->used) / size) {
        return true;
    }

    budget->over = true;

    return false;
}

/* Counts size bytes that are taken elsewhere; false: they don't fit. */
static inline bool
usage_take(const usage_pool_t *pool, size_t size)
{
    if (!usage_fits(pool, size, 1)) {
        return false;
    }

    if (pool->budget != NULL) {
        pool->budget->used += size;
    }

    return true;
}

/* NULL: memory is out, or the budget is; usage_no_memory() tells. */
static inline void *
usage_alloc(const usage_pool_t *pool, size_t size)
{
    return usage_take(pool, size) ? pool->alloc(pool->data, size) : NULL;
}

/* Copies text to memory from pool.  USAGE_ERROR: there is none, *copy is "". */
static inline usage_result_t
usage_str_copy(const usage_pool_t *pool, usage_str_t text, usage_str_t *copy)
{
    char *p;

    copy->data = "";
    copy->len = 0;

    if (text.len == 0) {
        return USAGE_OK;
    }

    p = usage_alloc(pool, text.len);
    if (p == NULL) {
        return USAGE_ERROR;
    }

    copy->data = memcpy(p, text.data, text.len);
    copy->len = text.len;

    return USAGE_OK;
}


#endif /* USAGE_CORE_H */
