/*
 * Replies of the desktop directory.
 */

#include "unit.h"
#include "usage_directory.h"


typedef struct {
    unit_arena_t     arena;
    usage_table_t    table;
    usage_desktop_t *a;
    usage_desktop_t *b;
    usage_error_t    error;
} directory_test_t;


static usage_result_t
read_reply(directory_test_t *t, usage_str_t body)
{
    char          *copy;
    usage_result_t rc;

    unit_arena_start(&t->arena);
    assert_int_equal(usage_table_init(&t->table, &t->arena.pool, 1), USAGE_OK);

    t->a = usage_table_add(&t->table, unit_str("a"), NULL);
    t->b = usage_table_add(&t->table, unit_str("b"), NULL);
    memset(&t->error, 0, sizeof(t->error));

    copy = unit_exact(body);
    body.data = copy;
    rc = usage_directory_read(&t->table, body, &t->error);
    free(copy);

    assert_int_equal(t->table.count, 2);

    return rc;
}


static void
known(const char *body, bool a, bool b)
{
    directory_test_t t;

    if (read_reply(&t, unit_str(body)) != USAGE_OK) {
        fail_msg("%s: %s", body, t.error.detail);
    }

    assert_int_equal(t.a->known, a);
    assert_int_equal(t.b->known, b);
    assert_false(usage_table_shown(&t.table, t.a));
    unit_arena_free(&t.arena);
}


static void
test_known(void **state)
{
    (void) state;

    known("{\"total_count\":0,\"desktops\":[]}", false, false);
    known("{\"total_count\":0,\"desktops\":null}", false, false);
    known("{\"total_count\":0}", false, false);
    known("{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"a\"}]}", true,
        false);
    known("{\"desktops\":[{\"computer_name\":\"x\",\"sid\":\"b\","
          "\"user_name\":null,\"desktop_id\":\"b\",\"attach_user_infos\":[{"
          "\"desktop_id\":\"a\"}]}],\"total_count\":1,\"x\":1.5}",
        false, true);
    known("{\"total_count\":3,\"desktops\":[{\"desktop_id\":\"b\"},"
          "{\"desktop_id\":\"c\"},{\"desktop_id\":\"\\u0061\"}]}",
        true, true);
    known("{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"A\"},"
          "{\"desktop_id\":\"aa\"}]}",
        false, false);
}


/*
 * Fewer or more than counted: to be asked for again.
 */
static void
test_counts(void **state)
{
    size_t           i;
    directory_test_t t;

    static const char *const bodies[] = {
        "{\"total_count\":1,\"desktops\":[]}",
        "{\"total_count\":1,\"desktops\":null}",
        "{\"total_count\":1}",
        "{\"total_count\":0,\"desktops\":[{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":4294967297,\"desktops\":[{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":-1,\"desktops\":[]}",
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        if (read_reply(&t, unit_str(bodies[i])) != USAGE_AGAIN) {
            fail_msg("taken: %s", bodies[i]);
        }

        unit_arena_free(&t.arena);
    }
}


static void
test_nonsense(void **state)
{
    size_t           i;
    directory_test_t t;

    static const usage_str_t bodies[] = {
        usage_string(""),
        usage_string("x"),
        usage_string("null"),
        usage_string("[]"),
        usage_string("{}"),
        usage_string("{\"total_count\":0"),
        usage_string("{\"total_count\":0}}"),
        usage_string("{\"desktops\":[]}"),
        usage_string("{\"total_count\":null,\"desktops\":[]}"),
        usage_string("{\"total_count\":\"0\",\"desktops\":[]}"),
        usage_string("{\"total_count\":0.0,\"desktops\":[]}"),
        usage_string("{\"total_count\":0,\"desktops\":{}}"),
        usage_string("{\"total_count\":0,\"desktops\":\"\"}"),
        usage_string("{\"total_count\":0,\"desktops\":0}"),
        usage_string("{\"total_count\":1,\"desktops\":[{}]}"),
        usage_string("{\"total_count\":1,\"desktops\":[null]}"),
        usage_string("{\"total_count\":1,\"desktops\":[\"a\"]}"),
        usage_string("{\"total_count\":1,\"desktops\":[[]]}"),
        usage_string("{\"total_count\":1,\"desktops\":[{\"desktop_id\":1}]}"),
        usage_string(
            "{\"total_count\":1,\"desktops\":[{\"desktop_id\":null}]}"),
        usage_string(
            "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"\"}]}"),
        usage_string("{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"},"
                     "{\"desktop_Id\":\"b\"}]}"),
        usage_string("{\"total_count\":0,\"x\":\"\xff\"}"),
        usage_string("{\"total_count\":0\0}"),
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        if (read_reply(&t, bodies[i]) != USAGE_ERROR) {
            fail_msg("taken: %s", bodies[i].data);
        }

        assert_int_equal(t.error.status, 502);
        assert_true(t.error.detail[0] != '\0');
        unit_arena_free(&t.arena);
    }
}


/*
 * A reply without a body may have no place where it would stand.
 */
static void
test_no_body(void **state)
{
    unit_arena_t  arena;
    usage_table_t table;
    usage_error_t error;

    static const usage_str_t nothing = { NULL, 0 };

    (void) state;

    unit_arena_start(&arena);
    assert_int_equal(usage_table_init(&table, &arena.pool, 1), USAGE_OK);
    assert_int_equal(
        usage_directory_read(&table, nothing, &error), USAGE_ERROR);
    assert_int_equal(error.status, 502);
    unit_arena_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_no_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
