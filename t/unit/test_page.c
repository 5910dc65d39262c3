/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * One page (translation.md, "Pages"): the rules one by one; then the reader is
 * compared with jansson on generated and mutated pages, in pieces of all sizes.
 */

#include "pages.h"


typedef struct {
    unit_arena_t  arena;
    usage_table_t table;
    usage_error_t error;
    usage_template_t template;
    usage_page_reader_t reader;
} page_test_t;


static size_t
all(void *data)
{
    (void) data;

    return SIZE_MAX;
}


static size_t
fixed(void *data)
{
    return *(size_t *) data;
}


static size_t
random_size(void *data)
{
    uint64_t *rnd;

    rnd = data;

    return unit_chance(rnd, 50) ? unit_below(rnd, 4) : unit_below(rnd, 100);
}


static void
start_keys(page_test_t *t, const usage_page_keys_t *keys)
{
    unit_arena_start(&t->arena);
    assert_int_equal(usage_table_init(&t->table, &t->arena.pool, 1), USAGE_OK);

    memset(&t->error, 0, sizeof(t->error));
    memset(&t->reader, 0xa5, sizeof(t->reader));
    usage_template_start(&t->template);
    usage_page_start(
        &t->reader, keys, oracle_bounds, &t->template, &t->table, &t->error);
}


static void
start(page_test_t *t)
{
    start_keys(t, &usage_page_desktops);
}


static usage_result_t
read_page(page_test_t *t, usage_str_t text)
{
    start(t);

    return oracle_feed(&t->reader, text, all, NULL);
}


static void
finish(page_test_t *t)
{
    unit_arena_free(&t->arena);
}


/*
 * Checks that a page is refused with 502, in one piece and byte by byte.
 */
static void
refused_text(usage_str_t text)
{
    size_t      one;
    page_test_t t;

    if (read_page(&t, text) != USAGE_ERROR) {
        fail_msg(
            "accepted: %.*s", text.len < 300 ? (int) text.len : 300, text.data);
    }

    assert_int_equal(t.error.status, 502);
    assert_true(t.error.detail[0] != '\0');
    finish(&t);

    one = 1;
    start(&t);

    if (oracle_feed(&t.reader, text, fixed, &one) != USAGE_ERROR) {
        fail_msg("accepted byte by byte: %.*s",
            text.len < 300 ? (int) text.len : 300, text.data);
    }

    assert_int_equal(t.error.status, 502);
    finish(&t);
}


static void
refused(const char *text)
{
    refused_text(unit_str(text));
}


/*
 * Writes a page of one row, "a", with that many seconds.
 */
static void
one_row(const char *text, double seconds)
{
    page_test_t t;

    if (read_page(&t, unit_str(text)) != USAGE_OK) {
        fail_msg("refused: %.300s: %s", text, t.error.detail);
    }

    assert_int_equal(t.reader.page.count, 1);
    assert_int_equal(t.reader.page.rows_count, 1);
    assert_true(unit_is(t.reader.page.rows[0].desktop->id, "a"));

    if (t.reader.page.rows[0].seconds != seconds) {
        fail_msg("%.17g seconds: %s", t.reader.page.rows[0].seconds, text);
    }

    finish(&t);
}


static void
empty(const char *text)
{
    page_test_t t;

    if (read_page(&t, unit_str(text)) != USAGE_OK) {
        fail_msg("refused: %.300s: %s", text, t.error.detail);
    }

    assert_int_equal(t.reader.page.count, 0);
    assert_int_equal(t.reader.page.rows_count, 0);
    finish(&t);
}


#define ROW(row)   "{\"count\":1,\"items\":[" row "]}"
#define METRICS(m) ROW("{\"resource_id\":\"a\",\"metric\":" m "}")
#define METRIC(m)  METRICS("[" m "]")
#define USAGE(value)                                                           \
    "{\"metric_name\":\"desktop_usage\",\"metric_value\":" value "}"
#define IDLE(value)                                                            \
    "{\"metric_name\":\"desktop_idle_duration\",\"metric_value\":" value "}"


/*
 * Special bytes are found at any place of the blocks that the reader looks at,
 * behind white space of any length.
 */
static void
test_blocks(void **state)
{
    size_t      pad, len;
    unit_text_t text = { 0 };

    static const char *const ends[] = { "", "\\\"", "\xc3\xa9", "\\u00e9",
        "!" };

    (void) state;

    for (pad = 0; pad < 2 * USAGE_SCAN_BLOCK + 2; pad++) {
        for (len = 0; len < 2 * USAGE_SCAN_BLOCK + 2; len++) {
            unit_text_clear(&text);
            unit_addf(&text,
                "{\"count\":1,%*s\"items\":[{\"x\":\"%0*d%s\",%*s"
                "\"resource_id\":%*s\"a\",\"metric\":[" USAGE("7.5") "]}]}",
                (int) pad, "", (int) len, 0, ends[len % unit_count(ends)],
                (int) (pad % 7), "", (int) (pad % 3), "");
            one_row(text.data, 7.5);

            if (len % 9 == pad % 9) {
                unit_text_clear(&text);
                unit_addf(&text, "{\"count\":0,\"x\":%*s\"%0*d%c\"}", (int) pad,
                    "", (int) len, 0, (char) (len % 31 + 1));
                refused(text.data);
            }
        }
    }

    unit_text_free(&text);
}


static const char documented[] =
    "{\"count\": 2, \"items\": [\n"
    "  {\"resource_id\": \"c6e6\", \"resource_name\": \"DESK-01\",\n"
    "   \"resource_pool_id\": \"p\", \"latest_connect_username\": \"u\",\n"
    "   \"metric\": [{\"metric_name\": \"desktop_usage\","
    " \"metric_value\": 45432.0},\n"
    "              {\"metric_name\": \"desktop_idle_duration\","
    " \"metric_value\": 0.0}]},\n"
    "  {\"metric\": [{\"metric_value\": 5e-1, \"metric_name\":"
    " \"desktop_idle_duration\"},\n"
    "              {\"metric_value\": 3600, \"metric_name\":"
    " \"desktop_\\u0075sage\"}],\n"
    "   \"resource_id\": \"\\ud83d\\ude00\\n\xc3\xa9\"}]}\n";


