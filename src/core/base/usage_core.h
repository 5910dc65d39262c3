/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What every file of the core needs: limits, results, strings, memory.
 *
 * The core turns a legacy call into calls of the successors and their replies
 * into a legacy reply (docs/design.md).  It uses no nginx, no clock and no I/O:
 * it is given bytes and the time, and gives back bytes or an error.
 */

#ifndef USAGE_CORE_H
#define USAGE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>


/* the version of the module and of its tools */

#define USAGE_VERSION "1.0.0"

/* the legacy call's limits (legacy.md, "Request") */

#define USAGE_DESKTOP_IDS_MAX 2000
#define USAGE_ID_CHARS_MAX    255
#define USAGE_ID_BYTES_MAX    (4 * USAGE_ID_CHARS_MAX) /* in UTF-8 */
#define USAGE_DAYS_MAX        31
#define USAGE_USERS_DAYS_MAX  30 /* of a window of statistics of users */
#define USAGE_USERS_BEHIND    60 /* seconds before now that one ends at most */
#define USAGE_DAYS_DEFAULT    15
#define USAGE_OFFSET_MAX      2147483647
#define USAGE_LIMIT_MAX       100
#define USAGE_LIMIT_DEFAULT   100

/* bytes of the largest body that these limits allow, if each character is
 * written as \uXXXX\uXXXX, with room for white space */
#define USAGE_BODY_MAX ((size_t) 8 * 1024 * 1024)

/* keys, values and lists of a body: five times what these limits allow, as
 * there may be unknown ones, which are ignored */
#define USAGE_BODY_PARTS 10000

/* the successors' limits (successors.md) */

#define USAGE_PAGE_ROWS       100                        /* of statistics */
#define USAGE_PAGE_BYTES      ((size_t) 8 * 1024 * 1024) /* most have 30 KB */
#define USAGE_PAGE_OFFSET_MAX 2147483646
#define USAGE_USERNAME_CHARS  64   /* of the filter; a name may be longer */
#define USAGE_DIRECTORY_ROWS  1000 /* of a page of the directory */
#define USAGE_DIRECTORY_IDS   100  /* that one call asks for */
#define USAGE_RECORD_ROWS     1000 /* of a page of connection records */
#define USAGE_RECORD_ROWS_OLD 100  /* what older releases allow */

/* bytes of the query that the ids of one call of the directory take: servers
 * commonly allow a request line of 8k */
#define USAGE_DIRECTORY_BYTES 6000

/* how often a window whose pages don't agree is fetched again (translation.md,
 * "Pages") */
#define USAGE_REFETCH_MAX 2

/* the bytes of a value that an error shows, and the seconds of a Retry-After
 * that the upstream left out (translation.md, "Errors") */
#define USAGE_SHOWN_MAX   100
#define USAGE_RETRY_AFTER 60

#define USAGE_HOURS_PER_DAY    24
#define USAGE_SECONDS_PER_HOUR 3600
#define USAGE_SECONDS_PER_DAY  86400

/*
 * Gives the seconds that a desktop can be in use at most in that many days
 * (translation.md, "Pages").  A second more for each day is rounding, or a leap
 * second.
 */
static inline double
usage_desktop_seconds(int64_t days)
{
    return (double) days * (USAGE_SECONDS_PER_DAY + 1);
}

/* the seconds from a day's start until its figures don't change any more, in
 * whichever zone the service adds them up at 02:00 (translation.md, "Days") */
#define USAGE_FINAL_AFTER (38 * 3600)

/* the seconds from a day's start until statistics have it, if the service adds
 * days up at 02:00 UTC */
#define USAGE_FILED_AFTER (26 * 3600)


typedef enum {
    USAGE_OK = 0,
    USAGE_ERROR = -1,
    USAGE_AGAIN = -2 /* not now; each function says what that means */
} usage_result_t;


/*
 * A string: bytes without a NUL behind them.  It points into memory that
 * somebody else owns.
 */
typedef struct {
    const char *data;
    size_t      len; /* bytes */
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


/* Compares two strings by their bytes: below 0, a is first; above 0, b is. */
static inline int
usage_str_order(usage_str_t a, usage_str_t b)
{
    int    order;
    size_t len;

    len = a.len < b.len ? a.len : b.len;
    order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}


/* Compares two strings as qsort() and bsearch() want it. */
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
 * The memory that one legacy call may take (the directive usage_memory).
 */
typedef struct {
    size_t max;  /* bytes */
    size_t used; /* bytes taken so far */
    bool   over; /* something did not fit */
} usage_budget_t;


/*
 * Where the core takes its memory from: a request's pool, or an arena of a
 * tool.  alloc() gives size bytes, aligned for any type, or NULL.  The core
 * frees nothing: the pool's owner frees all of it at once.
 */
typedef struct {
    void *(*alloc)(void *data, size_t size);
    void           *data;    /* of alloc() */
    usage_budget_t *budget;  /* NULL: any amount */
    uint64_t        seed[2]; /* of usage_hash(), for tables in the pool */
} usage_pool_t;

/* Tells whether n things of size bytes each still fit into the budget. */
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

/*
 * Takes size bytes from the budget, for memory that is allocated elsewhere.
 * false: they don't fit.
 */
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

/*
 * Allocates size bytes.  NULL: memory is out, or the budget is spent;
 * usage_no_memory() says which.
 */
static inline void *
usage_alloc(const usage_pool_t *pool, size_t size)
{
    return usage_take(pool, size) ? pool->alloc(pool->data, size) : NULL;
}

/*
 * Makes a full list of *room entries larger: by first entries if it is empty,
 * to twice as many if not.  size is that of an entry in bytes.  Returns the new
 * list, and *room says its entries.  NULL: memory is out; the list stays.
 */
static inline void *
usage_grow(const usage_pool_t *pool, const void *list, size_t *room,
    size_t first, size_t size)
{
    void  *larger;
    size_t entries;

    entries = *room == 0 ? first : 2 * *room;

    larger = usage_alloc(pool, entries * size);
    if (larger == NULL) {
        return NULL;
    }

    if (*room > 0) {
        memcpy(larger, list, *room * size);
    }

    *room = entries;

    return larger;
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
