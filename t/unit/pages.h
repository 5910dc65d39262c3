/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Pages of statistics to try the reader with: well-formed ones in every
 * spelling that JSON allows, such that break a rule here and there, and both
 * of them mutated.
 */

#ifndef PAGES_H
#define PAGES_H

#include "oracle.h"


typedef struct {
    unit_text_t          text;
    const oracle_keys_t *keys;
    uint64_t            *rnd;
    unsigned             odd;      /* per mille of places that break a rule */
    unsigned             spelling; /* per cent with a spelling of their own */
} pages_t;


static inline bool
pages_odd(pages_t *pages)
{
    return unit_below(pages->rnd, 1000) < pages->odd;
}


static inline void
pages_space(pages_t *pages)
{
    static const char *const spaces[] = { " ", "\n", "\t", "\r\n", "   " };

    while (unit_chance(pages->rnd, pages->spelling / 2)) {
        unit_adds(&pages->text, spaces[unit_below(pages->rnd, 5)]);
    }
}


/*
 * One of the given texts, after white space.
 */
static inline void
pages_pick(pages_t *pages, const char *const *texts, size_t n)
{
    pages_space(pages);
    unit_adds(&pages->text, texts[unit_below(pages->rnd, n)]);
    pages_space(pages);
}


/*
 * What isn't JSON, or is refused by a rule, wherever it stands.
 */
static inline void
pages_nonsense(pages_t *pages)
{
    static const char *const texts[] = { "", "{", "[", "}", "]", ",", ":",
        "nul", "nulll", "NULL", "True", "tru", "NaN", "Infinity", "-", "+1",
        "01", "1.", ".5", "1e", "1e999", "-1e999", "9223372036854775808",
        "-9223372036854775809", "0x10", "'a'", "\"", "\"\\\"", "\"\\x\"",
        "\"\\u12\"", "\"\\u123g\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\ud800\\ud800\"", "\"\\ud800\\n\"", "\"\\ud800x\"",
        "\"\\udc00\\ud800\"", "\"\n\"", "\"\t\"", "\"\x1f\"", "\"\x80\"",
        "\"\xc0\xaf\"", "\"\xc1\xbf\"", "\"\xe0\x9f\xbf\"", "\"\xed\xa0\x80\"",
        "\"\xed\xbf\xbf\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"", "\"\xe2\x82\"", "\"\xe2\x82\\u20ac\"",
        "\"\xf0\x9f\x98\"", "\"\xff\"", "\xef\xbb\xbf", "/* */ 1", "// 1",
        "[1,]", "{\"a\":1,}", "{,}", "{a:1}", "{\"a\" 1}", "{\"a\"}", "[1 2]",
        "{\"a\":1 \"b\":2}", "\v", "\f", "\xc2\xa0", "1 1", "\"a\"\"b\"", "[}",
        "{]" };

    pages_pick(pages, texts, unit_count(texts));
}


/*
 * Any value at all, which is checked and forgotten.
 */
static inline void
pages_any(pages_t *pages, unsigned depth)
{
    size_t n;

    static const char *const texts[] = { "null", "true", "false", "0", "-0",
        "1", "-1", "0.5", "1e5", "-1.25E-7", "1e-999", "9223372036854775807",
        "-9223372036854775808", "\"\"", "\"text\"",
        "\"\\\"\\\\\\/\\b\\f\\n"
        "\\r\\t\\u00e9\\ud83d\\ude00\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98"
        "\x80\"",
        "\"\x7f\"", "\"count\"", "{}", "[]", "[[]]", "[{}]", "{\"\":{}}",
        "{\"a\":1,\"a\":2}", "{\"items\":[1],\"items\":2}",
        "{\"count\":1,\"count\":2}", "{\"metric\":[{\"metric_name\":1}]}" };

    if (pages_odd(pages)) {
        pages_nonsense(pages);
        return;
    }

    if (depth == 0 || unit_chance(pages->rnd, 70)) {
        pages_pick(pages, texts, unit_count(texts));
        return;
    }

    if (unit_chance(pages->rnd, 50)) {
        unit_adds(&pages->text, "[");

        for (n = unit_below(pages->rnd, 4); n > 0; n--) {
            pages_any(pages, depth - 1);
            unit_adds(&pages->text, n > 1 ? "," : "");
        }

        unit_adds(&pages->text, "]");
        return;
    }

    unit_adds(&pages->text, "{");

    for (n = unit_below(pages->rnd, 4); n > 0; n--) {
        unit_addf(&pages->text, "\"k%zu\":", unit_below(pages->rnd, 3));
        pages_any(pages, depth - 1);
        unit_adds(&pages->text, n > 1 ? "," : "");
    }

    unit_adds(&pages->text, "}");
}