static void
check_documented(const page_test_t *t)
{
    const usage_page_t *page;

    page = &t->reader.page;

    assert_int_equal(page->count, 2);
    assert_int_equal(page->rows_count, 2);
    assert_true(unit_is(page->rows[0].desktop->id, "c6e6"));
    assert_true(page->rows[0].seconds == 45432);
    assert_true(
        unit_is(page->rows[1].desktop->id, "\xf0\x9f\x98\x80\n\xc3\xa9"));
    assert_true(page->rows[1].seconds == 3600);
    assert_int_equal(t->table.count, 2);
    assert_true(t->table.desktops[0] == page->rows[0].desktop);
    assert_false(usage_cell_shown(t->table.desktops[0], 0));
}


static void
test_documented(void **state)
{
    size_t      n, i;
    uint64_t    rnd;
    page_test_t t;

    (void) state;

    for (n = 1; n <= sizeof(documented); n++) {
        start(&t);
        assert_int_equal(
            oracle_feed(&t.reader, unit_str(documented), fixed, &n), USAGE_OK);
        check_documented(&t);
        finish(&t);
    }

    rnd = unit_seed();

    for (i = 0; i < 2000; i++) {
        start(&t);
        assert_int_equal(
            oracle_feed(&t.reader, unit_str(documented), random_size, &rnd),
            USAGE_OK);
        check_documented(&t);
        finish(&t);
    }
}


/*
 * A page that is cut anywhere is refused, unless only white space is cut off.
 */
static void
test_cut(void **state)
{
    usage_str_t text;

    (void) state;

    for (text.len = 0; text.len < sizeof(documented) - 2; text.len++) {
        text.data = documented;
        refused_text(text);
    }
}


static void
test_usage(void **state)
{
    (void) state;

    one_row(METRIC(USAGE("45432.0")), 45432);
    one_row(METRIC(USAGE("45432")), 45432);
    one_row(METRIC(USAGE("4.5432E4")), 45432);
    one_row(METRIC(USAGE("0")), 0);
    one_row(METRIC(USAGE("-0")), 0);
    one_row(METRIC(USAGE("-0.0")), 0);
    one_row(METRIC(USAGE("0.1")), 0.1);
    one_row(METRIC(USAGE("1e300")), 1e300);
    one_row(METRIC(USAGE("1e-999")), 0);
    one_row(METRIC(USAGE("9223372036854775807")), 9223372036854775807.0);

    /* in any order, among others */

    one_row(METRIC(USAGE("1") "," IDLE("2")), 1);
    one_row(METRIC(IDLE("2") "," USAGE("1")), 1);
    one_row(METRIC(IDLE("2") "," USAGE("1") "," IDLE("3") "," IDLE("4")), 1);
    one_row(
        METRIC("{\"metric_value\":7,\"metric_name\":\"desktop_usage\"}"), 7);
    one_row(METRIC("{\"metric_value\":7,\"x\":{\"metric_value\":8},"
                   "\"metric_name\":\"desktop_usage\",\"y\":[9]}"),
        7);
    one_row(ROW("{\"x\":[1,2],\"metric\":[" USAGE(
                "1") "],\"y\":null,\"resource_id\":\"a\"}"),
        1);
    one_row("{\"items\":[{\"resource_id\":\"a\",\"metric\":[" USAGE(
                "1") "]}],\"count\":1}",
        1);
}


/*
 * A desktop without use: the metric is missing, or null, or has no value.
 */
static void
test_no_use(void **state)
{
    (void) state;

    one_row(ROW("{\"resource_id\":\"a\"}"), 0);
    one_row(METRICS("null"), 0);
    one_row(METRICS("[]"), 0);
    one_row(METRIC(IDLE("5")), 0);
    one_row(METRIC(USAGE("null")), 0);
    one_row(METRIC(USAGE("null") "," IDLE("5")), 0);
    one_row(METRIC("{\"metric_name\":\"desktop_usage\"}"), 0);
    one_row(
        METRIC("{\"metric_name\":\"Desktop_usage\",\"metric_value\":3}"), 0);
    one_row(
        METRIC("{\"metric_name\":\"desktop_usage \",\"metric_value\":3}"), 0);
    one_row(METRIC("{\"metric_name\":\"\",\"metric_value\":3}"), 0);
}


/*
 * The value of another metric does not matter.
 */
static void
test_other_metrics(void **state)
{
    (void) state;

    one_row(METRIC(IDLE("-1") "," USAGE("1")), 1);
    one_row(METRIC(IDLE("\"x\"") "," USAGE("1")), 1);
    one_row(METRIC(IDLE(
                "[{\"metric_name\":\"desktop_usage\"},[],{}]") "," USAGE("1")),
        1);
    one_row(
        METRIC(IDLE("{\"metric_value\":[{}],\"items\":2}") "," USAGE("1")), 1);
    one_row(METRIC(IDLE("true") "," USAGE("1") "," IDLE("false")), 1);
    one_row(METRIC(USAGE("1") ",{\"metric_name\":\"x\"}"), 1);
}


static void
test_wrong_usage(void **state)
{
    (void) state;

    refused(METRIC(USAGE("-1")));
    refused(METRIC(USAGE("-0.001")));
    refused(METRIC(USAGE("-1e-300")));
    refused(METRIC(USAGE("\"45432\"")));
    refused(METRIC(USAGE("\"\"")));
    refused(METRIC(USAGE("true")));
    refused(METRIC(USAGE("false")));
    refused(METRIC(USAGE("[]")));
    refused(METRIC(USAGE("[1]")));
    refused(METRIC(USAGE("{}")));
    refused(METRIC(USAGE("{\"metric_value\":1}")));
    refused(METRIC(USAGE("1e309")));
    refused(METRIC(USAGE("9223372036854775808")));
    refused(METRIC(USAGE("NaN")));
    refused(METRIC(USAGE("Infinity")));
    refused(METRIC(USAGE("-Infinity")));
    refused(METRIC(USAGE("")));
    refused(METRIC("{\"metric_value\":-1,\"metric_name\":\"desktop_usage\"}"));
    refused(METRIC(USAGE("1") "," USAGE("1")));
    refused(METRIC(USAGE("null") "," USAGE("1")));
    refused(METRIC(USAGE("1") "," IDLE("1") "," USAGE("null")));

    refused(METRIC("{\"metric_value\":1}"));
    refused(METRIC("{}"));
    refused(METRIC("{\"metric_name\":null,\"metric_value\":1}"));
    refused(METRIC("{\"metric_name\":1,\"metric_value\":1}"));
    refused(METRIC("{\"metric_name\":[],\"metric_value\":1}"));
    refused(METRIC("{\"metric_name\":{},\"metric_value\":1}"));
    refused(METRIC("1"));
    refused(METRIC("null"));
    refused(METRIC("[]"));
    refused(METRIC("\"desktop_usage\""));
    refused(METRICS("{}"));
    refused(METRICS("\"\""));
    refused(METRICS("0"));
    refused(METRICS("false"));
}


