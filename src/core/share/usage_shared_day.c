/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A day's statistics as bytes.  What is read may come from another release, or
 * from anybody who has the secret: a row is taken only if all of it is there.
 */

#include "share/usage_shared_day.h"
#include "base/usage_json.h"
#include "base/usage_number.h"


#define DAY_VERSION 1
#define DAY_HEAD    (1 + 4 + 8 + 1 + 4)
#define DAY_UUID    16  /* bytes of a UUID */
#define DAY_LONG    255 /* the length is in two bytes more */


static char *
usage_shared_day_put(char *p, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0) {
        *p++ = (char) (number >> (8 * bytes) & 0xff);
    }

    return p;
}


/*
 * Takes a number off the front.  false: there are not so many bytes.
 */
static bool
usage_shared_day_get(usage_str_t *rest, unsigned bytes, uint64_t *number)
{
    *number = 0;

    if (rest->len < bytes) {
        return false;
    }

    rest->len -= bytes;

    while (bytes-- > 0) {
        *number = *number << 8 | (unsigned char) *rest->data++;
    }

    return true;
}


/*
 * Tells whether character i of a UUID is a hyphen.
 */
static bool
usage_shared_day_hyphen(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}


static bool
usage_shared_day_is_uuid(usage_str_t id)
{
    char   c;
    size_t i;

    if (id.len != USAGE_SHARED_DAY_UUID) {
        return false;
    }

    for (i = 0; i < id.len; i++) {
        c = id.data[i];

        if (usage_shared_day_hyphen(i)
                ? c != '-'
                : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
        {
            return false;
        }
    }

    return true;
}


static char *
usage_shared_day_put_uuid(char *p, const char *id)
{
    size_t i;

    for (i = 0; i < USAGE_SHARED_DAY_UUID; i += 2) {
        if (usage_shared_day_hyphen(i)) {
            i++;
        }

        *p++ =
            (char) (usage_hex_digit(id[i]) * 16 + usage_hex_digit(id[i + 1]));
    }

    return p;
}


static void
usage_shared_day_get_uuid(const char *bytes, char uuid[USAGE_SHARED_DAY_UUID])
{
    static const char digits[] = "0123456789abcdef";

    size_t        i;
    unsigned char c;

    for (i = 0; i < USAGE_SHARED_DAY_UUID; i += 2) {
        if (usage_shared_day_hyphen(i)) {
            uuid[i++] = '-';
        }

        c = (unsigned char) *bytes++;
        uuid[i] = digits[c >> 4];
        uuid[i + 1] = digits[c & 0xf];
    }
}


static bool
usage_shared_day_in_range(double seconds)
{
    return seconds >= 0 && seconds <= usage_desktop_seconds(1);
}


/*
 * Tells whether any of the seconds are no whole number.
 */
static bool
usage_shared_day_wide(const double *seconds, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (!usage_shared_day_in_range(seconds[i])
            || (double) (uint32_t) seconds[i] != seconds[i])
        {
            return true;
        }
    }

    return false;
}


size_t
usage_shared_day_size(
    const usage_str_t *ids, const double *seconds, size_t count)
{
    size_t i, row, size;

    row = usage_shared_day_wide(seconds, count) ? 1 + 8 : 1 + 4;
    size = DAY_HEAD;

    for (i = 0; i < count; i++) {
        size += row;

        if (usage_shared_day_is_uuid(ids[i])) {
            size += DAY_UUID;

        } else {
            size += ids[i].len + (ids[i].len < DAY_LONG ? 0 : 2);
        }
    }

    return size;
}


static char *
usage_shared_day_put_id(char *p, usage_str_t id)
{
    if (usage_shared_day_is_uuid(id)) {
        *p++ = 0;
        return usage_shared_day_put_uuid(p, id.data);
    }

    if (id.len < DAY_LONG) {
        p = usage_shared_day_put(p, id.len, 1);

    } else {
        p = usage_shared_day_put(p, DAY_LONG, 1);
        p = usage_shared_day_put(p, id.len, 2);
    }

    return usage_str_write(p, id);
}


