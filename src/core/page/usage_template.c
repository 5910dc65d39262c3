/* SPDX-License-Identifier: BSD-2-Clause */

#include "page/usage_template.h"
#include "base/usage_number.h"
#include "scan/usage_scan_special.h"


void
usage_template_start(usage_template_t *shape)
{
    shape->keys = NULL;
    shape->vain = 0;
    shape->first = 0;
    shape->parts = 0;
    shape->len = 0;
}


/*
 * Whether the bytes are the same.  Most are many: words of eight, of which the
 * last may overlap the one before it.
 */
static inline bool
usage_template_same(const char *a, const char *b, size_t len)
{
    size_t   i;
    uint64_t one, other;

    if (len < 8) {
        for (i = 0; i < len && a[i] == b[i]; i++) {
            /* the same so far */
        }

        return i == len;
    }

    for (i = 0; i < len - 8; i += 8) {
        memcpy(&one, a + i, 8);
        memcpy(&other, b + i, 8);

        if (one != other) {
            return false;
        }
    }

    memcpy(&one, a + len - 8, 8);
    memcpy(&other, b + len - 8, 8);

    return one == other;
}


/*
 * The first byte from p on that a string cannot take as it is, if there are
 * enough bytes up to end to look at them together.
 */
static inline const char *
usage_template_plain(const char *p, const char *end)
{
    uint64_t special;

    for (; end - p >= 16; p += 16) {
        special = usage_scan_special16(p);

        if (special != 0) {
            return p + __builtin_ctzll(special);
        }
    }

    return end;
}


/*
 * A string from p on, up to its quote; NULL: it is none that is read here.
 * (That it is a quote which ends it, the constant bytes behind it tell.)
 */
static inline const char *
usage_template_take_string(
    unsigned kind, const char *p, const char *end, usage_template_row_t *row)
{
    usage_str_t text;

    text.data = p;
    p = usage_template_plain(p, end);
    text.len = (size_t) (p - text.data);

    if (kind == USAGE_TEMPLATE_ID) {
        if (text.len == 0 || text.len > USAGE_ID_CHARS_MAX) {
            return NULL;
        }

        row->id = text;

    } else if (kind == USAGE_TEMPLATE_NAME) {
        if (text.len > USAGE_ID_BYTES_MAX) {
            return NULL;
        }

        row->name = text;
    }

    return p;
}


/*
 * A number, likewise.
 */
static inline const char *
usage_template_take_number(
    unsigned kind, const char *p, const char *end, usage_template_row_t *row)
{
    bool    integer;
    size_t  len;
    double  number;
    int64_t whole;

    len = usage_number_short(p, end, &integer, &whole, &number);
    if (len == 0) {
        return NULL;
    }

    if (kind == USAGE_TEMPLATE_SECONDS) {
        row->seconds = number;
    }

    return p + len;
}


/*
 * A part, and what follows it; NULL: something else is at p.
 */
static inline const char *
usage_template_take(const usage_template_t *shape,
    const usage_template_part_t *part, const char *p, const char *end,
    usage_template_row_t *row)
{
    if ((size_t) (end - p) < part->len
        || !usage_template_same(p, shape->text + part->text, part->len))
    {
        return NULL;
    }

    p += part->len;

    if (part->kind == USAGE_TEMPLATE_END) {
        return p;
    }

    return part->kind < USAGE_TEMPLATE_NUMBER
               ? usage_template_take_string(part->kind, p, end, row)
               : usage_template_take_number(part->kind, p, end, row);
}


const char *
usage_template_read(const usage_template_t *shape, const char *p,
    const char *end, usage_template_row_t *row)
{
    unsigned                     at;
    const char                  *next;
    const usage_template_part_t *part;

    row->name.len = 0;
    row->seconds = 0;
    at = shape->first;

    while (at != 0) {
        part = &shape->part[at - 1];
        next = usage_template_take(shape, part, p, end, row);

        if (next == NULL) {
            at = part->other;
            continue;
        }

        if (part->kind == USAGE_TEMPLATE_END) {
            return next - 1;
        }

        p = next;
        at = part->next;
    }

    return NULL;
}