static void
test_row_without_id(void **state)
{
    (void) state;

    refused(ROW("{}"));
    refused(ROW("{\"metric\":[" USAGE("1") "]}"));
    refused(ROW("{\"resource_id\":null,\"metric\":[]}"));
    refused(ROW("{\"resource_id\":\"\",\"metric\":[]}"));
    refused(ROW("{\"resource_id\":1}"));
    refused(ROW("{\"resource_id\":[\"a\"]}"));
    refused(ROW("{\"resource_id\":{\"resource_id\":\"a\"}}"));
    refused(ROW("{\"resource_id\":true}"));
    refused(ROW("{\"resource_Id\":\"a\"}"));
    refused(ROW("{\"x\":{\"resource_id\":\"a\"}}"));
    refused(ROW("{\"resource_id\":\"a\"},{}"));
    refused(ROW("{},{\"resource_id\":\"a\"}"));
    refused(ROW("null"));
    refused(ROW("1"));
    refused(ROW("\"a\""));
    refused(ROW("[]"));
    refused(ROW("{\"resource_id\":\"a\"},null"));
}


/*
 * An id may have 255 characters, of up to four bytes or as escapes, but not
 * 256.
 */
static void
test_long_id(void **state)
{
    size_t      i, k, n, one;
    page_test_t t;
    unit_text_t text = { 0 };

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\u20ac" };
    static const size_t      sizes[] = { 1, 2, 3, 4, 4, 3 };

    (void) state;

    for (i = 0; i < unit_count(chars); i++) {
        for (n = 254; n <= 257; n++) {
            unit_text_clear(&text);
            unit_adds(&text, "{\"count\":1,\"items\":[{\"resource_id\":\"");

            for (k = 0; k < n; k++) {
                unit_adds(&text, chars[i]);
            }

            unit_adds(&text, "\"}]}");

            if (n > 255) {
                refused(text.data);
                continue;
            }

            for (one = 1; one <= text.len; one += 1 + one / 8) {
                start(&t);
                assert_int_equal(
                    oracle_feed(&t.reader, unit_text_str(&text), fixed, &one),
                    USAGE_OK);
                assert_int_equal(
                    t.reader.page.rows[0].desktop->id.len, n * sizes[i]);
                finish(&t);
            }
        }
    }

    unit_text_free(&text);
}


static void
test_count_and_items(void **state)
{
    (void) state;

    empty("{\"count\":0,\"items\":[]}");
    empty("{\"count\":0,\"items\":null}");
    empty("{\"count\":0}");
    empty("{\"count\":-0}");
    empty(" \r\n\t{ \"items\" : [ ] , \"count\" : 0 } \r\n\t");

    refused("{}");
    refused("{\"items\":[]}");
    refused("{\"items\":[{\"resource_id\":\"a\"}]}");
    refused("{\"count\":null,\"items\":[]}");
    refused("{\"count\":\"0\",\"items\":[]}");
    refused("{\"count\":0.0,\"items\":[]}");
    refused("{\"count\":1e0,\"items\":[]}");
    refused("{\"count\":-1,\"items\":[]}");
    refused("{\"count\":true,\"items\":[]}");
    refused("{\"count\":[],\"items\":[]}");
    refused("{\"count\":{},\"items\":[]}");
    refused("{\"count\":2147483648,\"items\":[]}");
    refused("{\"count\":99999999999999999999,\"items\":[]}");
    refused("{\"x\":{\"count\":0},\"items\":[]}");

    refused("{\"count\":1}");
    refused("{\"count\":1,\"items\":null}");
    refused("{\"items\":null,\"count\":1}");
    refused("{\"count\":0,\"items\":{}}");
    refused("{\"count\":0,\"items\":0}");
    refused("{\"count\":0,\"items\":\"\"}");
    refused("{\"count\":0,\"items\":false}");
}


/*
 * The reader bounds the rows by the number that was asked for.  Whether they
 * are as many as the count says is checked elsewhere.
 */
static void
test_many_rows(void **state)
{
    size_t      n, i;
    page_test_t t;
    unit_text_t text = { 0 };

    (void) state;

    for (n = 98; n <= 250; n += n < 103 ? 1 : 49) {
        unit_text_clear(&text);
        unit_adds(&text, "{\"items\":[");

        for (i = 0; i < n; i++) {
            unit_addf(&text,
                "%s{\"resource_id\":\"d%zu\",\"metric\":[" USAGE("%zu") "]}",
                i > 0 ? "," : "", i, i + 7);
        }

        unit_adds(&text, "],\"count\":2147483647}");

        assert_int_equal(read_page(&t, unit_text_str(&text)),
            n <= USAGE_PAGE_ROWS + 1 ? USAGE_OK : USAGE_ERROR);

        if (n <= USAGE_PAGE_ROWS + 1) {
            assert_int_equal(t.reader.page.count, 2147483647);
            assert_int_equal(t.reader.page.rows_count, n);

        } else {
            assert_int_equal(t.error.status, 502);
            assert_non_null(strstr(t.error.detail,
                "it has more than the 100 rows that were asked for"));
        }

        for (i = 0; i < n && i < USAGE_PAGE_ROWS; i++) {
            assert_true(t.reader.page.rows[i].seconds == (double) (i + 7));
            assert_true(t.reader.page.rows[i].desktop == t.table.desktops[i]);
        }

        finish(&t);
    }

    unit_text_free(&text);
}


/*
 * A page that does not end: the reader keeps a bounded part of it, and refuses
 * it in the piece in which it gets too long.
 */
