/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Numbers are compared with the C library, hours with exact arithmetic.
 */

#include "unit.h"
#include "base/usage_number.h"

#include <errno.h>
#include <math.h>


typedef unsigned __int128 uint128_t;


/*
 * Tells whether text has the form of a JSON number (RFC 8259, section 6).
 */
static bool
has_form(const char *p, bool *integer)
{
    *integer = true;

    p += *p == '-';

    if (*p == '0') {
        p++;

    } else {
        if (strspn(p, "0123456789") == 0) {
            return false;
        }

        p += strspn(p, "0123456789");
    }

    if (*p == '.') {
        *integer = false;
        p++;

        if (strspn(p, "0123456789") == 0) {
            return false;
        }

        p += strspn(p, "0123456789");
    }

    if (*p == 'e' || *p == 'E') {
        *integer = false;
        p++;
        p += *p == '-' || *p == '+';

        if (strspn(p, "0123456789") == 0) {
            return false;
        }

        p += strspn(p, "0123456789");
    }

    return *p == '\0';
}


/*
 * Checks that usage_number_short() gives the same as usage_number_parse(), or
 * nothing.  text ends with what is no part of a number.
 */
static void
check_short(const char *text, size_t len)
{
    bool    integer, short_integer;
    size_t  short_len;
    double  number, short_number;
    int64_t whole, short_whole;

    assert_int_equal(usage_number_short(text, text + len, &short_integer,
                         &short_whole, &short_number),
        0);

    short_len = usage_number_short(
        text, text + len + 1, &short_integer, &short_whole, &short_number);

    if (short_len == 0) {
        if (len > 0 && len < 16 && strspn(text, "123456789") == len) {
            fail_msg("%.*s is not taken as a short number", (int) len, text);
        }

        return;
    }

    assert_int_equal(short_len, len);
    assert_null(usage_number_parse(text, len, &integer, &whole, &number));
    assert_int_equal(short_integer, integer);

    if (short_number != number || (integer && short_whole != whole)) {
        fail_msg("%.*s, short, becomes %.17g, not %.17g", (int) len, text,
            short_number, number);
    }
}


static void
check_number(const char *text)
{
    bool        integer, form, expected_integer;
    char       *copy;
    double      number, expected;
    int64_t     whole, expected_whole;
    usage_str_t piece;
    const char *reason;

    /* as it stands in a page: what follows is no part of a number */

    piece.len = strlen(text) + 1;
    piece.data = text;
    copy = unit_exact(piece);
    copy[piece.len - 1] = ',';

    integer = false;
    whole = 77;
    number = 77;
    reason = usage_number_parse(copy, piece.len - 1, &integer, &whole, &number);

    if (strspn(text, "0123456789+-.eE") == strlen(text)) {
        check_short(copy, piece.len - 1);
    }

    free(copy);

    form = has_form(text, &expected_integer);

    if (!form) {
        if (reason == NULL) {
            fail_msg("%s is taken as a number", text);
        }

        return;
    }

    errno = 0;

    if (expected_integer) {
        expected_whole = strtoll(text, NULL, 10);

        if (errno == ERANGE) {
            if (reason == NULL) {
                fail_msg("%s is taken as an integer", text);
            }

            return;
        }

        if (reason != NULL || !integer || whole != expected_whole
            || number != (double) expected_whole)
        {
            fail_msg("%s becomes %" PRId64 ", %.17g (%s)", text, whole, number,
                reason);
        }

        return;
    }

    expected = strtod(text, NULL);

    if (isinf(expected)) {
        if (reason == NULL) {
            fail_msg("%s is taken as a double", text);
        }

        return;
    }

    if (reason != NULL || integer || number != expected
        || signbit(number) != signbit(expected))
    {
        fail_msg(
            "%s becomes %.17g, not %.17g (%s)", text, number, expected, reason);
    }
}


