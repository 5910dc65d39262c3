/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * RESP2: commands have the size that is told; replies are read alike however
 * they are cut into pieces; and what is no reply is refused.
 */

#include "unit.h"
#include "share/usage_resp.h"


/*
 * Feeds text in pieces of size bytes, each in a block of its own, and gives how
 * many bytes were taken.
 */
static usage_result_t
feed(usage_resp_t *resp, usage_str_t text, size_t size, size_t *taken)
{
    char          *copy;
    size_t         n;
    usage_str_t    piece;
    usage_result_t rc;

    rc = USAGE_AGAIN;

    for (*taken = 0; *taken < text.len && rc == USAGE_AGAIN; *taken += n) {
        n = text.len - *taken < size ? text.len - *taken : size;
        piece.data = text.data + *taken;
        piece.len = n;
        copy = unit_exact(piece);
        rc = usage_resp_feed(resp, copy, &n);
        free(copy);
    }

    return rc;
}


static void
test_command(void **state)
{
    char        *p;
    size_t       size;
    unit_arena_t arena;
    usage_str_t  command;
    usage_str_t  args[] = { usage_string("SET"), usage_string("0123456789"),
         usage_string("") };

    static const char expected[] =
        "*3\r\n$3\r\nSET\r\n$10\r\n0123456789\r\n$0\r\n\r\n";

    (void) state;

    size = usage_resp_size(args, 3);
    assert_int_equal(size, strlen(expected));

    p = unit_must(malloc(size));
    assert_ptr_equal(usage_resp_write(p, args, 3), p + size);
    assert_memory_equal(p, expected, size);
    free(p);

    unit_arena_start(&arena);
    assert_int_equal(
        usage_resp_command(args, 3, &arena.pool, &command), USAGE_OK);
    assert_true(unit_is(command, expected));

    arena.left = 0;
    assert_int_equal(
        usage_resp_command(args, 3, &arena.pool, &command), USAGE_ERROR);
    unit_arena_free(&arena);
}


static void
test_replies(void **state)
{
    size_t       i, size, taken;
    unit_arena_t arena;
    usage_resp_t resp;

    static const struct {
        const char       *bytes;
        size_t            skip;
        size_t            left; /* bytes behind the reply */
        usage_resp_kind_t kind;
        int64_t           integer;
        const char       *text;
    } replies[] = {
        { "+OK\r\n", 0, 0, USAGE_RESP_STATUS, 0, "OK" },
        { "+\r\n", 0, 0, USAGE_RESP_STATUS, 0, "" },
        { "-ERR no\r\n", 0, 0, USAGE_RESP_ERROR, 0, "ERR no" },
        { ":0\r\n", 0, 0, USAGE_RESP_INTEGER, 0, "" },
        { ":-17\r\n", 0, 0, USAGE_RESP_INTEGER, -17, "" },
        { ":123456789012345678\r\n", 0, 0, USAGE_RESP_INTEGER,
            123456789012345678, "" },
        { "$0\r\n\r\n", 0, 0, USAGE_RESP_BULK, 0, "" },
        { "$5\r\na\r\nb\n\r\n", 0, 0, USAGE_RESP_BULK, 0, "a\r\nb\n" },
        { "$-1\r\n", 0, 0, USAGE_RESP_NIL, 0, "" },
        { "+OK\r\n$1\r\na\r\n", 1, 0, USAGE_RESP_BULK, 0, "a" },
        { "$1\r\na\r\n$-1\r\n:5\r\n", 2, 0, USAGE_RESP_INTEGER, 5, "" },
        { "+OK\r\n+PONG\r\n", 0, 7, USAGE_RESP_STATUS, 0, "OK" },
        { "-WRONGPASS x\r\n-NOAUTH y\r\n", 1, 11, USAGE_RESP_ERROR, 0,
            "WRONGPASS x" },
    };

    (void) state;

    for (i = 0; i < unit_count(replies); i++) {
        for (size = 1; size <= strlen(replies[i].bytes); size++) {
            unit_arena_start(&arena);
            usage_resp_init(&resp, replies[i].skip, &arena.pool);

            assert_int_equal(
                feed(&resp, unit_str(replies[i].bytes), size, &taken),
                USAGE_OK);
            assert_int_equal(taken, strlen(replies[i].bytes) - replies[i].left);
            assert_true(resp.complete);
            assert_int_equal(resp.kind, replies[i].kind);
            assert_true(resp.integer == replies[i].integer);
            assert_true(unit_is(resp.text, replies[i].text));

            /* a reply that is complete takes nothing more */

            taken = 3;
            assert_int_equal(usage_resp_feed(&resp, "+OK", &taken), USAGE_OK);
            assert_int_equal(taken, 0);

            unit_arena_free(&arena);
        }
    }
}