static void
test_endless(void **state)
{
    char        row[128];
    size_t      n, limit;
    page_test_t t;

    static char space[64 * 1024];

    (void) state;

    for (limit = 1; limit <= USAGE_PAGE_ROWS; limit += 33) {
        start(&t);
        t.reader.bounds.rows = limit;
        assert_int_equal(
            usage_page_feed(&t.reader, "{\"count\":9,\"items\":[", 20),
            USAGE_OK);

        for (n = 0; n < 3 * USAGE_PAGE_ROWS; n++) {
            (void) snprintf(row, sizeof(row),
                "%s{\"resource_id\":\"d%zu\",\"metric\":[" USAGE("1") "]}",
                n > 0 ? "," : "", n);

            if (usage_page_feed(&t.reader, row, strlen(row)) != USAGE_OK) {
                break;
            }
        }

        assert_int_equal(n, limit + 1);
        assert_int_equal(t.error.status, 502);
        assert_int_equal(t.table.count, limit + 2);
        finish(&t);
    }

    /* nothing but white space */

    memset(space, ' ', sizeof(space));
    start(&t);

    for (n = 0; n < USAGE_PAGE_BYTES; n += sizeof(space)) {
        assert_int_equal(
            usage_page_feed(&t.reader, space, sizeof(space)), USAGE_OK);
    }

    assert_int_equal(usage_page_feed(&t.reader, space, 1), USAGE_ERROR);
    assert_int_equal(t.error.status, 502);
    assert_non_null(strstr(t.error.detail, "it has more than 8 MB"));
    finish(&t);
}


static void
bounded(const usage_page_keys_t *keys, int64_t days, const char *seconds,
    bool possible)
{
    size_t      piece;
    page_test_t t;
    unit_text_t text = { 0 };

    /* the second row is read by the template of the first */

    unit_addf(&text,
        "{\"count\":3,\"items\":[{\"%s\":\"a\",\"metric\":[{\"metric_name\":"
        "\"%s\",\"metric_value\":0}]},{\"%s\":\"b\",\"metric\":[{"
        "\"metric_name\":\"%s\",\"metric_value\":0}]},{\"%s\":\"c\","
        "\"metric\":[{\"metric_name\":\"%s\",\"metric_value\":%s}]}]}",
        keys->id.data, keys->metric.data, keys->id.data, keys->metric.data,
        keys->id.data, keys->metric.data, seconds);

    for (piece = 1; piece <= 4096; piece *= 4096) {
        start_keys(&t, keys);
        t.reader.bounds = usage_page_bounds(keys, USAGE_PAGE_ROWS, days);

        assert_int_equal(
            oracle_feed(&t.reader, unit_text_str(&text), fixed, &piece),
            possible ? USAGE_OK : USAGE_ERROR);

        if (!possible) {
            assert_int_equal(t.error.status, 502);
            assert_non_null(strstr(t.error.detail, "possible: at most"));
        }

        finish(&t);
    }

    unit_text_free(&text);
}


/*
 * A desktop is refused if it was in use for longer than the days are.
 */
static void
test_possible(void **state)
{
    (void) state;

    bounded(&usage_page_desktops, 1, "86400", true);
    bounded(&usage_page_desktops, 1, "86400.9996", true);
    bounded(&usage_page_desktops, 1, "86401", true);
    bounded(&usage_page_desktops, 1, "86401.5", false);
    bounded(&usage_page_desktops, 1, "86402", false);
    bounded(&usage_page_desktops, 1, "172800", false);
    bounded(&usage_page_desktops, 1, "1e300", false);
    bounded(&usage_page_named_desktops, 31, "2678400", true);
    bounded(&usage_page_named_desktops, 31, "2678431", true);
    bounded(&usage_page_named_desktops, 31, "2678432", false);

    /* a user may be on many desktops at once */

    bounded(&usage_page_users, 1, "86402", true);
    bounded(&usage_page_users, 31, "8640000000", true);
    bounded(&usage_page_users, 1, "1e15", false);
    bounded(&usage_page_users, 31, "1e300", false);
}


static void
test_twice(void **state)
{
    (void) state;

    refused("{\"count\":0,\"count\":0,\"items\":[]}");
    refused("{\"count\":0,\"items\":[],\"items\":[]}");
    refused("{\"items\":null,\"count\":0,\"items\":null}");
    refused("{\"count\":0,\"items\":[],\"c\\u006funt\":0}");
    refused(ROW("{\"resource_id\":\"a\",\"resource_id\":\"a\"}"));
    refused(ROW("{\"resource_id\":\"a\",\"metric\":null,\"metric\":[]}"));
    refused(METRIC("{\"metric_name\":\"x\",\"metric_name\":\"x\"}"));
    refused(METRIC("{\"metric_name\":\"x\",\"metric_value\":1,"
                   "\"metric_value\":1}"));

    /* an unknown key, or one where it isn't known */

    one_row("{\"x\":1,\"x\":2,\"metric\":1,\"metric\":2,\"count\":1,\"items\":["
            "{\"y\":1,\"y\":1,\"count\":1,\"count\":2,\"resource_id\":\"a\","
            "\"metric\":[{\"metric_name\":\"desktop_usage\",\"items\":1,"
            "\"items\":2,\"metric_value\":3}]}]}",
        3);
}


/*
 * Checks what is told of a page that is an error of the API, whatever the
 * pieces in which it comes.
 */
static void
told_text(usage_str_t text, const char *detail)
{
    size_t      piece;
    page_test_t t;

    for (piece = 1; piece <= text.len; piece++) {
        start(&t);

        if (oracle_feed(&t.reader, text, fixed, &piece) != USAGE_ERROR) {
            fail_msg("accepted in pieces of %zu: %.*s", piece, (int) text.len,
                text.data);
        }

        assert_int_equal(t.error.status, 502);
        assert_string_equal(t.error.detail, detail);
        finish(&t);
    }
}


static void
told(const char *text, const char *detail)
{
    told_text(unit_str(text), detail);
}


/*
 * A page whose error_code is a string is an error of the API, wherever the key
 * stands; its code and its words are told, cut and harmless.
 */