static void
test_edges(void **state)
{
    size_t i;

    static const char *numbers[] = { "0", "-0", "1", "-1", "9", "10", "00",
        "01", "-01", "-", "+1", "", ".", ".5", "-.5", "5.", "5.e1", "1e", "1e+",
        "1e-", "1e1.5", "1.5.5", "--1", "1-", "1+", "1-1", "0e", "0.0", "-0.0",
        "0e0", "-0e0", "0e99999", "0e-99999", "0.0e999999999999999999999",
        "0e-999999999999999999999", "1e-999999999999999999999",
        "1e999999999999999999999", "-1e999999999999999999999",
        "1e00000000000000000000000000001", "1e-00000000000000000000000000001",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809", "99999999999999999999", "999999999999999999",
        "1000000000000000000", "9007199254740991", "9007199254740992",
        "9007199254740993", "9007199254740993.0", "9007199254740992.5",
        "9007199254740993e0", "9007199254740991e22", "9007199254740992e22",
        "9007199254740993e22", "9007199254740992e23", "1e22", "1e23", "1e-22",
        "1e-23", "123456789012345678e-22", "12345678901234567.8",
        "123456789012345678.9", "1234567890123456789.0", "0.000000000000000001",
        "0.0000000000000000001", "0.00000000000000000000001", "0.1", "0.2",
        "0.3", "45432.0", "45432", "4.5432e4", "4.5432E+4", "45432000e-3",
        "1.7976931348623157e308", "1.7976931348623158e308",
        "1.7976931348623159e308", "1.8e308", "-1.8e308", "1e308", "1e309",
        "2.2250738585072014e-308", "2.2250738585072011e-308",
        "4.9406564584124654e-324", "2.4703282292062327e-324",
        "2.4703282292062328e-324", "1e-400", "-1e-400", "1e-324", "0.1e1",
        "0.1e-1", "1E5", "1E-5", "infinity", "inf", "nan", "0x10", "0x1p3",
        "1_000", "1 ", " 1", "1e5 ", "1f" };

    (void) state;

    for (i = 0; i < unit_count(numbers); i++) {
        check_number(numbers[i]);
    }
}


static void
add_digits(unit_text_t *text, uint64_t *rnd, size_t n)
{
    while (n-- > 0) {
        unit_addf(text, "%c", (char) ('0' + unit_below(rnd, 10)));
    }
}


static void
test_random(void **state)
{
    size_t      i, n;
    uint64_t    rnd, bits;
    double      d;
    unit_text_t text = { 0 };

    (void) state;

    rnd = unit_seed();

    for (i = 0, n = unit_times(200000); i < n; i++) {
        unit_text_clear(&text);

        if (unit_chance(&rnd, 30)) {
            unit_adds(&text, "-");
        }

        add_digits(&text, &rnd,
            unit_chance(&rnd, 90) ? unit_below(&rnd, 8) + 1
                                  : unit_below(&rnd, 40));

        if (unit_chance(&rnd, 60)) {
            unit_adds(&text, ".");
            add_digits(&text, &rnd,
                unit_chance(&rnd, 90) ? unit_below(&rnd, 10) + 1
                                      : unit_below(&rnd, 40));
        }

        if (unit_chance(&rnd, 40)) {
            unit_adds(&text, unit_chance(&rnd, 50) ? "e" : "E");
            unit_adds(&text, unit_chance(&rnd, 30)   ? "-"
                             : unit_chance(&rnd, 30) ? "+"
                                                     : "");
            add_digits(&text, &rnd, unit_below(&rnd, 4));
        }

        check_number(text.data);
    }

    /* doubles of any magnitude, as they are printed */

    for (i = 0, n = unit_times(100000); i < n; i++) {
        bits = unit_random(&rnd);
        memcpy(&d, &bits, sizeof(d));

        if (isfinite(d)) {
            unit_text_clear(&text);
            unit_addf(&text, "%.*g", (int) unit_below(&rnd, 20) + 1, d);
            check_number(text.data);
        }
    }

    unit_text_free(&text);
}


/*
 * Any text of a number's characters.
 */
static void
test_soup(void **state)
{
    char     text[16];
    size_t   i, k, n, len;
    uint64_t rnd;

    static const char chars[] = "0123459-+.eE";

    (void) state;

    rnd = unit_seed();

    for (i = 0, n = unit_times(300000); i < n; i++) {
        len = unit_below(&rnd, sizeof(text));

        for (k = 0; k < len; k++) {
            text[k] = chars[unit_below(&rnd, sizeof(chars) - 1)];
        }

        text[len] = '\0';
        check_number(text);
    }
}


/*
 * Numbers as long as a reader keeps them.
 */