/*
 * A string, each character plain or escaped.
 */
static inline void
pages_string(pages_t *pages, const char *string)
{
    const char *p;

    pages_space(pages);
    unit_adds(&pages->text, "\"");

    for (p = string; *p != '\0'; p++) {
        if ((unsigned char) *p < 0x80
            && unit_chance(pages->rnd, pages->spelling / 8)) {
            unit_addf(&pages->text,
                unit_chance(pages->rnd, 50) ? "\\u%04x" : "\\u%04X",
                (unsigned) *p);

        } else if (*p == '/' && unit_chance(pages->rnd, pages->spelling)) {
            unit_adds(&pages->text, "\\/");

        } else {
            unit_add(&pages->text, p, 1);
        }
    }

    unit_adds(&pages->text, "\"");
    pages_space(pages);
}


static inline void
pages_id(pages_t *pages, size_t n)
{
    size_t i, len;

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\u20ac", "\\n", "\\\"" };

    static const char *const wrong[] = { "null", "\"\"", "1", "{}", "[]",
        "true", "[\"a\"]", "{\"a\":\"b\"}" };

    if (pages_odd(pages)) {
        pages_pick(pages, wrong, unit_count(wrong));
        return;
    }

    if (unit_chance(pages->rnd, pages->spelling / 8)) {
        len = unit_chance(pages->rnd, 30) ? 253 + unit_below(pages->rnd, 4)
                                          : 1 + unit_below(pages->rnd, 255);
        unit_adds(&pages->text, "\"");

        for (i = 0; i < len; i++) {
            unit_adds(&pages->text, chars[unit_below(pages->rnd, 8)]);
        }

        unit_adds(&pages->text, "\"");
        return;
    }

    unit_addf(&pages->text, "\"c6e6dbd7-c950-471d-a6a7-%012zx\"", n);
}


static inline void
pages_seconds(pages_t *pages)
{
    static const char *const texts[] = { "0", "0.0", "-0", "-0.0", "45432.0",
        "4.5432e4", "45432", "86400.0", "null", "1e300", "1e-300", "1e-999",
        "9007199254740993", "0.1", "123456789012345678901234567890.0",
        "9223372036854775807", "1.7976931348623157e308" };

    static const char *const wrong[] = { "-1", "-0.5", "-1e-300", "\"1\"",
        "true", "false", "[]", "{}", "[1]", "{\"metric_value\":1}", "1e309",
        "9223372036854775808" };

    if (pages_odd(pages)) {
        pages_pick(pages, wrong, unit_count(wrong));

    } else if (unit_chance(pages->rnd, pages->spelling)) {
        pages_pick(pages, texts, unit_count(texts));

    } else {
        unit_addf(&pages->text, "%zu.%zu", unit_below(pages->rnd, 86400),
            unit_below(pages->rnd, 1000));
    }
}


/*
 * Members in any order, some twice where that is odd, others among them.
 */

typedef void (*pages_member_t)(pages_t *pages, unsigned which, size_t n);