static void
test_error_code(void **state)
{
    char        detail[512];
    unit_text_t text = { 0 };

    (void) state;

#define TOLD "the upstream answered 200 with an error of its API: "

    told("{\"error_code\":\"WKS.1\",\"error_msg\":\"no\"}", TOLD "WKS.1, no");
    told("{\"error_msg\":\"no\",\"x\":[{}],\"error_code\":\"WKS.1\"}",
        TOLD "WKS.1, no");
    told("{\"count\":1,\"items\":[{\"resource_id\":\"a\"}],"
         "\"error_code\":\"WKS.1\"}",
        TOLD "WKS.1");
    told("{\"error_code\":\"WKS.1\",\"count\":0,\"items\":[]}", TOLD "WKS.1");
    told("{\"count\":null,\"items\":null,\"error_code\":\"W\",\"error_msg\":"
         "null}",
        TOLD "W");
    told("{\"error_code\":\"\",\"error_msg\":1}", TOLD);
    told("{\"err\\u006fr_code\":\"a\\nb\",\"error_msg\":\"\xc3\xa9\\u001b\"}",
        TOLD "a?b, \xc3\xa9?");

    unit_addf(
        &text, "{\"error_code\":\"%0120d\",\"error_msg\":\"%0130d\"}", 0, 0);
    (void) snprintf(detail, sizeof(detail), TOLD "%0100d, %0100d", 0, 0);
    told_text(unit_text_str(&text), detail);

    unit_text_free(&text);
    unit_addf(&text, "{\"error_code\":\"W\",\"error_msg\":\"%0900d", 0);
    unit_addf(&text, "%0900d\"}", 0);
    told_text(unit_text_str(&text), TOLD "W, (a long text)");
    unit_text_free(&text);

#undef TOLD

    refused("{\"count\":0,\"error_code\":[\"a\"]}");
    refused("{\"count\":0,\"error_msg\":{}}");
    refused("{\"error_code\":\"a\",\"error_code\":\"a\"}");
    refused("{\"error_code\":\"a\"");
    refused("{\"count\":null,\"items\":[]}");

    /* no string, or of something else */

    empty("{\"count\":0,\"error_code\":null,\"error_msg\":\"a\"}");
    empty("{\"error_code\":0,\"count\":0}");
    empty("{\"x\":{\"error_code\":\"a\"},\"count\":0}");
    one_row(
        ROW("{\"error_code\":\"a\",\"resource_id\":\"a\",\"metric\":[]}"), 0);
}


static void
test_not_json(void **state)
{
    size_t i;

    static const usage_str_t texts[] = {
        usage_string(""),
        usage_string(" "),
        usage_string("\n"),
        usage_string("null"),
        usage_string("0"),
        usage_string("\"\""),
        usage_string("[]"),
        usage_string("[{\"count\":0}]"),
        usage_string("{"),
        usage_string("}"),
        usage_string("{\"count\":0"),
        usage_string("{\"count\":0,}"),
        usage_string("{,\"count\":0}"),
        usage_string("{\"count\":0}}"),
        usage_string("{\"count\":0}{\"count\":0}"),
        usage_string("{\"count\":0},"),
        usage_string("{\"count\":0}x"),
        usage_string("{\"count\":0} 1"),
        usage_string("{\"count\":0}\0"),
        usage_string("{\"count\":0\0}"),
        usage_string("{\"count\"\0:0}"),
        usage_string("{\"count\":\0"
                     "0}"),
        usage_string("\0{\"count\":0}"),
        usage_string("{\"count\":0,\"x\":true\0}"),
        usage_string("{\"count\":0,\"x\":1.5\0}"),
        usage_string("{\"count\":0,\"x\":\"a\0\"}"),
        usage_string("\xef\xbb\xbf{\"count\":0}"),
        usage_string("{count:0}"),
        usage_string("{'count':0}"),
        usage_string("{\"count\":0 \"x\":1}"),
        usage_string("{\"count\" 0}"),
        usage_string("{\"count\":00}"),
        usage_string("{\"count\":+0}"),
        usage_string("{\"count\":0,\"x\":01}"),
        usage_string("{\"count\":0,\"x\":1.}"),
        usage_string("{\"count\":0,\"x\":.1}"),
        usage_string("{\"count\":0,\"x\":-}"),
        usage_string("{\"count\":0,\"x\":1e}"),
        usage_string("{\"count\":0,\"x\":nul}"),
        usage_string("{\"count\":0,\"x\":nulll}"),
        usage_string("{\"count\":0,\"x\":TRUE}"),
        usage_string("{\"count\":0,\"x\":tru e}"),
        usage_string("{\"count\":0,\"x\":[1,]}"),
        usage_string("{\"count\":0,\"x\":[,1]}"),
        usage_string("{\"count\":0,\"x\":[1 2]}"),
        usage_string("{\"count\":0,\"x\":[}"),
        usage_string("{\"count\":0,\"x\":[}]}"),
        usage_string("{\"count\":0,\"x\":{]}"),
        usage_string("{\"count\":0,\"x\":{\"y\"}}"),
        usage_string("{\"count\":0,\"x\":{1:2}}"),
        usage_string("{\"count\":0,\"x\":\"\n\"}"),
        usage_string("{\"count\":0,\"x\":\"\x1f\"}"),
        usage_string("{\"count\":0,\"x\":\"\\x\"}"),
        usage_string("{\"count\":0,\"x\":\"\\'\"}"),
        usage_string("{\"count\":0,\"x\":\"\\\0\"}"),
        usage_string("{\"count\":0,\"x\":\"\\U0041\"}"),
        usage_string("{\"count\":0,\"x\":\"\\u004\"}"),
        usage_string("{\"count\":0,\"x\":\"\\u004g\"}"),
        usage_string("{\"count\":0,\"x\":\"\\u00@1\"}"),
        usage_string("{\"count\":0,\"x\":\"\\u0000\"}"),
        usage_string("{\"count\":0,\"\\u0000\":1}"),
        usage_string("{\"count\":0,\"x\":\"\\ud800\"}"),
        usage_string("{\"count\":0,\"x\":\"\\udbff\"}"),
        usage_string("{\"count\":0,\"x\":\"\\udc00\"}"),
        usage_string("{\"count\":0,\"x\":\"\\udfff\"}"),
        usage_string("{\"count\":0,\"x\":\"\\ud800x\"}"),
        usage_string("{\"count\":0,\"x\":\"\\ud800\\n\"}"),
        usage_string("{\"count\":0,\"x\":\"\\ud800\\u0041\"}"),
        usage_string("{\"count\":0,\"x\":\"\\ud800\\ud800\"}"),
        usage_string("{\"count\":0,\"x\":\"\\udc00\\ud800\"}"),
        usage_string("{\"count\":0,\"x\":\"\\ud83d\xed\xb8\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xc3\"}"),
        usage_string("{\"count\":0,\"x\":\"\xc3(\"}"),
        usage_string("{\"count\":0,\"x\":\"\xc0\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xc1\xbf\"}"),
        usage_string("{\"count\":0,\"x\":\"\xe0\x80\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xe0\x9f\xbf\"}"),
        usage_string("{\"count\":0,\"x\":\"\xe2\x82\"}"),
        usage_string("{\"count\":0,\"x\":\"\xe2\x82\\u00ac\"}"),
        usage_string("{\"count\":0,\"x\":\"\xed\xa0\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xed\xbf\xbf\"}"),
        usage_string("{\"count\":0,\"x\":\"\xf0\x8f\xbf\xbf\"}"),
        usage_string("{\"count\":0,\"x\":\"\xf0\x9f\x98\"}"),
        usage_string("{\"count\":0,\"x\":\"\xf4\x90\x80\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xf8\x88\x80\x80\x80\"}"),
        usage_string("{\"count\":0,\"x\":\"\xff\"}"),
        usage_string("{\"count\":0,\"\xff\":1}"),
        usage_string("{\"count\":0,\"x\":\xc3\xa9}"),
        usage_string("{\"count\":0,\xc2\xa0\"x\":1}"),
        usage_string("{\"count\":0,\v\"x\":1}"),
        usage_string("{\"count\":0,\f\"x\":1}"),
        usage_string("{\"count\":0} // that's all"),
        usage_string("/**/{\"count\":0}"),
        usage_string("<html>502</html>"),
        usage_string("\x1f\x8b\x08"),
    };

    (void) state;

    for (i = 0; i < unit_count(texts); i++) {
        refused_text(texts[i]);
    }
}