static void
test_long(void **state)
{
    size_t      n;
    uint64_t    rnd;
    unit_text_t text = { 0 };

    (void) state;

    rnd = unit_seed();

    for (n = 15; n < 1000; n += n < 60 ? 1 : 61) {
        unit_text_clear(&text);
        unit_adds(&text, "0.");
        add_digits(&text, &rnd, n);
        check_number(text.data);

        unit_text_clear(&text);
        unit_adds(&text, "1");
        add_digits(&text, &rnd, n);
        check_number(text.data);

        unit_adds(&text, "e-");
        unit_addf(&text, "%zu", n);
        check_number(text.data);
    }

    unit_text_free(&text);
}


/*
 * Computes hundredths of an hour exactly, half away from zero: seconds are m
 * times a power of 2.
 */
static uint64_t
hundredths(double seconds)
{
    int       exponent;
    uint128_t m, scale;

    m = (uint128_t) ldexp(frexp(seconds, &exponent), 53);
    exponent -= 53;

    if (exponent >= 0) {
        m <<= exponent; /* of less than 2^64 seconds */
        return (uint64_t) ((m + 18) / 36);
    }

    if (exponent < -70) {
        return 0; /* less than 2^-17 seconds */
    }

    scale = (uint128_t) 1 << -exponent;

    if (exponent < -60) {
        m >>= 10; /* such a small one is far from any half */
        scale >>= 10;
    }

    return (uint64_t) ((m + 18 * scale) / (36 * scale));
}


/*
 * The hours in the table are the same as those that are written.
 */
static void
check_ready(double seconds, const char *shortest, const char *decimals)
{
    usage_str_t          text;
    const usage_hours_t *hours;

    if (!usage_hours_are_ready(seconds)) {
        return;
    }

    hours = usage_hours_ready(seconds);
    text.data = hours->text;
    text.len = hours->len[0];

    if (!unit_is(text, shortest)) {
        fail_msg("%.17g s, ready, are not %s", seconds, shortest);
    }

    text.len = hours->len[1];

    if (!unit_is(text, decimals)) {
        fail_msg("%.17g s, ready, are not %s", seconds, decimals);
    }
}


static void
check_hours(double seconds)
{
    char     number[USAGE_HOURS_MAX + 1], decimals[USAGE_HOURS_MAX + 1];
    char     expected[64];
    size_t   len;
    uint64_t n;

    n = hundredths(seconds);

    memset(decimals, '#', sizeof(decimals));
    *usage_hours_write_decimals(decimals, seconds) = '\0';

    snprintf(expected, sizeof(expected), "%" PRIu64 ".%02u", n / 100,
        (unsigned) (n % 100));

    if (strcmp(decimals, expected) != 0) {
        fail_msg("%.17g s are %s, not %s", seconds, expected, decimals);
    }

    /* the shortest form: without zeros at the end, nor a point there */

    len = (size_t) snprintf(expected, sizeof(expected), "%" PRIu64 ".%02u",
        n / 100, (unsigned) (n % 100));

    while (expected[len - 1] == '0') {
        len--;
    }

    len -= expected[len - 1] == '.';
    expected[len] = '\0';

    memset(number, '#', sizeof(number));
    *usage_hours_write_number(number, seconds) = '\0';

    if (strcmp(number, expected) != 0) {
        fail_msg("%.17g s are %s, not %s", seconds, expected, number);
    }

    check_ready(seconds, number, decimals);
}


static void
test_hours(void **state)
{
    char   text[USAGE_HOURS_MAX];
    size_t i;

    static const struct {
        double      seconds;
        const char *number;
        const char *decimals;
    } cases[] = {
        { 0, "0", "0.00" },
        { -0.0, "0", "0.00" },
        { 17, "0", "0.00" },
        { 18, "0.01", "0.01" },
        { 53, "0.01", "0.01" },
        { 54, "0.02", "0.02" },
        { 360, "0.1", "0.10" },
        { 3600, "1", "1.00" },
        { 5400, "1.5", "1.50" },
        { 36000, "10", "10.00" },
        { 45432, "12.62", "12.62" },
        { 45450, "12.63", "12.63" },
        { 86399, "24", "24.00" },
        { 86400, "24", "24.00" },
        { 360000, "100", "100.00" },
        { 3600e6, "1000000", "1000000.00" },
        { 3600e9 + 36, "1000000000.01", "1000000000.01" },
    };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        *usage_hours_write_number(text, cases[i].seconds) = '\0';
        assert_string_equal(text, cases[i].number);

        *usage_hours_write_decimals(text, cases[i].seconds) = '\0';
        assert_string_equal(text, cases[i].decimals);
    }
}