static inline void
pages_object(pages_t *pages, unsigned members, pages_member_t member, size_t n)
{
    size_t   k, count, other;
    unsigned which, list[16];

    static const char *const others[] = { "resource_name", "username", "x", "",
        "resource_pool_id", "latest_connect_username", "Count", "counts",
        "coun", "items ", "metric_nam", "resource_ids", "\xc3\xa9", "offset" };

    for (which = 0, count = 0; which < members; which++) {
        k = !pages_odd(pages) ? 1 : unit_chance(pages->rnd, 50) ? 0 : 2;

        for (; k > 0; k--) {
            list[count++] = which;
        }
    }

    while (count < unit_count(list)
           && unit_chance(pages->rnd, pages->spelling / 4)) {
        list[count++] = members; /* another key */
    }

    if (unit_chance(pages->rnd, pages->spelling)) {
        for (k = count; k > 1; k--) {
            other = unit_below(pages->rnd, k);
            which = list[k - 1];
            list[k - 1] = list[other];
            list[other] = which;
        }
    }

    pages_space(pages);
    unit_adds(&pages->text, "{");
    pages_space(pages);

    for (k = 0; k < count; k++) {
        unit_adds(&pages->text, k > 0 ? "," : "");

        if (list[k] < members) {
            member(pages, list[k], n);
            continue;
        }

        pages_string(pages, others[unit_below(pages->rnd, unit_count(others))]);
        unit_adds(&pages->text, ":");
        pages_any(pages, 3);
    }

    if (unit_below(pages->rnd, 4000) < pages->odd) {
        unit_adds(&pages->text, ",");
    }

    unit_adds(&pages->text, "}");
    pages_space(pages);
}


static inline void
pages_metric_member(pages_t *pages, unsigned which, size_t n)
{
    static const char *const names[] = { "desktop_usage", "user_login_count",
        "desktop_usage ", "desktop_usag", "", "Desktop_usage", "desktop_usage",
        "user_usage" };

    if (which == 1) {
        pages_string(pages, "metric_value");
        unit_adds(&pages->text, ":");

        if (n == 0) {
            pages_seconds(pages);

        } else {
            pages_any(pages, 2);
        }

        return;
    }

    pages_string(pages, "metric_name");
    unit_adds(&pages->text, ":");

    if (pages_odd(pages)) {
        pages_any(pages, 1);

    } else if (n == 0) {
        pages_string(pages, pages->keys->metric);

    } else if (n == 1) {
        pages_string(pages, "desktop_idle_duration");

    } else {
        pages_string(pages, names[unit_below(pages->rnd, unit_count(names))]);
    }
}


/*
 * What a row is called: any text, or none.
 */
static inline void
pages_name(pages_t *pages)
{
    size_t n, len;

    static const char *const texts[] = { "null", "\"\"", "1", "true",
        "\"\\ud83d\\ude00\"", "\"\xe2\x82\xac 1\"" };

    if (pages_odd(pages)) {
        pages_any(pages, 1);

    } else if (unit_chance(pages->rnd, pages->spelling / 2)) {
        pages_pick(pages, texts, unit_count(texts));

    } else if (unit_chance(pages->rnd, pages->spelling / 16)) {
        len = USAGE_ID_BYTES_MAX - 2 + unit_below(pages->rnd, 5);
        unit_adds(&pages->text, "\"");

        for (n = 0; n < len; n++) {
            unit_adds(&pages->text, "n");
        }

        unit_adds(&pages->text, "\"");

    } else {
        pages_string(pages, "DESK/01");
    }
}


/*
 * The enterprise project of a row: mostly one of few.
 */
static inline void
pages_project(pages_t *pages)
{
    static const char *const texts[] = { "\"\"", "null", "\"\\u0030\"",
        "\"\xc3\xa9\"", "\"0\"" };
    static const char *const projects[] = { "0",
        "6fa3c2e0-0000-4000-8000-000000000001" };

    if (pages_odd(pages)) {
        pages_any(pages, 1);

    } else if (unit_chance(pages->rnd, pages->spelling / 2)) {
        pages_pick(pages, texts, unit_count(texts));

    } else {
        pages_string(pages, projects[unit_below(pages->rnd, 2)]);
    }
}