/*
 * The extremes of UTF-8 and of escapes are accepted, as jansson accepts them.
 */
static void
test_json(void **state)
{
    size_t i;

    static const char *const values[] = { "\"\x7f\"", "\"\xc2\x80\"",
        "\"\xdf\xbf\"", "\"\xe0\xa0\x80\"", "\"\xed\x9f\xbf\"",
        "\"\xee\x80\x80\"", "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"",
        "\"\xf4\x8f\xbf\xbf\"", "\"\\u0001\\u007f\\u0080\\u07FF\\u0800\"",
        "\"\\ud7ff\\ue000\\uFFFF\\uD800\\uDC00\\udbff\\udfff\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "[[],{},[[]],[{}],{\"\":[]}]",
        "[ 1 , -1.5e+3 , null , true , false ]", "1e-400",
        "-9223372036854775808", "9223372036854775807", "0.0e00", "-0" };

    (void) state;

    for (i = 0; i < unit_count(values); i++) {
        unit_text_t text = { 0 };

        unit_addf(&text, "{\"x\":%s,\"count\":0,\"y\":[%s,%s]}", values[i],
            values[i], values[i]);
        empty(text.data);
        unit_text_free(&text);
    }
}


/*
 * Writes a page with an unknown key, whose value is nested in that many arrays.
 */
static void
nested(unit_text_t *text, size_t arrays, const char *value)
{
    size_t i;

    unit_text_clear(text);
    unit_adds(text, "{\"count\":0,\"x\":");

    for (i = 0; i < arrays; i++) {
        unit_adds(text, "[");
    }

    unit_adds(text, value);

    for (i = 0; i < arrays; i++) {
        unit_adds(text, "]");
    }

    unit_adds(text, "}");
}


/*
 * The reader goes as deep as jansson, and no deeper; jansson counts the value
 * inside as well.
 */
static void
test_depth(void **state)
{
    size_t        i, n;
    unit_text_t   text = { 0 };
    oracle_page_t oracle;

    static const char *const values[] = { "", "1", "null", "\"\"", "{}",
        "{\"a\":1}" };

    (void) state;

    for (i = 0; i < unit_count(values); i++) {
        for (n = 2040; n < 2056; n++) {
            nested(&text, n, values[i]);
            oracle_page_read(
                &oracle, &oracle_kinds[ORACLE_DESKTOPS], unit_text_str(&text));

            if (oracle.accepted) {
                empty(text.data);

            } else {
                refused(text.data);
            }

            oracle_page_free(&oracle);
        }
    }

    unit_text_free(&text);
}


/*
 * A number that is too long to be kept is refused, in pieces of any size; such
 * a string is accepted, unless it is an id.
 */
static void
test_long_tokens(void **state)
{
    size_t      n, at, size;
    page_test_t t;
    unit_text_t text = { 0 };

    (void) state;

    for (n = USAGE_SCAN_KEPT_MAX - 2; n <= USAGE_SCAN_KEPT_MAX + 2; n++) {
        unit_text_clear(&text);
        unit_adds(&text, "{\"count\":0,\"x\":0.");

        for (at = 2; at < n; at++) {
            unit_adds(&text, "0");
        }

        unit_adds(&text, "}");

        if (n <= USAGE_SCAN_KEPT_MAX) {
            empty(text.data);

        } else {
            refused(text.data);
        }

        for (size = 1; size <= text.len; size += 1 + size / 4) {
            start(&t);
            assert_int_equal(
                oracle_feed(&t.reader, unit_text_str(&text), fixed, &size),
                n <= USAGE_SCAN_KEPT_MAX ? USAGE_OK : USAGE_ERROR);
            finish(&t);
        }
    }

    for (n = USAGE_SCAN_KEPT_MAX - 2; n <= 3 * USAGE_SCAN_KEPT_MAX;
         n += n < USAGE_SCAN_KEPT_MAX + 2 ? 1 : 500)
    {
        unit_text_clear(&text);
        unit_adds(&text, "{\"count\":1,\"items\":[{\"resource_id\":\"a\",\"");

        for (at = 0; at < n; at++) {
            unit_adds(&text, "k");
        }

        unit_adds(&text, "\":\"");

        for (at = 0; at < n; at++) {
            unit_adds(&text, at % 100 == 99 ? "\\n" : "v");
        }

        unit_adds(&text, "\",\"metric\":[{\"metric_name\":\"");

        for (at = 0; at < n; at++) {
            unit_adds(&text, "n");
        }

        unit_adds(&text, "\",\"metric_value\":3}," USAGE("5") "]}]}");

        for (size = 1; size <= text.len; size += 1 + size / 2) {
            start(&t);
            assert_int_equal(
                oracle_feed(&t.reader, unit_text_str(&text), fixed, &size),
                USAGE_OK);
            assert_true(t.reader.page.rows[0].seconds == 5);
            finish(&t);
        }

        one_row(text.data, 5);
    }

    unit_text_free(&text);
}


/*
 * A row's enterprise project: one value for one id, none for an empty one, and
 * nothing but a string, by templates and without.
 */
static void
test_projects(void **state)
{
    size_t             i;
    page_test_t        t;
    const usage_row_t *row;

    static const char *const wrong[] = { "1", "true", "[]", "{}", "[\"0\"]" };

    (void) state;

    assert_int_equal(
        read_page(&t,
            unit_str("{\"count\":6,\"items\":["
                     "{\"resource_id\":\"a\",\"enterprise_project_id\":\"0\"},"
                     "{\"resource_id\":\"a\",\"enterprise_project_id\":\"1\"},"
                     "{\"resource_id\":\"a\",\"enterprise_project_id\":\"0\"},"
                     "{\"resource_id\":\"a\",\"enterprise_project_id\":\"\"},"
                     "{\"resource_id\":\"a\",\"enterprise_project_id\":null},"
                     "{\"resource_id\":\"a\"}]}")),
        USAGE_OK);

    row = t.reader.page.rows;
    assert_int_equal(t.reader.page.rows_count, 6);
    assert_true(row[0].project != 0 && row[1].project != 0);
    assert_true(row[0].project != row[1].project);
    assert_true(row[0].project == row[2].project);

    for (i = 3; i < 6; i++) {
        assert_true(row[i].project == 0);
    }

    finish(&t);

    for (i = 0; i < unit_count(wrong); i++) {
        unit_text_t text = { 0 };

        unit_addf(&text,
            "{\"count\":1,\"items\":[{\"resource_id\":\"a\","
            "\"enterprise_project_id\":%s}]}",
            wrong[i]);
        refused_text(unit_text_str(&text));
        unit_text_free(&text);
    }

    refused(
        "{\"count\":1,\"items\":[{\"resource_id\":\"a\","
        "\"enterprise_project_id\":\"0\",\"enterprise_project_id\":\"0\"}]}");
}


static void
test_out_of_memory(void **state)
{
    size_t         k, left, rows;
    page_test_t    t;
    unit_text_t    text = { 0 };
    usage_result_t rc;

    (void) state;

    unit_adds(&text, "{\"count\":0,\"items\":[");

    for (rows = 0; rows < USAGE_PAGE_ROWS; rows++) {
        unit_addf(&text,
            "%s{\"resource_id\":\"%zu\",\"username\":\"%zu\","
            "\"resource_name\":\"n%zu\"}",
            rows > 0 ? "," : "", rows, rows, rows);
    }

    unit_adds(&text, "]}");

    for (k = 0; k < ORACLE_KINDS; k++) {
        for (left = 0;; left++) {
            start_keys(&t, oracle_kinds[k].keys);
            t.arena.left = left;
            rc = oracle_feed(&t.reader, unit_text_str(&text), all, NULL);

            if (rc == USAGE_OK) {
                break;
            }

            assert_int_equal(rc, USAGE_ERROR);
            assert_int_equal(t.error.status, 500);
            finish(&t);
        }

        assert_true(left >= (k == ORACLE_NAMED ? 2 : 1) * rows);
        finish(&t);
    }

    unit_text_free(&text);
}


/*
 * Statistics of users have other keys and the same rules.
 */
static void
test_users(void **state)
{
    size_t      i, one;
    page_test_t t;

    static const char page[] =
        "{\"count\":2,\"items\":[{\"username\":\"zryuan1\",\"metric\":[{"
        "\"metric_name\":\"user_login_count\",\"metric_value\":2.0},{"
        "\"metric_name\":\"user_usage\",\"metric_value\":3600.0},{"
        "\"metric_name\":\"desktop_usage\",\"metric_value\":-1}],"
        "\"resource_id\":{},\"resource_name\":[]},"
        "{\"username\":\"a\",\"username \":1}]}";

    static const char *const wrong[] = {
        ROW("{\"resource_id\":\"a\"}"),
        ROW("{\"username\":\"\"}"),
        ROW("{\"username\":null}"),
        ROW("{\"username\":[]}"),
        ROW("{\"username\":\"a\",\"username\":\"a\"}"),
        ROW("{\"username\":\"a\",\"metric\":[{\"metric_name\":"
            "\"user_usage\",\"metric_value\":-1}]}"),
        ROW("{\"username\":\"a\",\"metric\":[{\"metric_name\":"
            "\"user_usage\"},{\"metric_name\":\"user_usage\"}]}"),
    };

    (void) state;

    for (one = 1; one <= sizeof(page); one++) {
        start_keys(&t, &usage_page_users);
        assert_int_equal(
            oracle_feed(&t.reader, unit_str(page), fixed, &one), USAGE_OK);
        assert_int_equal(t.reader.page.rows_count, 2);
        assert_true(unit_is(t.reader.page.rows[0].desktop->id, "zryuan1"));
        assert_true(t.reader.page.rows[0].seconds == 3600);
        assert_int_equal(t.reader.page.rows[0].desktop->name.len, 0);
        assert_true(unit_is(t.reader.page.rows[1].desktop->id, "a"));
        assert_true(t.reader.page.rows[1].seconds == 0);
        finish(&t);
    }

    for (i = 0; i < unit_count(wrong); i++) {
        start_keys(&t, &usage_page_users);
        assert_int_equal(
            oracle_feed(&t.reader, unit_str(wrong[i]), all, NULL), USAGE_ERROR);
        assert_int_equal(t.error.status, 502);
        assert_null(strstr(t.error.detail, "resource_id"));
        finish(&t);
    }
}


/*
 * Reads a page of one row, "a", whose desktop was called was before.  Checks
 * what it is called afterwards.
 */
static void
named(const char *text, const char *was, const char *name)
{
    size_t           one;
    page_test_t      t;
    usage_desktop_t *desktop;

    for (one = 1; one <= strlen(text); one += 1 + one / 4) {
        start_keys(&t, &usage_page_named_desktops);
        desktop = usage_table_add(&t.table, unit_str("a"), NULL);
        desktop->name = unit_str(was);

        if (oracle_feed(&t.reader, unit_str(text), fixed, &one) != USAGE_OK) {
            fail_msg("refused: %.300s: %s", text, t.error.detail);
        }

        assert_true(t.reader.page.rows[0].desktop == desktop);

        if (!unit_is(desktop->name, name)) {
            fail_msg("%.*s, not %s: %.300s", (int) desktop->name.len,
                desktop->name.data, name, text);
        }

        finish(&t);
    }
}


/*
 * A name goes to its desktop if that has none, and only if names are wanted.
 */
static void
test_names(void **state)
{
    size_t      n, i;
    page_test_t t;
    unit_text_t text = { 0 }, name = { 0 };

    (void) state;

    named(ROW("{\"resource_id\":\"a\",\"resource_name\":\"DESK-1\"}"), "",
        "DESK-1");
    named(ROW("{\"resource_name\":\"DESK-1\",\"metric\":[],\"resource_id\":"
              "\"a\"}"),
        "", "DESK-1");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":\"DESK-1\"}"), "OLD",
        "OLD");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":\"\"}"), "", "");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":\"\"}"), "OLD", "OLD");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":null}"), "", "");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":17}"), "", "");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":false}"), "", "");
    named(ROW("{\"resource_id\":\"a\"}"), "", "");
    named(
        ROW("{\"resource_id\":\"a\",\"x\":{\"resource_name\":\"x\"}}"), "", "");
    named(ROW("{\"resource_id\":\"a\",\"resource_name\":\"\\ud83d\\ude00 "
              "\\u00e9\"}"),
        "", "\xf0\x9f\x98\x80 \xc3\xa9");

    /* a name is its own row's, and not the one's after it */

    named("{\"count\":2,\"items\":[{\"resource_id\":\"a\"},"
          "{\"resource_id\":\"b\",\"resource_name\":\"B\"}]}",
        "", "");
    named("{\"count\":3,\"items\":[{\"resource_id\":\"a\"},"
          "{\"resource_id\":\"b\",\"resource_name\":\"B\"},"
          "{\"resource_id\":\"a\"}]}",
        "", "");

    /* too long for a filter: none */

    for (n = USAGE_ID_BYTES_MAX - 1; n <= USAGE_ID_BYTES_MAX + 1; n++) {
        unit_text_clear(&name);

        for (i = 0; i < n; i++) {
            unit_adds(&name, "n");
        }

        unit_text_clear(&text);
        unit_adds(&text, "{\"count\":1,\"items\":[{\"resource_name\":\"");
        unit_adds(&text, name.data);
        unit_adds(&text, "\",\"resource_id\":\"a\"}]}");
        named(text.data, "", n <= USAGE_ID_BYTES_MAX ? name.data : "");
    }

    /* given twice; an object or an array */

    start_keys(&t, &usage_page_named_desktops);
    assert_int_equal(
        oracle_feed(&t.reader,
            unit_str(ROW("{\"resource_id\":\"a\",\"resource_name\":\"x\","
                         "\"resource_name\":\"x\"}")),
            all, NULL),
        USAGE_ERROR);
    assert_int_equal(t.error.status, 502);
    finish(&t);

    start_keys(&t, &usage_page_named_desktops);
    assert_int_equal(
        oracle_feed(&t.reader,
            unit_str(ROW("{\"resource_id\":\"a\",\"resource_name\":[]}")), all,
            NULL),
        USAGE_ERROR);
    assert_int_equal(t.error.status, 502);
    finish(&t);

    /* not asked for: whatever it is */

    one_row(ROW("{\"resource_id\":\"a\",\"resource_name\":[],"
                "\"resource_name\":1}"),
        0);

    unit_text_free(&text);
    unit_text_free(&name);
}