static void
test_hours_exact(void **state)
{
    int      k;
    size_t   i, n;
    double   half;
    uint64_t rnd;

    (void) state;

    for (i = 0; i <= 200000; i++) {
        check_hours((double) i);
    }

    /* each half-way point of a day, and beside it */

    for (half = 18; half < 100000; half += 36) {
        check_hours(nextafter(half, 0));
        check_hours(half);
        check_hours(nextafter(half, INFINITY));
    }

    /* the half-way points and their neighbours */

    rnd = unit_seed();

    for (i = 0, n = unit_times(100000); i < n; i++) {
        half = 36 * (double) (unit_random(&rnd) >> (22 + unit_below(&rnd, 42)))
               + 18;

        if (half > 0x1p53) {
            continue;
        }

        check_hours(half);
        check_hours(nextafter(half, 0));
        check_hours(nextafter(half, INFINITY));
        check_hours(nextafter(nextafter(half, 0), 0));
        check_hours(half - 18);
        check_hours(nextafter(half - 18, INFINITY));
    }

    for (i = 0, n = unit_times(200000); i < n; i++) {
        k = (int) unit_below(&rnd, 127) - 73;
        check_hours(ldexp((double) (unit_random(&rnd) >> 11) * 0x1p-53, k));
    }

    check_hours(nextafter(0, 1));
    check_hours(0x1p-1022);
    check_hours(0x1p53);
    check_hours(0x1p53 - 1);
}


/*
 * The table has the hours of up to a day, and 0 for less than 0.
 */
static void
test_hours_ready(void **state)
{
    double seconds;

    (void) state;

    assert_true(usage_hours_are_ready(0));
    assert_true(usage_hours_are_ready(USAGE_SECONDS_PER_DAY));
    assert_true(usage_hours_are_ready(nextafter(86418, 0)));
    assert_false(usage_hours_are_ready(86418));
    assert_false(usage_hours_are_ready(1.7976931348623157e308));
    assert_false(usage_hours_are_ready(-18));
    assert_false(usage_hours_are_ready(-1e300));

    check_hours(nextafter(86418, 0));

    for (seconds = -0.25; seconds > -18; seconds -= 0.25) {
        assert_true(usage_hours_are_ready(seconds));
        check_ready(seconds, "0", "0.00");
    }

    check_ready(nextafter(-18, 0), "0", "0.00");
    check_ready(nextafter(0, -1), "0", "0.00");
}


/*
 * Hours beyond any day are a number that is at most a hundredth off.
 */
static void
test_hours_huge(void **state)
{
    char   text[USAGE_HOURS_MAX + 1], *end;
    size_t i, k;
    double seconds, hours;

    static const double cases[] = { 0x1p53, 0x1p54, 0x1p55 + 8, 3.2e17, 3.3e17,
        1e18, 1e19, 1e20, 1e22, 1e100, 1e300, 1.7976931348623157e308 };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        for (k = 0; k < 1000; k++) {
            seconds = cases[i] * (1 - (double) k * 0x1p-30);

            memset(text, '#', sizeof(text));
            end = usage_hours_write_number(text, seconds);
            assert_true(end - text <= USAGE_HOURS_MAX);
            *end = '\0';

            assert_int_equal(strspn(text, "0123456789."), strlen(text));
            hours = strtod(text, NULL);
            assert_true(
                fabs(hours - seconds / 3600) <= 0.51 + seconds / 3600 * 1e-15);

            memset(text, '#', sizeof(text));
            end = usage_hours_write_decimals(text, seconds);
            assert_true(end - text <= USAGE_HOURS_MAX);
            *end = '\0';

            assert_int_equal(end[-3], '.');
            hours = strtod(text, NULL);
            assert_true(
                fabs(hours - seconds / 3600) <= 0.02 + seconds / 3600 * 1e-15);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_soup),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_hours_exact),
        cmocka_unit_test(test_hours_ready),
        cmocka_unit_test(test_hours_huge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
