/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the unit tests share: an arena for the core's memory that can run out,
 * random numbers that can be repeated, and text that grows.
 */

#ifndef UNIT_H
#define UNIT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/usage_core.h"


#define unit_count(array) (sizeof(array) / sizeof((array)[0]))


/*
 * An arena: each piece is a block of malloc()'s, so that the sanitizer sees
 * its ends.  left allocations succeed, then none does.
 */
typedef struct {
    usage_pool_t pool;
    void       **blocks;
    size_t       count;
    size_t       capacity;
    size_t       left;
} unit_arena_t;


static inline void *
unit_must(void *p)
{
    if (p == NULL) {
        perror("malloc");
        abort();
    }

    return p;
}


static inline void *
unit_arena_alloc(void *data, size_t size)
{
    unit_arena_t *arena;

    arena = data;

    if (arena->left == 0) {
        return NULL;
    }

    arena->left--;

    if (arena->count == arena->capacity) {
        arena->capacity = arena->capacity == 0 ? 64 : arena->capacity * 2;
        arena->blocks =
            unit_must(realloc(arena->blocks, arena->capacity * sizeof(void *)));
    }

    arena->blocks[arena->count] = unit_must(malloc(size == 0 ? 1 : size));

    return memset(arena->blocks[arena->count++], 0xa5, size);
}


static inline void
unit_arena_start(unit_arena_t *arena)
{
    memset(arena, 0, sizeof(unit_arena_t));

    arena->pool.alloc = unit_arena_alloc;
    arena->pool.data = arena;
    arena->left = SIZE_MAX;
}


static inline void
unit_arena_clear(unit_arena_t *arena)
{
    while (arena->count > 0) {
        free(arena->blocks[--arena->count]);
    }
}


static inline void
unit_arena_free(unit_arena_t *arena)
{
    unit_arena_clear(arena);
    free(arena->blocks);
    arena->blocks = NULL;
    arena->capacity = 0;
}


/* Random numbers: the same ones from the same seed. */

static inline uint64_t
unit_random(uint64_t *state)
{
    uint64_t z;

    z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;

    return z ^ (z >> 31);
}


static inline size_t
unit_below(uint64_t *state, size_t n)
{
    return (size_t) (unit_random(state) % n);
}


static inline bool
unit_chance(uint64_t *state, unsigned percent)
{
    return unit_random(state) % 100 < percent;
}


/* The seed that a test starts with: UNIT_SEED of the environment, or 1. */

static inline uint64_t
unit_seed(void)
{
    const char *text;

    text = getenv("UNIT_SEED");

    return text == NULL ? 1 : strtoull(text, NULL, 10);
}


/* How often a long test runs: a hundred per cent, or UNIT_EFFORT. */

static inline size_t
unit_times(size_t times)
{
    const char *text;

    text = getenv("UNIT_EFFORT");

    return text == NULL ? times : times * strtoul(text, NULL, 10) / 100;
}


static inline usage_str_t
unit_str(const char *text)
{
    usage_str_t str;

    str.data = text;
    str.len = strlen(text);

    return str;
}


static inline bool
unit_is(usage_str_t str, const char *text)
{
    return usage_str_equal(str, unit_str(text));
}


/*
 * A copy of text in a block of just its length, so that the sanitizer sees
 * what reads past its end.  Freed by the caller.
 */
static inline char *
unit_exact(usage_str_t text)
{
    char *copy;

    copy = unit_must(malloc(text.len == 0 ? 1 : text.len));

    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }

    return copy;
}


/* Text that grows; a NUL stands after it. */

typedef struct {
    char  *data;
    size_t len;
    size_t size;
} unit_text_t;


static inline void
unit_add(unit_text_t *text, const char *data, size_t len)
{
    if (len + 1 > text->size - text->len) {
        text->size = (text->len + len + 1) * 2;
        text->data = unit_must(realloc(text->data, text->size));
    }

    if (len > 0) {
        memcpy(text->data + text->len, data, len);
    }

    text->len += len;
    text->data[text->len] = '\0';
}


static inline void
unit_adds(unit_text_t *text, const char *string)
{
    unit_add(text, string, strlen(string));
}


static inline void __attribute__((format(printf, 2, 3)))
unit_addf(unit_text_t *text, const char *format, ...)
{
    int     len;
    char    buffer[1024];
    va_list args;

    va_start(args, format);
    len = vsnprintf(buffer, sizeof(buffer), format, args);
    va_end(args);

    if (len < 0 || (size_t) len >= sizeof(buffer)) {
        abort();
    }

    unit_add(text, buffer, (size_t) len);
}


static inline void
unit_text_clear(unit_text_t *text)
{
    text->len = 0;
    unit_add(text, "", 0);
}


static inline void
unit_text_free(unit_text_t *text)
{
    free(text->data);
    memset(text, 0, sizeof(unit_text_t));
}


static inline usage_str_t
unit_text_str(const unit_text_t *text)
{
    usage_str_t str;

    str.data = text->data;
    str.len = text->len;

    return str;
}


#endif /* UNIT_H */
