/* SPDX-License-Identifier: BSD-2-Clause */

#include "share/usage_shared_day.h"


#define USAGE_SHARED_DAY_VERSION 1

/* bytes before the rows, and of a UUID */
#define USAGE_SHARED_DAY_HEAD  18
#define USAGE_SHARED_DAY_BYTES 16

/* the bit that tells a length from the 0 before a UUID */
#define USAGE_SHARED_DAY_LENGTH 0x8000


static char *
usage_shared_day_put(char *p, uint64_t number, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++) {
        p[i] = (char) (unsigned char) (number >> (8 * (bytes - 1 - i)));
    }

    return p + bytes;
}


static uint64_t
usage_shared_day_get(const char *p, size_t bytes)
{
    size_t   i;
    uint64_t number;

    for (i = 0, number = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char) p[i];
    }

    return number;
}


static bool
usage_shared_day_dash(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}


static int
usage_shared_day_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/*
 * Gives the 16 bytes of an id, if it is a UUID in lower case.
 */
static bool
usage_shared_day_pack(usage_str_t id, char bytes[USAGE_SHARED_DAY_BYTES])
{
    int    digit;
    size_t i, n;

    if (id.len != USAGE_SHARED_DAY_UUID) {
        return false;
    }

    memset(bytes, 0, USAGE_SHARED_DAY_BYTES);

    for (i = 0, n = 0; i < USAGE_SHARED_DAY_UUID; i++) {

        if (usage_shared_day_dash(i)) {
            if (id.data[i] != '-') {
                return false;
            }

            continue;
        }

        digit = usage_shared_day_digit(id.data[i]);

        if (digit < 0) {
            return false;
        }

        bytes[n / 2] = (char) ((unsigned char) bytes[n / 2] << 4 | digit);
        n++;
    }

    return true;
}


static void
usage_shared_day_unpack(const char *bytes, char uuid[USAGE_SHARED_DAY_UUID])
{
    static const char digits[] = "0123456789abcdef";

    size_t        i, n;
    unsigned char byte;

    for (i = 0, n = 0; i < USAGE_SHARED_DAY_UUID; i++) {

        if (usage_shared_day_dash(i)) {
            uuid[i] = '-';
            continue;
        }

        byte = (unsigned char) bytes[n / 2];
        uuid[i] = digits[n % 2 == 0 ? byte >> 4 : byte & 0xf];
        n++;
    }
}


static bool
usage_shared_day_wide(const double *seconds, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (seconds[i] > UINT32_MAX || seconds[i] != (uint32_t) seconds[i]) {
            return true;
        }
    }

    return false;
}


size_t
usage_shared_day_size(
    const usage_str_t *ids, const double *seconds, size_t count)
{
    size_t i, size, row;

    row = usage_shared_day_wide(seconds, count) ? 8 : 4;
    size = USAGE_SHARED_DAY_HEAD;

    for (i = 0; i < count; i++) {
        size += 2 + ids[i].len + row;
    }

    return size;
}


size_t
usage_shared_day_write(char *out, usage_day_t day, int64_t fetched,
    const usage_str_t *ids, const double *seconds, size_t count)
{
    bool     wide;
    char    *p, packed[USAGE_SHARED_DAY_BYTES];
    size_t   i;
    uint64_t bits;

    wide = usage_shared_day_wide(seconds, count);

    p = usage_shared_day_put(out, USAGE_SHARED_DAY_VERSION, 1);
    p = usage_shared_day_put(p, (uint32_t) day, 4);
    p = usage_shared_day_put(p, (uint64_t) fetched, 8);
    p = usage_shared_day_put(p, wide, 1);
    p = usage_shared_day_put(p, count, 4);

    for (i = 0; i < count; i++) {

        if (usage_shared_day_pack(ids[i], packed)) {
            *p++ = 0;
            memcpy(p, packed, sizeof(packed));
            p += sizeof(packed);

        } else {
            p = usage_shared_day_put(
                p, USAGE_SHARED_DAY_LENGTH | ids[i].len, 2);
            memcpy(p, ids[i].data, ids[i].len);
            p += ids[i].len;
        }

        if (wide) {
            memcpy(&bits, &seconds[i], sizeof(bits));
            p = usage_shared_day_put(p, bits, 8);

        } else {
            p = usage_shared_day_put(p, (uint64_t) seconds[i], 4);
        }
    }

    return (size_t) (p - out);
}


/*
 * Takes the next row: its id, or its 16 bytes, and its seconds.  false: it
 * isn't whole, or makes no sense.
 */
static bool
usage_shared_day_row(
    usage_shared_day_t *reader, usage_str_t *id, bool *packed, double *seconds)
{
    size_t   left, len, row;
    uint64_t bits;

    left = (size_t) (reader->end - reader->p);
    row = reader->wide ? 8 : 4;

    if (left < 2) {
        return false;
    }

    *packed = *reader->p == 0;

    if (*packed) {
        len = USAGE_SHARED_DAY_BYTES;
        reader->p++;
        left--;

    } else {
        len = (size_t) usage_shared_day_get(reader->p, 2);

        if (len <= USAGE_SHARED_DAY_LENGTH
            || len > USAGE_SHARED_DAY_LENGTH + USAGE_ID_BYTES_MAX)
        {
            return false;
        }

        len -= USAGE_SHARED_DAY_LENGTH;
        reader->p += 2;
        left -= 2;
    }

    if (left < len + row) {
        return false;
    }

    id->data = reader->p;
    id->len = len;
    reader->p += len;

    bits = usage_shared_day_get(reader->p, row);
    reader->p += row;

    if (reader->wide) {
        memcpy(seconds, &bits, sizeof(bits));

    } else {
        *seconds = (double) bits;
    }

    return *seconds >= 0 && *seconds <= usage_desktop_seconds(1);
}


usage_result_t
usage_shared_day_open(
    usage_shared_day_t *reader, usage_str_t bytes, usage_day_t day)
{
    bool        packed;
    size_t      i;
    double      seconds;
    const char *p, *rows;
    usage_str_t id;

    p = bytes.data;

    if (bytes.len < USAGE_SHARED_DAY_HEAD || p[0] != USAGE_SHARED_DAY_VERSION
        || usage_shared_day_get(p + 1, 4) != (uint32_t) day
        || usage_shared_day_get(p + 13, 1) > 1)
    {
        return USAGE_ERROR;
    }

    rows = p + USAGE_SHARED_DAY_HEAD;

    reader->day = day;
    reader->fetched = (int64_t) usage_shared_day_get(p + 5, 8);
    reader->wide = p[13] != 0;
    reader->count = (size_t) usage_shared_day_get(p + 14, 4);
    reader->p = rows;
    reader->end = p + bytes.len;

    for (i = 0; i < reader->count; i++) {
        if (!usage_shared_day_row(reader, &id, &packed, &seconds)) {
            return USAGE_ERROR;
        }
    }

    if (reader->p != reader->end) {
        return USAGE_ERROR;
    }

    reader->p = rows;

    return USAGE_OK;
}


bool
usage_shared_day_next(usage_shared_day_t *reader, usage_str_t *id,
    char uuid[USAGE_SHARED_DAY_UUID], double *seconds)
{
    bool packed;

    if (reader->p == reader->end
        || !usage_shared_day_row(reader, id, &packed, seconds))
    {
        return false;
    }

    if (packed) {
        usage_shared_day_unpack(id->data, uuid);
        id->data = uuid;
        id->len = USAGE_SHARED_DAY_UUID;
    }

    return true;
}