size_t
usage_shared_day_write(char *out, usage_day_t day, int64_t fetched,
    const usage_str_t *ids, const double *seconds, size_t count)
{
    bool     wide;
    char    *p;
    size_t   i;
    uint64_t bits;

    wide = usage_shared_day_wide(seconds, count);

    p = usage_shared_day_put(out, DAY_VERSION, 1);
    p = usage_shared_day_put(p, (uint32_t) day, 4);
    p = usage_shared_day_put(p, (uint64_t) fetched, 8);
    p = usage_shared_day_put(p, wide, 1);
    p = usage_shared_day_put(p, count, 4);

    for (i = 0; i < count; i++) {
        p = usage_shared_day_put_id(p, ids[i]);

        if (wide) {
            memcpy(&bits, &seconds[i], sizeof(bits));
            p = usage_shared_day_put(p, bits, 8);

        } else {
            p = usage_shared_day_put(p, (uint32_t) seconds[i], 4);
        }
    }

    return (size_t) (p - out);
}


/*
 * Takes an id off the front.  false: there is none that may be.
 */
static bool
usage_shared_day_get_id(
    usage_str_t *rest, usage_str_t *id, char uuid[USAGE_SHARED_DAY_UUID])
{
    uint64_t len;

    if (!usage_shared_day_get(rest, 1, &len)
        || (len == DAY_LONG
            && (!usage_shared_day_get(rest, 2, &len) || len < DAY_LONG))
        || len > USAGE_ID_BYTES_MAX)
    {
        return false;
    }

    id->len = len == 0 ? DAY_UUID : (size_t) len;

    if (rest->len < id->len) {
        return false;
    }

    id->data = rest->data;
    rest->data += id->len;
    rest->len -= id->len;

    if (len == 0) {
        usage_shared_day_get_uuid(id->data, uuid);
        id->data = uuid;
        id->len = USAGE_SHARED_DAY_UUID;
    }

    return true;
}


static bool
usage_shared_day_get_row(usage_shared_day_t *reader, usage_str_t *id,
    char uuid[USAGE_SHARED_DAY_UUID], double *seconds)
{
    uint64_t number;

    if (!usage_shared_day_get_id(&reader->rest, id, uuid)
        || !usage_shared_day_get(&reader->rest, reader->wide ? 8 : 4, &number))
    {
        return false;
    }

    if (reader->wide) {
        memcpy(seconds, &number, sizeof(number));

    } else {
        *seconds = (double) number;
    }

    reader->count--;

    return usage_shared_day_in_range(*seconds);
}


/*
 * Tells whether an id is UTF-8.
 */
static bool
usage_shared_day_is_text(usage_str_t id)
{
    size_t i, n;

    for (i = 0; i < id.len; i += n) {
        n = usage_utf8_length(id.data + i, id.len - i);

        if (n == 0) {
            return false;
        }
    }

    return true;
}


/*
 * Takes the head off the front.  false: it is not this day's.
 */
static bool
usage_shared_day_get_head(usage_shared_day_t *reader, usage_day_t day)
{
    uint64_t version, is, fetched, wide, count;

    if (!usage_shared_day_get(&reader->rest, 1, &version)
        || version != DAY_VERSION
        || !usage_shared_day_get(&reader->rest, 4, &is) || is != (uint32_t) day
        || !usage_shared_day_get(&reader->rest, 8, &fetched)
        || fetched > INT64_MAX || !usage_shared_day_get(&reader->rest, 1, &wide)
        || wide > 1 || !usage_shared_day_get(&reader->rest, 4, &count))
    {
        return false;
    }

    reader->day = day;
    reader->fetched = (int64_t) fetched;
    reader->wide = wide == 1;
    reader->count = (size_t) count;

    return true;
}


usage_result_t
usage_shared_day_open(
    usage_shared_day_t *reader, usage_str_t bytes, usage_day_t day)
{
    char               uuid[USAGE_SHARED_DAY_UUID];
    double             seconds;
    usage_str_t        id;
    usage_shared_day_t check;

    memset(reader, 0, sizeof(usage_shared_day_t));
    reader->rest = bytes;

    if (!usage_shared_day_get_head(reader, day)) {
        reader->count = 0;
        return USAGE_ERROR;
    }

    check = *reader;

    while (check.count > 0) {
        if (!usage_shared_day_get_row(&check, &id, uuid, &seconds)
            || !usage_shared_day_is_text(id))
        {
            reader->count = 0;
            return USAGE_ERROR;
        }
    }

    if (check.rest.len > 0) {
        reader->count = 0;
        return USAGE_ERROR;
    }

    return USAGE_OK;
}


bool
usage_shared_day_next(usage_shared_day_t *reader, usage_str_t *id,
    char uuid[USAGE_SHARED_DAY_UUID], double *seconds)
{
    return reader->count > 0
           && usage_shared_day_get_row(reader, id, uuid, seconds);
}
