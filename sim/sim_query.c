/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The query of a call: its parameters, and the first thing wrong with them.
 */

#include "sim_query.h"
#include "sim_buf.h"
#include "sim_time.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>


void
sim_query_error(sim_query_t *q, const char *fmt, ...)
{
    va_list ap;

    if (q->error[0] == '\0') {
        va_start(ap, fmt);
        (void) vsnprintf(q->error, sizeof(q->error), fmt, ap);
        va_end(ap);
    }
}


/* Gives the value of a hexadecimal digit, -1 if `c` is none. */

static int
hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = (char) tolower((unsigned char) c);

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


char *
sim_decode(const char *s, size_t len, char plus)
{
    char  *p, *out;
    size_t i;

    p = out = sim_alloc(len + 1);

    for (i = 0; i < len; i++) {
        if (s[i] == '+') {
            *p++ = plus;

        } else if (s[i] != '%') {
            *p++ = s[i];

        } else if (i + 2 < len && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0
                   && (s[i + 1] != '0' || s[i + 2] != '0'))
        {
            *p++ = (char) (hex(s[i + 1]) * 16 + hex(s[i + 2]));
            i += 2;

        } else {
            free(out);
            return NULL;
        }
    }

    return out;
}


static void
add_param(sim_query_t *q, const char *s, size_t len)
{
    size_t      name = 0;
    sim_param_t p;

    while (name < len && s[name] != '=') {
        name++;
    }

    p.name = sim_decode(s, name, ' ');
    p.value = name < len ? sim_decode(s + name + 1, len - name - 1, ' ')
                         : sim_strdup("");

    if (p.name == NULL || p.value == NULL) {
        sim_query_error(q, "query: a broken escape in \"%.*s\"",
            (int) (len < 100 ? len : 100), s);
        free(p.name);
        free(p.value);
        return;
    }

    q->params = sim_realloc(q->params, (q->n + 1) * sizeof(p));
    q->params[q->n++] = p;
}


void
sim_query_parse(sim_query_t *q, const char *raw)
{
    size_t len;

    memset(q, 0, sizeof(*q));

    while (raw && *raw) {
        len = strcspn(raw, "&");

        if (len) {
            add_param(q, raw, len);
        }

        raw += len + (raw[len] == '&');
    }
}


void
sim_query_free(sim_query_t *q)
{
    size_t i;

    for (i = 0; i < q->n; i++) {
        free(q->params[i].name);
        free(q->params[i].value);
    }

    free(q->params);
    q->params = NULL;
    q->n = 0;
}


const char *
sim_query_get(sim_query_t *q, const char *name)
{
    size_t      i;
    const char *value = NULL;

    for (i = 0; i < q->n; i++) {
        if (strcmp(q->params[i].name, name) == 0) {
            if (value != NULL) {
                sim_query_error(q, "%s: given twice", name);
            }

            value = q->params[i].value;
        }
    }

    return value;
}


int64_t
sim_query_number(
    sim_query_t *q, const char *name, int64_t min, int64_t max, int64_t none)
{
    int64_t     n;
    size_t      len;
    const char *s = sim_query_get(q, name);

    if (s == NULL) {
        return none;
    }

    len = strlen(s);

    if (len == 0 || len > 18 || strspn(s, "0123456789") != len
        || (n = strtoll(s, NULL, 10)) < min || n > max)
    {
        sim_query_error(q, "%s: \"%.100s\" is not an integer from %lld to %lld",
            name, s, (long long) min, (long long) max);
        return none;
    }

    return n;
}


const char *
sim_query_text(sim_query_t *q, const char *name, size_t max)
{
    const char *s = sim_query_get(q, name);

    if (s == NULL || *s == '\0') {
        return NULL;
    }

    if (sim_characters(s) > max) {
        sim_query_error(q, "%s: more than %zu characters", name, max);
    }

    return s;
}


int
sim_query_time(sim_query_t *q, const char *name, int mandatory, int64_t *t)
{
    const char *s = sim_query_get(q, name);

    if (s == NULL) {
        if (mandatory) {
            sim_query_error(q, "%s: missing, it is mandatory", name);
        }

        return 0;
    }

    if (sim_parse_time(s, t) != 0) {
        sim_query_error(
            q, "%s: \"%.100s\" is not yyyy-MM-ddTHH:mm:ssZ", name, s);
        return 0;
    }

    return 1;
}


int
sim_fuzzy(const char *s, const char *part)
{
    size_t len;

    if (part == NULL) {
        return 1;
    }

    for (len = strlen(part); *s; s++) {
        if (strncasecmp(s, part, len) == 0) {
            return 1;
        }
    }

    return len == 0;
}


size_t
sim_characters(const char *s)
{
    size_t n = 0;

    for (/* void */; *s; s++) {
        n += ((unsigned char) *s & 0xc0) != 0x80;
    }

    return n;
}
