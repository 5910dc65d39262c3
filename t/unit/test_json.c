/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Strings that are written as JSON, and UTF-8, compared with jansson.
 */

#include "unit.h"
#include "base/usage_json.h"

#include <jansson.h>


/*
 * Writes text to a block of just the bytes that it takes at most, and reads it
 * back by jansson.
 */
static void
check_written(usage_str_t text, const char *expected, size_t expected_len)
{
    char   *copy, *json, *end;
    json_t *value;

    copy = unit_exact(text);
    json = unit_must(malloc(usage_json_string_max(text.len)));
    text.data = copy;

    end = usage_json_write_string(json, text);
    assert_true((size_t) (end - json) <= usage_json_string_max(text.len));

    value = json_loadb(
        json, (size_t) (end - json), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    assert_true(json_is_string(value));
    assert_int_equal(json_string_length(value), expected_len);
    assert_memory_equal(json_string_value(value), expected, expected_len);

    json_decref(value);
    free(json);
    free(copy);
}


static size_t
encode(char *p, uint32_t code)
{
    if (code < 0x80) {
        p[0] = (char) code;
        return 1;
    }

    if (code < 0x800) {
        p[0] = (char) (0xc0 + code / 64);
        p[1] = (char) (0x80 + code % 64);
        return 2;
    }

    if (code < 0x10000) {
        p[0] = (char) (0xe0 + code / 4096);
        p[1] = (char) (0x80 + code / 64 % 64);
        p[2] = (char) (0x80 + code % 64);
        return 3;
    }

    p[0] = (char) (0xf0 + code / 262144);
    p[1] = (char) (0x80 + code / 4096 % 64);
    p[2] = (char) (0x80 + code / 64 % 64);
    p[3] = (char) (0x80 + code % 64);
    return 4;
}


/*
 * Every character is recognized, and refused if it is cut.
 */
static void
test_every_character(void **state)
{
    char        text[4];
    size_t      n, cut;
    uint32_t    code;
    usage_str_t str;

    (void) state;

    for (code = 0; code <= 0x10ffff; code++) {
        n = encode(text, code);

        if (code >= 0xd800 && code <= 0xdfff) {
            assert_int_equal(usage_utf8_length(text, n), 0);
            continue;
        }

        if (usage_utf8_length(text, n) != n) {
            fail_msg("U+%04X is not a character", code);
        }

        for (cut = 1; cut < n; cut++) {
            assert_int_equal(usage_utf8_length(text, cut), 0);
        }

        str.data = text;
        str.len = n;
        assert_int_equal(usage_utf8_chars(str), 1);

        if (code < 0x1000 || code % 97 == 0) {
            check_written(str, text, n);
        }
    }

    assert_int_equal(usage_utf8_length("\xf4\x90\x80\x80", 4), 0);
    assert_int_equal(usage_utf8_length("\xf5\x80\x80\x80", 4), 0);
    assert_int_equal(usage_utf8_length("\xf8\x88\x80\x80\x80", 5), 0);
}


/*
 * Each character of one byte at each place of a text of any length.
 */
static void
test_every_place(void **state)
{
    int         c;
    char        text[27];
    size_t      i;
    usage_str_t str;

    (void) state;

    str.data = text;

    for (c = 0; c < 0x80; c++) {
        for (str.len = 1; str.len <= sizeof(text); str.len++) {
            for (i = 0; i < str.len; i++) {
                memset(text, 'a' + (int) i, sizeof(text));
                text[i] = (char) c;
                check_written(str, text, str.len);
            }
        }
    }
}


/*
 * Bytes at the edges of what UTF-8 allows are judged as jansson judges them.
 */
static void
test_ill_formed(void **state)
{
    char    text[4];
    size_t  a, b, c, d, n, len;
    json_t *value;

    static const unsigned char edges[] = { 0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90,
        0x9f, 0xa0, 0xbf, 0xc0, 0xff };

    (void) state;

    for (a = 0x7f; a < 0x100; a++) {
        for (b = 0; b < unit_count(edges); b++) {
            for (c = 0; c < unit_count(edges); c++) {
                for (d = 0; d < unit_count(edges); d++) {
                    text[0] = (char) a;
                    text[1] = (char) edges[b];
                    text[2] = (char) edges[c];
                    text[3] = (char) edges[d];

                    len = usage_utf8_length(text, 4);

                    for (n = 1; n <= 4; n++) {
                        value = json_stringn(text, n);
                        json_decref(value);

                        if (value != NULL) {
                            break;
                        }
                    }

                    if (len != (n > 4 ? 0 : n)) {
                        fail_msg("%02zx %02x %02x %02x has the length %zu", a,
                            edges[b], edges[c], edges[d], len);
                    }
                }
            }
        }
    }
}


/*
 * Which characters are controls; none of them is written as it is.
 */
static void
test_controls(void **state)
{
    char        text[8], json[64], *end;
    bool        control;
    size_t      n, len;
    uint32_t    code;
    usage_str_t str;

    (void) state;

    for (code = 0; code <= 0x10ffff; code++) {
        n = encode(text, code);

        if (code >= 0xd800 && code <= 0xdfff) {
            continue;
        }

        control = code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c
                  || code == 0x200e || code == 0x200f
                  || (code >= 0x2028 && code <= 0x202e)
                  || (code >= 0x2066 && code <= 0x2069);

        if (usage_utf8_control(text, n) != control) {
            fail_msg("U+%04X: a control, or none", code);
        }

        if (!control) {
            continue;
        }

        str.data = text;
        str.len = n;
        check_written(str, text, n);
        end = usage_json_write_string(json, str);
        assert_int_equal(end - json, sizeof("\"\\u0000\"") - 1);

        text[n] = 'x';
        len = usage_text_clean(text, n + 1);
        assert_int_equal(len, 2);
        assert_memory_equal(text, "?x", 2);
    }
}


static void
test_clean(void **state)
{
    char   text[] = "a\xc2\x9b\xff\xe2\x80\xae\xc3\xa9\xe2\x82";
    size_t len;

    (void) state;

    len = usage_text_clean(text, sizeof(text) - 1);
    assert_int_equal(len, 8);
    assert_memory_equal(text, "a???\xc3\xa9??", 8);
    assert_int_equal(usage_text_clean(text, 0), 0);
}


static void
test_strings(void **state)
{
    size_t i;
    char  *end, json[64];

    static const struct {
        usage_str_t text;
        const char *json;
    } cases[] = {
        { usage_string(""), "\"\"" },
        { usage_string("plain"), "\"plain\"" },
        { usage_string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"" },
        { usage_string("\n\t\x01\x1f"), "\"\\u000a\\u0009\\u0001\\u001f\"" },
        { usage_string("\x7f"), "\"\\u007f\"" },
        { usage_string("\0"), "\"\\u0000\"" },
        { usage_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        { usage_string("a\xff"
                       "b"),
            "\"a?b\"" },
        { usage_string("\xe2\x82"), "\"??\"" },
        { usage_string("\xc0\x80"), "\"??\"" },
        { usage_string("\xed\xa0\x80x"), "\"???x\"" },
        { usage_string("\xe2\"\x82"), "\"?\\\"?\"" },
    };

    (void) state;

    for (i = 0; i < unit_count(cases); i++) {
        end = usage_json_write_string(json, cases[i].text);
        *end = '\0';
        assert_string_equal(json, cases[i].json);
    }
}


/*
 * Any bytes become a string that jansson reads: well-formed characters stay as
 * they are, and each other byte is a question mark.
 */
static void
test_random(void **state)
{
    char        text[32];
    size_t      i, k, n, times;
    uint64_t    rnd;
    unit_text_t expected = { 0 };
    usage_str_t str;

    (void) state;

    rnd = unit_seed();

    for (i = 0, times = unit_times(50000); i < times; i++) {
        str.data = text;
        str.len = unit_below(&rnd, sizeof(text) - 4);

        for (k = 0; k < str.len; k += n) {
            n = encode(text + k,
                (uint32_t) (unit_random(&rnd)
                            % (unit_chance(&rnd, 50) ? 0x80 : 0x110000)));
        }

        str.len = k;

        for (n = unit_below(&rnd, 3); n > 0 && str.len > 0; n--) {
            text[unit_below(&rnd, str.len)] = (char) unit_below(&rnd, 256);
        }

        unit_text_clear(&expected);

        for (k = 0; k < str.len; k += n) {
            n = usage_utf8_length(text + k, str.len - k);

            if (n == 0) {
                unit_adds(&expected, "?");
                n = 1;

            } else {
                unit_add(&expected, text + k, n);
            }
        }

        check_written(str, expected.data, expected.len);
    }

    unit_text_free(&expected);
}


static void
test_chars(void **state)
{
    (void) state;

    assert_int_equal(usage_utf8_chars(unit_str("")), 0);
    assert_int_equal(usage_utf8_chars(unit_str("abc")), 3);
    assert_int_equal(
        usage_utf8_chars(unit_str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_ill_formed),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_chars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