static inline void
pages_metrics(pages_t *pages)
{
    bool   usage;
    size_t n;

    if (unit_chance(pages->rnd, pages->spelling / 8)) {
        unit_adds(&pages->text, unit_chance(pages->rnd, 50) ? "null" : "[ ]");
        return;
    }

    unit_adds(&pages->text, "[");

    n = unit_chance(pages->rnd, pages->spelling) ? unit_below(pages->rnd, 4)
                                                 : 2;
    usage = unit_chance(pages->rnd, 50);

    if (n == 2) {
        pages_object(pages, 2, pages_metric_member, usage);
        unit_adds(&pages->text, ",");
        pages_object(pages, 2, pages_metric_member, !usage);

    } else {
        for (; n > 0; n--) {
            if (pages_odd(pages)) {
                pages_any(pages, 1);

            } else {
                pages_object(
                    pages, 2, pages_metric_member, n == 2 ? 0 : 1 + n % 2);
            }

            unit_adds(&pages->text, n > 1 ? "," : "");
        }
    }

    unit_adds(&pages->text, "]");
}


static inline void
pages_row_member(pages_t *pages, unsigned which, size_t n)
{
    if (which == 0) {
        pages_string(pages, pages->keys->list[ORACLE_ID].name);
        unit_adds(&pages->text, ":");
        pages_id(pages, n);

    } else if (which == 1) {
        pages_string(pages, "resource_name");
        unit_adds(&pages->text, ":");
        pages_name(pages);

    } else if (which == 3) {
        pages_string(pages, "enterprise_project_id");
        unit_adds(&pages->text, ":");
        pages_project(pages);

    } else {
        pages_string(pages, "metric");
        unit_adds(&pages->text, ":");

        if (pages_odd(pages)) {
            pages_any(pages, 2);

        } else {
            pages_metrics(pages);
        }
    }
}


static inline void
pages_page_member(pages_t *pages, unsigned which, size_t n)
{
    size_t i;

    static const char *const counts[] = { "0", "-0", "1", "100", "2147483647" };
    static const char *const wrong[] = { "-1", "1.0", "1e2", "2147483648",
        "\"2\"", "null", "true", "[]", "{}", "9223372036854775808" };

    if (which == 0) {
        pages_string(pages, "count");
        unit_adds(&pages->text, ":");

        if (pages_odd(pages)) {
            pages_pick(pages, wrong, unit_count(wrong));

        } else if (unit_chance(pages->rnd, pages->spelling)) {
            pages_pick(pages, counts, unit_count(counts));

        } else {
            unit_addf(&pages->text, "%zu", n);
        }

        return;
    }

    pages_string(pages, "items");
    unit_adds(&pages->text, ":");

    if (n == 0 && unit_chance(pages->rnd, 30)) {
        pages_pick(pages, (const char *const[]){ "null", "[]" }, 2);
        return;
    }

    if (pages_odd(pages)) {
        pages_any(pages, 1);
        return;
    }

    unit_adds(&pages->text, "[");

    for (i = 0; i < n; i++) {
        unit_adds(&pages->text, i > 0 ? "," : "");

        if (pages_odd(pages) && unit_chance(pages->rnd, 30)) {
            pages_any(pages, 1);

        } else {
            pages_object(pages, 4, pages_row_member, i);
        }
    }

    unit_adds(&pages->text, "]");
}


/*
 * A new page, of any of the statistics.
 */
