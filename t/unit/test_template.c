/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Row templates: which rows are read by them and which are left to the
 * streaming reader; and a page reads the same either way, and as jansson reads
 * it.
 */

#include "oracle.h"


#define METRICS(seconds, idle)                                                 \
    "[{\"metric_name\": \"desktop_usage\", \"metric_value\": " seconds         \
    "}, {\"metric_name\": \"idle\", \"metric_value\": " idle "}]"
#define ROW(id, name, user, metrics)                                           \
    "{\"resource_id\": \"" id "\", \"resource_name\": " name                   \
    ", \"user\": " user ", \"metric\": " metrics "}"

static const char learned[] =
    ROW("a-1", "\"A 1\"", "\"u\"", METRICS("7.0", "1"));
static const char another[] =
    ROW("b-12", "\"\"", "\"user, of []{}:\"", METRICS("86400", "0.25"));


/*
 * Tells whether other, followed by one more row, is read by the template of
 * row; *got is then what it gave.
 */
static bool
is_read(const usage_page_keys_t *keys, const char *row, const char *other,
    usage_template_row_t *got)
{
    char       *copy;
    bool        read;
    const char *next;
    unit_text_t text = { 0 };
    usage_template_t template;

    unit_adds(&text, row);
    unit_adds(&text, ", {");
    usage_template_start(&template);
    usage_template_learn(&template, keys, unit_text_str(&text));

    unit_text_clear(&text);
    unit_adds(&text, other);
    unit_adds(&text, ", {\"resource_id\": \"some other\"}");
    copy = unit_exact(unit_text_str(&text));

    next = usage_template_read(&template, copy, copy + text.len, got);
    read = next != NULL;

    if (read) {
        assert_int_equal(next - copy, strlen(other) + 2);
        got->id.data = other + (got->id.data - copy);

        if (got->name.len > 0) {
            got->name.data = other + (got->name.data - copy);
        }
    }

    free(copy);
    unit_text_free(&text);

    return read;
}


static bool
is_like(const char *row, const char *other)
{
    usage_template_row_t got;

    return is_read(&usage_page_desktops, row, other, &got);
}


static void
test_read(void **state)
{
    usage_template_row_t row;

    static const usage_page_keys_t idle = {
        usage_string("user"),
        usage_string("metric_name"),
        usage_string("idle"),
    };

    (void) state;

    assert_true(is_read(&usage_page_desktops, learned, another, &row));
    assert_true(unit_is(row.id, "b-12"));
    assert_int_equal(row.name.len, 0);
    assert_true(row.seconds == 86400);

    assert_true(is_read(&usage_page_named_desktops, another, learned, &row));
    assert_true(unit_is(row.id, "a-1"));
    assert_true(unit_is(row.name, "A 1"));
    assert_true(row.seconds == 7);

    /* a key counts where it stands */

    assert_true(is_read(&idle, learned, another, &row));
    assert_true(unit_is(row.id, "user, of []{}:"));
    assert_int_equal(row.name.len, 0);
    assert_true(row.seconds == 0.25);

    /* a value before its name; none at all; words are constant */

#define VALUE_FIRST(n)                                                         \
    "{\"metric\":[{\"metric_value\":" n ",\"metric_name\":\"desktop_usage\"}," \
    "{\"metric_name\":\"x\",\"y\":1}],\"resource_id\":\"a\"}"
    assert_true(is_read(
        &usage_page_desktops, VALUE_FIRST("1"), VALUE_FIRST("2.5"), &row));
    assert_true(row.seconds == 2.5);
#undef VALUE_FIRST

    assert_true(is_read(&usage_page_desktops,
        ROW("a", "null", "true", METRICS("null", "1")),
        ROW("b", "null", "true", METRICS("null", "2")), &row));
    assert_true(row.seconds == 0);
    assert_true(is_like("{\"resource_id\":\"a\"}", "{\"resource_id\":\"b\"}"));
}


/*
 * Whatever deviates is left to the scanner.
 */
