/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Reading rows by templates.
 */

#include "page/usage_template.h"
#include "base/usage_number.h"
#include "scan/usage_scan_special.h"


void
usage_template_start(usage_template_t *template)
{
    template->keys = NULL;
    template->failures = 0;
    template->first = 0;
    template->parts = 0;
    template->len = 0;
}


/*
 * Tells whether len bytes are the same.  Most parts are long, so they are
 * compared by words of eight bytes; the last word may overlap the one before.
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
 * Gives the first byte from p on that a string can't take as it is; end, if it
 * is not found while sixteen bytes are left.
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
 * Reads a string, from behind its first quote to its last one.  NULL: it is not
 * one of those that are read here.  (The next part's constant bytes begin with
 * the quote, so whether it is one need not be checked.)
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

    } else if (kind == USAGE_TEMPLATE_PROJECT) {
        if (text.len > USAGE_ID_BYTES_MAX) {
            return NULL;
        }

        row->project = text;
    }

    return p;
}


/*
 * Reads a number.  NULL: it is not one of those that are read here.
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
 * Reads a part and the value behind it.  NULL: something else is at p.
 */
static inline const char *
usage_template_take(const usage_template_t *template,
    const usage_template_part_t *part, const char *p, const char *end,
    usage_template_row_t *row)
{
    if ((size_t) (end - p) < part->len
        || !usage_template_same(p, template->text + part->text, part->len))
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
usage_template_read(const usage_template_t *template, const char *p,
    const char *end, usage_template_row_t *row)
{
    unsigned                     at;
    const char                  *next;
    const usage_template_part_t *part;

    row->name.len = 0;
    row->project.len = 0;
    row->seconds = 0;
    at = template->first;

    while (at != 0) {
        part = &template->part[at - 1];
        next = usage_template_take(template, part, p, end, row);

        if (next == NULL) {
            at = part->sibling;
            continue;
        }

        if (part->kind == USAGE_TEMPLATE_END) {
            return next - 1;
        }

        p = next;
        at = part->child;
    }

    return NULL;
}
