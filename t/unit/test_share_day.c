/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A day as bytes comes back as it was; what is cut, longer or of another day is
 * refused.
 */

#include "unit.h"
#include "share/usage_shared_day.h"

#include <math.h>


#define DESKTOPS 2000
#define UUID     "0a1b2c3d-4e5f-6789-abcd-ef0123456789"


/*
 * Writes a day, checks that it is read back, and gives its bytes, in a block of
 * just their length.
 */
static usage_str_t
round_trip(const usage_str_t *ids, const double *seconds, size_t count)
{
    char              *p;
    char               uuid[USAGE_SHARED_DAY_UUID];
    double             is;
    size_t             i;
    usage_str_t        bytes, id;
    usage_shared_day_t reader;

    bytes.len = usage_shared_day_size(ids, seconds, count);
    bytes.data = p = unit_must(malloc(bytes.len));
    assert_int_equal(
        usage_shared_day_write(p, 20785, 1795000000, ids, seconds, count),
        bytes.len);

    assert_int_equal(usage_shared_day_open(&reader, bytes, 20785), USAGE_OK);
    assert_int_equal(reader.day, 20785);
    assert_true(reader.fetched == 1795000000);
    assert_int_equal(reader.count, count);

    for (i = 0; i < count; i++) {
        assert_true(usage_shared_day_next(&reader, &id, uuid, &is));
        assert_true(usage_str_equal(id, ids[i]));
        assert_true(is == seconds[i]);
    }

    assert_false(usage_shared_day_next(&reader, &id, uuid, &is));
    assert_int_equal(usage_shared_day_open(&reader, bytes, 20784), USAGE_ERROR);

    return bytes;
}


static void
refused(const char *data, size_t len)
{
    char              *copy;
    char               uuid[USAGE_SHARED_DAY_UUID];
    double             seconds;
    usage_str_t        bytes, id;
    usage_shared_day_t reader;

    bytes.data = data;
    bytes.len = len;
    bytes.data = copy = unit_exact(bytes);
    assert_int_equal(usage_shared_day_open(&reader, bytes, 20785), USAGE_ERROR);
    assert_false(usage_shared_day_next(&reader, &id, uuid, &seconds));
    free(copy);
}


static void
test_many(void **state)
{
    char(*text)[USAGE_SHARED_DAY_UUID + 1];
    size_t       i;
    double      *seconds;
    uint64_t     seed;
    usage_str_t *ids, bytes;

    (void) state;

    seed = unit_seed();
    text = unit_must(calloc(DESKTOPS, sizeof(*text)));
    ids = unit_must(calloc(DESKTOPS, sizeof(usage_str_t)));
    seconds = unit_must(calloc(DESKTOPS, sizeof(double)));

    for (i = 0; i < DESKTOPS; i++) {
        (void) snprintf(text[i], sizeof(text[i]),
            "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned) unit_random(&seed),
            (unsigned) (uint16_t) unit_random(&seed),
            (unsigned) (uint16_t) unit_random(&seed),
            (unsigned) (uint16_t) unit_random(&seed), unit_random(&seed) >> 16);
        ids[i] = unit_str(text[i]);
        seconds[i] = (double) unit_below(&seed, 86402);
    }

    bytes = round_trip(ids, seconds, DESKTOPS);
    assert_int_equal(bytes.len, 18 + DESKTOPS * 21);
    free((void *) bytes.data);

    /* one fraction makes all of them wide */

    seconds[DESKTOPS - 1] = 0.1;
    bytes = round_trip(ids, seconds, DESKTOPS);
    assert_int_equal(bytes.len, 18 + DESKTOPS * 25);
    free((void *) bytes.data);

    bytes = round_trip(NULL, NULL, 0);
    assert_int_equal(bytes.len, 18);
    free((void *) bytes.data);

    free(text);
    free(ids);
    free(seconds);
}


static void
test_ids(void **state)
{
    char        long_id[USAGE_ID_BYTES_MAX + 1];
    char       *longer;
    size_t      i, wide;
    usage_str_t bytes;
    usage_str_t ids[9] = { usage_string(UUID),
        usage_string("0A1B2C3D-4E5F-6789-ABCD-EF0123456789"),
        usage_string("0a1b2c3d-4e5f-6789-abcd_ef0123456789"),
        usage_string("0a1b2c3d-4e5f-6789-abcd-ef01234567890"),
        usage_string("a"), usage_string("B\303\274ro \360\237\226\245") };
    double      seconds[9] = { 0, 1, 2, 86401, 4, 5, 6, 7, 8 };

    (void) state;

    memset(long_id, 'x', sizeof(long_id));
    ids[6].data = ids[7].data = ids[8].data = long_id;
    ids[6].len = 254;
    ids[7].len = 255;
    ids[8].len = USAGE_ID_BYTES_MAX;

    for (wide = 0; wide < 2; wide++) {
        seconds[4] = wide == 1 ? 86400.5 : 86400;
        bytes = round_trip(ids, seconds, unit_count(ids));

        for (i = 0; i < bytes.len; i++) {
            refused(bytes.data, i);
        }

        longer = unit_must(calloc(1, bytes.len + 1));
        memcpy(longer, bytes.data, bytes.len);
        refused(longer, bytes.len + 1);
        free(longer);
        free((void *) bytes.data);
    }
}


static void
test_wrong(void **state)
{
    char        out[2048];
    char        long_id[USAGE_ID_BYTES_MAX + 1];
    size_t      i, len;
    double      fine;
    usage_str_t id;

    static const double seconds[] = { -1, 86401.5, 86402, 1e300, NAN, INFINITY,
        -INFINITY, -0.5, 4294967296.0 };

    static const struct {
        size_t at;
        char   byte;
    } changes[] = {
        { 0, 0 }, { 0, 2 },                       /* the version */
        { 1, 1 }, { 4, 0 },                       /* the day */
        { 5, (char) 0x80 },                       /* a time below 0 */
        { 13, 1 }, { 13, 2 },                     /* wide */
        { 14, 1 }, { 17, 0 }, { 17, 2 },          /* the count */
        { 18, 0 }, { 18, 2 }, { 18, (char) 255 }, /* the id's length */
        { 19, (char) 0xff }, { 19, (char) 0xc3 }, /* no UTF-8 */
        { 20, 1 }, { 21, 2 },                     /* the seconds */
    };

    (void) state;

    id = unit_str("a");

    for (i = 0; i < unit_count(seconds); i++) {
        len =
            usage_shared_day_write(out, 20785, 1795000000, &id, &seconds[i], 1);
        refused(out, len);
    }

    fine = 86400;
    free((void *) round_trip(&id, &fine, 1).data);

    for (i = 0; i < unit_count(changes); i++) {
        len = usage_shared_day_write(out, 20785, 1795000000, &id, &fine, 1);
        out[changes[i].at] = changes[i].byte;
        refused(out, len);
    }

    /* an id that is too long; a short one with a long one's length */

    memset(long_id, 'x', sizeof(long_id));
    id.data = long_id;
    id.len = sizeof(long_id);
    len = usage_shared_day_write(out, 20785, 1795000000, &id, &fine, 1);
    refused(out, len);

    id.len = 255;
    len = usage_shared_day_write(out, 20785, 1795000000, &id, &fine, 1);
    out[20] = (char) 254;
    refused(out, len - 1);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