static void
test_deviates(void **state)
{
    size_t i;

    static const char *const others[] = {
        ROW("", "\"A\"", "\"u\"", METRICS("7.0", "1")),
        ROW("\xc3\xa9", "\"A\"", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"\\n\"", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"\\\"\"", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"\n\"", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "\"\xff\"", METRICS("7.0", "1")),
        ROW("a", "null", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "1", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "[]", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "\"u\", \"v\": 1", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "\"u\", \"user\": \"u\"", METRICS("7.0", "1")),
        ROW("a", "\"A\" ", "\"u\"", METRICS("7.0", "1")),
        ROW("a", "\"A\"", " \"u\"", METRICS("7.0", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("null", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("-1", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("-0", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("1e3", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("01", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("1.", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS(".1", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("7", "99999999999999999999")),
        ROW("a", "\"A\"", "\"u\"", METRICS("7", "1]")),
        ROW("a", "\"A\"", "\"u\"", METRICS("\"7\"", "1")),
        ROW("a", "\"A\"", "\"u\"", METRICS("{}", "1")),
        ROW("a", "\"A\"", "\"u\"", "null"),
        ROW("a", "\"A\"", "\"u\"", "[]"),
        "{\"resource_id\": \"a\"}",
        "{\"resource_name\": \"A\", \"resource_id\": \"a\"}",
        "{ \"resource_id\": \"a\"}",
        "{}",
        "null",
    };

    (void) state;

    assert_true(is_like(learned, learned));

    for (i = 0; i < unit_count(others); i++) {
        if (is_like(learned, others[i])) {
            fail_msg("read: %s", others[i]);
        }
    }
}


/*
 * Rows that are not learned: escapes, what holds others, too many parts, too
 * many constant bytes.
 */
static void
test_not_learned(void **state)
{
    size_t      i, n;
    unit_text_t text = { 0 };

    static const char *const rows[] = {
        ROW("\\u0061", "\"A\"", "\"u\"", "[]"),
        ROW("a", "\"A\"", "{}", "[]"),
        ROW("a", "\"A\"", "[]", "[]"),
        ROW("a", "\"A\"", "[1,\"u\"]", "[]"),
        ROW("a", "\"A\"", "1", "[{\"metric_name\": \"x\", \"y\": {}}]"),
        ROW("a", "\"A\"", "1", "[{\"metric_name\": \"x\", \"y\": [1]}]"),
    };

    (void) state;

    for (i = 0; i < unit_count(rows); i++) {
        assert_false(is_like(rows[i], rows[i]));
    }

    for (n = 0; n <= USAGE_TEMPLATE_ROW_PARTS; n++) {
        unit_text_clear(&text);
        unit_adds(&text, "{\"resource_id\":\"a\"");

        for (i = 0; i < n; i++) {
            unit_addf(&text, ",\"%zu\":%s", i, i % 2 == 0 ? "1" : "\"\"");
        }

        unit_adds(&text, "}");
        assert_true(is_like(text.data, text.data)
                    == (n + 2 <= USAGE_TEMPLATE_ROW_PARTS));
    }

    /* with ", {" behind it, and without the id and the number */

    for (n = USAGE_TEMPLATE_BYTES - 1; n <= USAGE_TEMPLATE_BYTES + 1; n++) {
        unit_text_clear(&text);
        unit_adds(&text, "{\"resource_id\":\"a\",\"");

        while (text.len < n - 5) {
            unit_adds(&text, "k");
        }

        unit_adds(&text, "\":0}");
        assert_int_equal(text.len + 3 - 2, n);
        assert_true(
            is_like(text.data, text.data) == (n <= USAGE_TEMPLATE_BYTES));
    }

    unit_text_free(&text);
}


/*
 * An id of 255 characters and a name of 1020 bytes are read, longer ones not.
 */
static void
test_long(void **state)
{
    size_t               n;
    unit_text_t          text = { 0 }, name = { 0 };
    usage_template_row_t row;

    static const char like[] = "{\"resource_name\":\"\",\"resource_id\":\"b\"}";

    (void) state;

    for (n = 1; n <= USAGE_ID_BYTES_MAX + 2; n++) {
        unit_adds(&name, "n");

        unit_text_clear(&text);
        unit_adds(&text, "{\"resource_name\":\"");
        unit_adds(&text, name.data);
        unit_adds(&text, "\",\"resource_id\":\"b\"}");
        assert_true(is_read(&usage_page_named_desktops, like, text.data, &row)
                    == (n <= USAGE_ID_BYTES_MAX));
        assert_true(is_like(like, text.data));

        unit_text_clear(&text);
        unit_adds(&text, "{\"resource_name\":\"\",\"resource_id\":\"");
        unit_adds(&text, name.data);
        unit_adds(&text, "\"}");
        assert_true(is_like(like, text.data) == (n <= USAGE_ID_CHARS_MAX));
    }

    unit_text_free(&name);
    unit_text_free(&text);
}


/*
 * Neither a row that is cut anywhere is read, nor one that nothing follows.
 */
static void
test_end(void **state)
{
    char       *copy;
    usage_str_t text;
    usage_template_t template;
    usage_template_row_t row;

    static const char rows[] =
        ROW("a-1", "\"A 1\"", "\"u\"", METRICS("7.0", "1")) ", {";

    (void) state;

    usage_template_start(&template);
    assert_null(
        usage_template_read(&template, rows, rows + sizeof(rows) - 1, &row));
    usage_template_learn(&template, &usage_page_desktops, unit_str(rows));

    text.data = rows;

    for (text.len = 0; text.len < sizeof(rows); text.len++) {
        copy = unit_exact(text);
        assert_true((usage_template_read(&template, copy, copy + text.len, &row)
                        != NULL)
                    == (text.len == sizeof(rows) - 1));
        free(copy);
    }
}


/*
 * Writes a row that has a template of its own for each n.
 */
static void
row_of_its_own(unit_text_t *text, size_t n)
{
    unit_text_clear(text);
    unit_addf(
        text, "{\"resource_id\":\"a\",\"%zu\":1,\"b\":2,\"c\":null} , {", n);
}


static bool
knows(const usage_template_t *template, const unit_text_t *text)
{
    usage_template_row_t row;

    return usage_template_read(
               template, text->data, text->data + text->len, &row)
           != NULL;
}


/*
 * Many templates are learned, up to a bound, and none is lost by that.  Nothing
 * is learned any more once too many rows taught nothing.
 */
static void
test_many_templates(void **state)
{
    bool        known;
    size_t      n, i, learns;
    unit_text_t text = { 0 };
    usage_template_t template;

    (void) state;

    usage_template_start(&template);

    for (n = 0, learns = 0; n < USAGE_TEMPLATE_PARTS; n++) {
        row_of_its_own(&text, n);
        assert_false(knows(&template, &text));
        usage_template_learn(
            &template, &usage_page_desktops, unit_text_str(&text));
        known = knows(&template, &text);
        assert_true(!known || learns == n);
        learns += known;
        assert_true(template.parts <= USAGE_TEMPLATE_PARTS);

        for (i = 0; i < learns; i++) {
            row_of_its_own(&text, i);
            assert_true(knows(&template, &text));
        }
    }

    assert_true(learns > 16 && learns < n);

    usage_template_start(&template);
    row_of_its_own(&text, 0);

    for (n = 0; n <= USAGE_TEMPLATE_FAILURES; n++) {
        usage_template_learn(
            &template, &usage_page_desktops, unit_text_str(&text));
    }

    assert_true(knows(&template, &text));
    row_of_its_own(&text, 1);
    usage_template_learn(&template, &usage_page_desktops, unit_text_str(&text));
    assert_false(knows(&template, &text));

    unit_text_free(&text);
}


/*
 * Where one template begins as another: what is a number, null, a string, and
 * whether a value counts that comes before its name.
 */
static void
test_tree(void **state)
{
    size_t      i;
    unit_text_t text = { 0 };
    usage_template_t template;
    usage_template_row_t row;

    static const struct {
        const char *row;
        double      seconds; /* -1: it is not read */
    } rows[] = {
        { ROW("a", "1", "null", METRICS("5", "1")), 5 },
        { ROW("a", "\"1\"", "null", METRICS("6", "1")), 6 },
        { ROW("a", "null", "null", METRICS("7", "1")), 7 },
        { ROW("a", "null", "null", METRICS("null", "1")), 0 },
        { ROW("a", "null", "null", "[]"), 0 },
        { ROW("a", "null", "null",
              "[{\"metric_value\": 8, \"metric_name\": \"desktop_usage\"}]"),
            8 },
        { ROW("a", "null", "null",
              "[{\"metric_value\": 8, \"metric_name\": \"desktop_us\"}]"),
            -1 },
    };

    (void) state;

    usage_template_start(&template);

    for (i = 0; i < unit_count(rows); i++) {
        unit_text_clear(&text);
        unit_addf(&text, "%s, {", rows[i].row);
        usage_template_learn(
            &template, &usage_page_desktops, unit_text_str(&text));
    }

    for (i = 0; i < unit_count(rows); i++) {
        unit_text_clear(&text);
        unit_addf(&text, "%s, {", rows[i].row);
        assert_true(knows(&template, &text) == (rows[i].seconds >= 0));

        if (rows[i].seconds >= 0) {
            (void) usage_template_read(
                &template, text.data, text.data + text.len, &row);
            assert_true(unit_is(row.id, "a"));
            assert_true(row.seconds == rows[i].seconds);
        }
    }

    /* learned of one kind of page, it is not for another */

    assert_true(usage_template_is_of(&template, &usage_page_desktops));
    assert_false(usage_template_is_of(&template, &usage_page_named_desktops));

    unit_text_free(&text);
}


static size_t
two_pieces(void *data)
{
    size_t n, *first;

    first = data;
    n = *first;
    *first = SIZE_MAX;

    return n;
}


/*
 * A page whose first piece is so long, of each of the statistics: the reader
 * makes of it what the oracle makes of it, and again once its template is
 * known.
 */
static void
agrees_for(const oracle_keys_t *keys, usage_str_t text, size_t first)
{
    int           times;
    size_t        piece;
    const char   *why;
    unit_arena_t  arena;
    usage_error_t error;
    usage_template_t template;
    usage_table_t       table;
    oracle_page_t       oracle;
    usage_result_t      rc;
    usage_page_reader_t reader;

    usage_template_start(&template);
    oracle_page_read(&oracle, keys, text);

    for (times = 0; times < 2; times++) {
        unit_arena_start(&arena);
        assert_int_equal(usage_table_init(&table, &arena.pool, 1), USAGE_OK);
        memset(&error, 0, sizeof(error));
        memset(&reader, 0xa5, sizeof(reader));

        usage_page_start(
            &reader, keys->keys, oracle_bounds, &template, &table, &error);
        piece = first;
        rc = oracle_feed(&reader, text, two_pieces, &piece);

        if (!oracle_agrees(&oracle, &reader, rc, &error, &why)) {
            fail_msg("%s, first piece %zu: %.*s", why, first, (int) text.len,
                text.data);
        }

        unit_arena_free(&arena);
    }

    oracle_page_free(&oracle);
}


static void
agrees(usage_str_t text, size_t first)
{
    size_t i;

    for (i = 0; i < ORACLE_KINDS; i++) {
        agrees_for(&oracle_kinds[i], text, first);
    }
}


/*
 * Rows of the same template around one, which ends the page, too, after itself.
 */
static void
page_with(unit_text_t *text, const char *row)
{
    unit_text_clear(text);
    unit_addf(text, "{\"count\": 7, \"items\": [%s, %s, ", learned, another);
    unit_addf(text, "%s, %s, %s, %s, %s]}", row, learned, another, row, row);
}


static void
test_split(void **state)
{
    size_t      n;
    unit_text_t text = { 0 };

    (void) state;

    page_with(&text, learned);

    for (n = 1; n <= text.len; n++) {
        agrees(unit_text_str(&text), n);
    }

    unit_text_free(&text);
}


/*
 * Another row than the one before it: each byte of it replaced, left out, or
 * with another before it.
 */
static void
test_every_place(void **state)
{
    int         how;
    size_t      at, k;
    unit_text_t row = { 0 }, text = { 0 };

    static const char *const bytes[] = { "\"", "\\", "{", "}", "[", "]", ",",
        ":", " ", "0", "-", "e", ".", "x", "\x01", "\n", "\xc3", "\xc3\xa9",
        "\\u0061", "null", "1e999", "\"metric\":[],", "\"resource_id\":\"a\",",
        "\"x\":{\"x\":[]}," };

    (void) state;

    for (at = 0; at < sizeof(learned) - 1; at++) {
        for (k = 0; k < unit_count(bytes); k++) {
            for (how = 0; how < 2; how++) {
                unit_text_clear(&row);
                unit_add(&row, learned, at);
                unit_adds(&row, bytes[k]);
                unit_adds(&row, learned + at + how);
                page_with(&text, row.data);
                agrees(unit_text_str(&text), SIZE_MAX);
            }
        }

        unit_text_clear(&row);
        unit_add(&row, learned, at);
        unit_adds(&row, learned + at + 1);
        page_with(&text, row.data);
        agrees(unit_text_str(&text), SIZE_MAX);
    }

    unit_text_free(&row);
    unit_text_free(&text);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_deviates),
        cmocka_unit_test(test_not_learned),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_many_templates),
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_every_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
