/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Memory that is never missing, strings that grow, JSON written into them.
 */

#include "sim_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


void *
sim_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);

    if (p == NULL) {
        abort();
    }

    return p;
}


void *
sim_realloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);

    if (q == NULL) {
        abort();
    }

    return q;
}


char *
sim_strdup(const char *s)
{
    size_t len;
    char  *p;

    if (s == NULL) {
        return NULL;
    }

    len = strlen(s) + 1;
    p = sim_alloc(len);
    memcpy(p, s, len);

    return p;
}


void
sim_buf_free(sim_buf_t *b)
{
    free(b->data);
    memset(b, 0, sizeof(*b));
}


void
sim_buf_reserve(sim_buf_t *b, size_t len)
{
    size_t need = b->len + len + 1;

    if (need <= b->size) {
        return;
    }

    if (need < 2 * b->size) {
        need = 2 * b->size;
    }

    if (need < 256) {
        need = 256;
    }

    b->data = sim_realloc(b->data, need);
    b->size = need;
}


void
sim_buf_add(sim_buf_t *b, const void *data, size_t len)
{
    sim_buf_reserve(b, len);

    if (len) {
        memcpy(b->data + b->len, data, len);
        b->len += len;
    }

    b->data[b->len] = '\0';
}


void
sim_buf_str(sim_buf_t *b, const char *s)
{
    sim_buf_add(b, s, strlen(s));
}


void
sim_buf_fmt(sim_buf_t *b, const char *fmt, ...)
{
    int     n;
    va_list ap;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);

    if (n < 0) {
        abort();
    }

    sim_buf_reserve(b, (size_t) n);

    va_start(ap, fmt);
    (void) vsnprintf(b->data + b->len, (size_t) n + 1, fmt, ap);
    va_end(ap);

    b->len += (size_t) n;
}


void
sim_buf_json(sim_buf_t *b, const char *s)
{
    const char *run;

    if (s == NULL) {
        sim_buf_str(b, "null");
        return;
    }

    sim_buf_add(b, "\"", 1);

    for (run = s; *s; s++) {
        if ((unsigned char) *s >= 0x20 && *s != '"' && *s != '\\') {
            continue;
        }

        sim_buf_add(b, run, (size_t) (s - run));
        run = s + 1;

        if ((unsigned char) *s < 0x20) {
            sim_buf_fmt(b, "\\u%04x", (unsigned) (unsigned char) *s);
        } else {
            sim_buf_fmt(b, "\\%c", *s);
        }
    }

    sim_buf_add(b, run, (size_t) (s - run));
    sim_buf_add(b, "\"", 1);
}


void
sim_buf_key(sim_buf_t *b, const char *key)
{
    const char *comma = b->len > 0 && b->data[b->len - 1] != '{' ? "," : "";

    sim_buf_fmt(b, "%s\"%s\":", comma, key);
}


void
sim_buf_member(sim_buf_t *b, const char *key, const char *value)
{
    sim_buf_key(b, key);
    sim_buf_json(b, value);
}


uint64_t
sim_fingerprint(const void *data, size_t len)
{
    uint64_t             h = 0xcbf29ce484222325ULL;
    const unsigned char *p = data;

    while (len--) {
        h = (h ^ *p++) * 0x100000001b3ULL;
    }

    return h;
}


char *
sim_read_file(const char *name)
{
    char      chunk[65536];
    FILE     *f = fopen(name, "r");
    size_t    n;
    sim_buf_t b = { 0 };

    if (f == NULL) {
        perror(name);
        return NULL;
    }

    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        sim_buf_add(&b, chunk, n);
    }

    (void) fclose(f);
    sim_buf_reserve(&b, 0);
    b.data[b.len] = '\0';

    return b.data;
}