/*
 * Compares the reader with the oracle: in one piece, in pieces of one size and
 * of random sizes.
 */
static bool
against_oracle(
    const oracle_keys_t *keys, usage_str_t text, uint64_t *rnd, bool *accepted)
{
    size_t         i, size;
    const char    *why;
    page_test_t    t;
    oracle_page_t  oracle;
    usage_result_t rc;

    oracle_page_read(&oracle, keys, text);

    for (i = 0; i < 3; i++) {
        start_keys(&t, keys->keys);

        if (i == 0) {
            rc = oracle_feed(&t.reader, text, all, NULL);

        } else if (i == 1) {
            size = 1 + unit_below(rnd, 20);
            rc = oracle_feed(&t.reader, text, fixed, &size);

        } else {
            rc = oracle_feed(&t.reader, text, random_size, rnd);
        }

        if (!oracle_agrees(&oracle, &t.reader, rc, &t.error, &why)) {
            print_error(
                "%s in the page:\n%.*s\n", why, (int) text.len, text.data);
            return false;
        }

        finish(&t);
    }

    *accepted = oracle.accepted;
    oracle_page_free(&oracle);

    return true;
}


static void
test_generated(void **state)
{
    bool     accepted;
    size_t   i, n, good;
    pages_t  pages = { 0 };
    uint64_t rnd;

    (void) state;

    rnd = unit_seed();

    for (i = 0, good = 0, n = unit_times(20000); i < n; i++) {
        pages_generate(&pages, &rnd);
        assert_true(against_oracle(
            pages.keys, unit_text_str(&pages.text), &rnd, &accepted));
        good += accepted;
    }

    /* neither all of one kind nor all of the other */

    assert_true(good > n / 4 && good < n - n / 8);
    unit_text_free(&pages.text);
}


static void
test_mutated(void **state)
{
    bool     accepted;
    size_t   i, n, k, good;
    pages_t  pages = { 0 };
    uint64_t rnd;

    (void) state;

    rnd = unit_seed() + 1;

    for (i = 0, good = 0, n = unit_times(40000); i < n; i++) {
        pages_generate(&pages, &rnd);

        for (k = unit_below(&rnd, 3); k < 3; k++) {
            pages_mutate(&pages.text, &rnd);
        }

        assert_true(against_oracle(
            pages.keys, unit_text_str(&pages.text), &rnd, &accepted));
        good += accepted;
    }

    assert_true(good > n / 20 && good < n - n / 4);
    unit_text_free(&pages.text);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_no_use),
        cmocka_unit_test(test_other_metrics),
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_row_without_id),
        cmocka_unit_test(test_long_id),
        cmocka_unit_test(test_count_and_items),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_possible),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_error_code),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_long_tokens),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_projects),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_mutated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
