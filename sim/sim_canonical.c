/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The canonical request: the text that is signed.
 */

#include "sim_sign.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>


typedef struct {
    sim_buf_t name;
    sim_buf_t value;
} pair_t;


/* Appends text with its escapes decoded; a broken escape stays as it is. */

static void
add_decoded(sim_buf_t *b, const char *s, size_t len)
{
    char   c, digits[3] = { 0 };
    size_t i;

    for (i = 0; i < len; i++) {
        c = s[i];

        if (c == '%' && i + 2 < len && isxdigit((unsigned char) s[i + 1])
            && isxdigit((unsigned char) s[i + 2]))
        {
            memcpy(digits, s + i + 1, 2);
            c = (char) strtol(digits, NULL, 16);
            i += 2;
        }

        sim_buf_add(b, &c, 1);
    }
}


/* Appends text with all but unreserved characters as escapes. */

static void
add_encoded(sim_buf_t *b, const char *s, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (s[i] && (isalnum((unsigned char) s[i]) || strchr("-_.~", s[i]))) {
            sim_buf_add(b, s + i, 1);
        } else {
            sim_buf_fmt(b, "%%%02X", (unsigned) (unsigned char) s[i]);
        }
    }
}


/* Appends the path, each segment encoded, with a slash at its end. */

static void
add_path(sim_buf_t *b, const char *path, int decoded)
{
    size_t    len;
    sim_buf_t segment = { 0 };

    while (*path) {
        len = strcspn(path, "/");

        segment.len = 0;
        if (decoded) {
            add_decoded(&segment, path, len);
        } else {
            sim_buf_add(&segment, path, len);
        }

        add_encoded(b, segment.data, segment.len);
        sim_buf_str(b, "/");
        path += len + (path[len] == '/');
    }

    sim_buf_free(&segment);
}


static int
compare_bufs(const sim_buf_t *a, const sim_buf_t *b)
{
    int rc = memcmp(a->data, b->data, a->len < b->len ? a->len : b->len);

    return rc ? rc : (a->len > b->len) - (a->len < b->len);
}


static int
compare_pairs(const void *one, const void *two)
{
    const pair_t *a = one, *b = two;
    int           rc = compare_bufs(&a->name, &b->name);

    return rc ? rc : compare_bufs(&a->value, &b->value);
}


/* Splits a raw query into names and values; gives how many there are. */

static size_t
read_pairs(pair_t **pairs, const char *query)
{
    size_t  n = 0, len, name;
    pair_t *p;

    *pairs = NULL;

    for (; *query; query += len + (query[len] == '&')) {
        len = strcspn(query, "&");
        name = strcspn(query, "=&");

        if (len == 0) {
            continue;
        }

        *pairs = sim_realloc(*pairs, (n + 1) * sizeof(pair_t));
        p = &(*pairs)[n++];
        memset(p, 0, sizeof(*p));
        sim_buf_reserve(&p->name, name);
        sim_buf_reserve(&p->value, len - name);
        add_decoded(&p->name, query, name);

        if (name < len) {
            add_decoded(&p->value, query + name + 1, len - name - 1);
        }
    }

    return n;
}


/* Appends the query: encoded anew, sorted by name, then by value. */

static void
add_query(sim_buf_t *b, const char *query)
{
    size_t  i, n;
    pair_t *pairs;

    n = read_pairs(&pairs, query);

    if (n > 0) {
        qsort(pairs, n, sizeof(pair_t), compare_pairs);
    }

    for (i = 0; i < n; i++) {
        sim_buf_str(b, i ? "&" : "");
        add_encoded(b, pairs[i].name.data, pairs[i].name.len);
        sim_buf_str(b, "=");
        add_encoded(b, pairs[i].value.data, pairs[i].value.len);
        sim_buf_free(&pairs[i].name);
        sim_buf_free(&pairs[i].value);
    }

    free(pairs);
}


static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}


/* Appends a line for each value of a header, sorted by value. */

static void
add_header(sim_buf_t *b, const sim_signed_t *r, const char *name, size_t len)
{
    size_t       i, n = 0, end;
    const char **values = sim_alloc((r->nheaders + 1) * sizeof(char *));

    for (i = 0; i < r->nheaders; i++) {
        if (strlen(r->headers[i].name) == len
            && strncmp(r->headers[i].name, name, len) == 0)
        {
            values[n++] =
                r->headers[i].value + strspn(r->headers[i].value, " \t");
        }
    }

    qsort(values, n, sizeof(char *), compare_strings);

    for (i = 0; i < n; i++) {
        end = strlen(values[i]);

        while (end && strchr(" \t", values[i][end - 1])) {
            end--;
        }

        sim_buf_add(b, name, len);
        sim_buf_str(b, ":");
        sim_buf_add(b, values[i], end);
        sim_buf_str(b, "\n");
    }

    free(values);
}


void
sim_canonical(sim_buf_t *b, const sim_signed_t *r, const char *names,
    const char *hash, int decoded)
{
    size_t      len;
    const char *name;

    sim_buf_fmt(b, "%s\n", r->method);
    add_path(b, r->path, decoded);
    sim_buf_str(b, "\n");
    add_query(b, r->query);
    sim_buf_str(b, "\n");

    for (name = names; *name; name += len + (name[len] == ';')) {
        len = strcspn(name, ";");
        add_header(b, r, name, len);
    }

    sim_buf_fmt(b, "\n%s\n%s", names, hash);
}