static inline void
pages_generate(pages_t *pages, uint64_t *rnd)
{
    size_t rows, n;

    static const unsigned odds[] = { 0, 0, 5, 20, 100 };
    static const unsigned spellings[] = { 0, 10, 40, 80 };

    unit_text_clear(&pages->text);

    pages->rnd = rnd;
    pages->keys = &oracle_kinds[unit_below(rnd, ORACLE_KINDS)];
    pages->odd = odds[unit_below(rnd, unit_count(odds))];
    pages->spelling = spellings[unit_below(rnd, unit_count(spellings))];

    rows = unit_chance(rnd, 97) ? unit_below(rnd, 5) : unit_below(rnd, 110);

    if (unit_chance(rnd, 1)) { /* nested deeply, in an unknown key */
        rows = 1 + unit_below(rnd, unit_chance(rnd, 50) ? 64 : 3000);
        rows = rows > 2040 && rows < 2060 ? 2040 : rows;

        unit_adds(&pages->text, "{\"count\":0,\"x\":");

        for (n = 0; n < rows; n++) {
            unit_adds(&pages->text, n % 3 == 1 ? "{\"count\":" : "[");
        }

        unit_adds(&pages->text, "1");

        while (n-- > 0) {
            unit_adds(&pages->text, n % 3 == 1 ? "}" : "]");
        }

        unit_adds(&pages->text, "}");
        return;
    }

    pages_object(pages, 2, pages_page_member, rows);

    if (pages_odd(pages)) {
        pages_nonsense(pages);
    }
}


/*
 * Replaces len bytes at at by others.
 */
static inline void
pages_splice(
    unit_text_t *text, size_t at, size_t len, const char *by, size_t by_len)
{
    unit_text_t result = { 0 };

    unit_add(&result, text->data, at);
    unit_add(&result, by, by_len);
    unit_add(&result, text->data + at + len, text->len - at - len);
    unit_text_free(text);
    *text = result;
}


/*
 * Breaks a page in one place.
 */
static inline void
pages_mutate(unit_text_t *text, uint64_t *rnd)
{
    char   copy[64];
    size_t at, len, to;

    static const char *const tokens[] = { "{", "}", "[", "]", ",", ":", "\"",
        "\\", "\\u", "\\ud800", "\\udc00", "\\u0000", "\\ud83d\\ude00", "null",
        "true", "false", "0", "-", ".", "e", "1e999", "99999999999999999999",
        "\"count\":1,", "\"items\":[],", "\"items\":null,", "{},", "[],",
        "\"resource_id\":\"a\",", "\"username\":\"a\",",
        "\"resource_name\":\"n\",", "\"metric\":null,", "\"metric\":[],",
        "\"metric_name\":\"desktop_usage\",", "\"metric_value\":1,",
        "\"metric_value\":null,", "\"x\":1,\"x\":2,", "desktop_usage",
        "user_usage", "\xc3\xa9", "\xc3", "\xa9", "\xe2\x82\xac",
        "\xed\xa0\x80", "\xf4\x90", "\xc0\x80", "\xff", " ", "\n", "\t", "\v",
        "\x7f", "\x01" };

    at = unit_below(rnd, text->len + 1);
    len = unit_below(rnd, 8);
    len = len > text->len - at ? text->len - at : len;
    to = unit_below(rnd, unit_count(tokens));

    switch (unit_below(rnd, 8)) {

    case 0: /* another byte */
        if (at < text->len) {
            text->data[at] = (char) unit_below(rnd, 256);
        }

        break;

    case 1: /* a bit flipped */
        if (at < text->len) {
            text->data[at] =
                (char) (text->data[at] ^ (char) (1u << unit_below(rnd, 8)));
        }

        break;

    case 2: /* cut */
        pages_splice(text, at, text->len - at, "", 0);
        break;

    case 3: /* some bytes less */
        pages_splice(text, at, len, "", 0);
        break;

    case 4: /* a piece of it once more, elsewhere */
        len = unit_below(rnd, sizeof(copy));
        len = len > text->len - at ? text->len - at : len;
        memcpy(copy, text->data + at, len);
        pages_splice(text, unit_below(rnd, text->len + 1), 0, copy, len);
        break;

    case 5: /* a token in place of some bytes */
        pages_splice(text, at, len, tokens[to], strlen(tokens[to]));
        break;

    default: /* a token more; mostly where one can stand */
        if (unit_chance(rnd, 70)) {
            while (at < text->len && strchr("{[,:", text->data[at]) == NULL) {
                at++;
            }

            at += at < text->len;
        }

        pages_splice(text, at, 0, tokens[to], strlen(tokens[to]));
        break;
    }
}


#endif /* PAGES_H */
