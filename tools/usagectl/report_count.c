/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: counts a legacy call for its client.
 */

#include "ctl_report.h"

#include <search.h>
#include <stdlib.h>


#define REPORT_KEY_MAX 512 /* bytes of a key that count */


/*
 * Orders clients for the tree.
 */
static int
compare_keys(const void *one, const void *two)
{
    const report_client_t *a, *b;

    a = one;
    b = two;

    if (a->len != b->len) {
        return a->len < b->len ? -1 : 1;
    }

    return memcmp(a->keys, b->keys, a->len);
}


/*
 * Counts a call.
 */
static void
count(report_client_t *client, const report_line_t *line)
{
    if (client->calls == 0 || line->time < client->first) {
        client->first = line->time;
    }

    if (client->calls == 0 || line->time > client->last) {
        client->last = line->time;
    }

    client->calls++;
    client->days += line->days;
    client->errors += line->error;
}


/*
 * Joins the keys of a line's client, each with a NUL behind it; gives the
 * length of all.  A NUL within a key ends it.
 */
static size_t
join(const report_t *report, const report_line_t *line, char *keys)
{
    size_t      k, len, part;
    usage_str_t key;

    for (k = 0, len = 0; k < report->by_count; k++) {
        key = line->keys[report->by[k]];
        part = strnlen(
            key.data, key.len < REPORT_KEY_MAX ? key.len : REPORT_KEY_MAX);

        /* (a character is not cut in two) */

        while (part > 0 && part < key.len
               && ((unsigned char) key.data[part] & 0xc0) == 0x80)
        {
            part--;
        }

        memcpy(keys + len, key.data, part);
        len += part;
        keys[len++] = '\0';
    }

    return len;
}


void
report_add(report_t *report, const report_line_t *line)
{
    char             keys[REPORT_KEYS * (REPORT_KEY_MAX + 1)];
    void            *found;
    report_client_t *client, key;

    if (line->time < report->since || line->time >= report->until) {
        report->early++;
        return;
    }

    key.keys = keys;
    key.len = join(report, line, keys);
    found = tfind(&key, &report->tree, compare_keys);

    if (found == NULL) {
        client = ctl_alloc(sizeof(report_client_t));
        client->keys = ctl_copy(keys, key.len);
        client->len = key.len;
        report->clients =
            ctl_room(report->clients, report->count, sizeof(report_client_t *));
        report->clients[report->count++] = client;

        if (tsearch(client, &report->tree, compare_keys) == NULL) {
            ctl_die("out of memory");
        }

    } else {
        client = *(report_client_t **) found;
    }

    count(client, line);
    count(&report->sum, line);
}