static void
test_cut(void **state)
{
    size_t        i, n, taken;
    unit_arena_t  arena;
    unit_text_t   text = { 0 };
    usage_resp_t  resp;
    static char   zeros[USAGE_RESP_VALUE_MAX];
    static size_t sizes[] = { 4096, USAGE_RESP_VALUE_MAX };

    (void) state;

    /* a long error is cut, and its end is found */

    unit_arena_start(&arena);
    unit_adds(&text, "-");

    for (i = 0; i < 1000; i++) {
        unit_adds(&text, "x");
    }

    unit_adds(&text, "\r\n");
    usage_resp_init(&resp, 0, &arena.pool);
    assert_int_equal(feed(&resp, unit_text_str(&text), 7, &taken), USAGE_OK);
    assert_int_equal(taken, 1003);
    assert_int_equal(resp.text.len, USAGE_RESP_LINE_MAX);

    /* the largest bulk; one byte more is refused before it comes */

    for (i = 0; i < unit_count(sizes); i++) {
        unit_text_clear(&text);
        unit_addf(&text, "$%zu\r\n", sizes[i]);
        unit_add(&text, zeros, sizes[i]);
        unit_adds(&text, "\r\n");
        usage_resp_init(&resp, 0, &arena.pool);
        assert_int_equal(
            feed(&resp, unit_text_str(&text), 65536, &taken), USAGE_OK);
        assert_int_equal(resp.text.len, sizes[i]);
    }

    unit_text_clear(&text);
    unit_addf(&text, "$%zu\r\n", USAGE_RESP_VALUE_MAX + 1);
    usage_resp_init(&resp, 0, &arena.pool);
    unit_adds(&text, "its first bytes");
    assert_int_equal(feed(&resp, unit_text_str(&text), 99, &taken), USAGE_OK);
    assert_int_equal(resp.kind, USAGE_RESP_ERROR);
    assert_true(unit_is(resp.text, "the value is too large"));
    assert_int_equal(taken, text.len);
    assert_false(usage_resp_elsewhere(&resp));

    /* memory is out */

    arena.left = 0;
    usage_resp_init(&resp, 0, &arena.pool);
    assert_int_equal(feed(&resp, unit_str("$4\r\n"), 9, &taken), USAGE_ERROR);

    /* once refused, always refused */

    n = 5;
    assert_int_equal(usage_resp_feed(&resp, "+OK\r\n", &n), USAGE_ERROR);

    unit_text_free(&text);
    unit_arena_free(&arena);
}


static void
test_garbage(void **state)
{
    size_t       i, size, taken;
    unit_arena_t arena;
    usage_resp_t resp;

    static const char *garbage[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "\r\n",
        "*1\r\n$1\r\na\r\n",
        "*-1\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n",
        "_\r\n",
        "#t\r\n",
        ",1\r\n",
        "%0\r\n",
        "+OK\n",
        "+O\nK\r\n",
        "+OK\rx",
        ":\r\n",
        ":-\r\n",
        ":+1\r\n",
        ":1a\r\n",
        ": 1\r\n",
        ":1234567890123456789\r\n",
        ":111111111111111111111111111111111111111111111111111111111111111111111"
        "11111111111111111111111111111111111111111111111111111111111111",
        "$\r\n",
        "$-2\r\n",
        "$a\r\n",
        "$1\r\nab\r\n",
        "$1\r\na\n",
        "$1\r\na\rx",
        "$0\r\nx",
        "$99999999999999999999\r\n",
    };

    (void) state;

    for (i = 0; i < unit_count(garbage); i++) {
        for (size = 1; size <= strlen(garbage[i]); size++) {
            unit_arena_start(&arena);
            usage_resp_init(&resp, 0, &arena.pool);
            assert_int_equal(
                feed(&resp, unit_str(garbage[i]), size, &taken), USAGE_ERROR);
            assert_false(resp.complete);
            unit_arena_free(&arena);
        }
    }
}


static void
test_elsewhere(void **state)
{
    size_t       i, taken;
    unit_arena_t arena;
    usage_resp_t resp;

    static const struct {
        const char *bytes;
        bool        elsewhere;
    } replies[] = {
        { "-READONLY You can't write against a read only replica.\r\n", true },
        { "-LOADING Redis is loading\r\n", true },
        { "-NOAUTH Authentication required.\r\n", true },
        { "-WRONGPASS invalid\r\n", true },
        { "-MOVED 1 127.0.0.1:1\r\n", true },
        { "-ASK 1 127.0.0.1:1\r\n", true },
        { "-CLUSTERDOWN\r\n", true },
        { "-MASTERDOWN Link\r\n", true },
        { "-BUSY Redis is busy\r\n", true },
        { "-NOPERM no\r\n", false },
        { "-OOM command\r\n", false },
        { "-ERR READONLY\r\n", false },
        { "-\r\n", false },
        { "+BUSY\r\n", false },
        { "$4\r\nBUSY\r\n", false },
        { "-BUSY\r", false },
    };

    (void) state;

    for (i = 0; i < unit_count(replies); i++) {
        unit_arena_start(&arena);
        usage_resp_init(&resp, 0, &arena.pool);
        (void) feed(&resp, unit_str(replies[i].bytes), 99, &taken);
        assert_int_equal(usage_resp_elsewhere(&resp), replies[i].elsewhere);
        unit_arena_free(&arena);
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
