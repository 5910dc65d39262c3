/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The desktop directory: ids that are looked up, listings in pages, whose a
 * desktop is, and what leads to it.
 */

#include "unit.h"
#include "gather/usage_directory.h"
#include "base/usage_percent.h"


typedef struct {
    unit_arena_t      arena;
    usage_user_t      user;
    usage_directory_t directory;
    usage_table_t     table; /* of desktops that are looked up */
    usage_error_t     error;
} directory_test_t;


static void
start(directory_test_t *t, const char *user, const char *domain)
{
    unit_arena_start(&t->arena);
    memset(&t->error, 0, sizeof(t->error));

    t->user.name = unit_str(user);
    t->user.domain = unit_str(domain);

    assert_int_equal(usage_table_init(&t->table, &t->arena.pool, 1), USAGE_OK);
    assert_int_equal(
        usage_directory_init(&t->directory, &t->user, &t->arena.pool),
        USAGE_OK);
}


static void
finish(directory_test_t *t)
{
    unit_arena_free(&t->arena);
}


static usage_call_t
next(directory_test_t *t)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    assert_int_equal(usage_directory_next(&t->directory, &call), USAGE_OK);
    assert_int_equal(call.api, USAGE_CALL_DIRECTORY);
    assert_int_equal(call.limit, USAGE_DIRECTORY_ROWS);

    return call;
}


static void
no_next(directory_test_t *t)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    assert_int_equal(usage_directory_next(&t->directory, &call), USAGE_AGAIN);
}


static usage_result_t
page(directory_test_t *t, const usage_call_t *call, usage_str_t body)
{
    char          *copy;
    usage_result_t rc;

    copy = unit_exact(body);
    body.data = copy;
    rc = usage_directory_page(&t->directory, call, body, &t->error);
    free(copy);

    return rc;
}


static void
takes(directory_test_t *t, const usage_call_t *call, const char *body)
{
    if (page(t, call, unit_str(body)) != USAGE_OK) {
        fail_msg("%.300s: %s", body, t->error.detail);
    }
}


static usage_entry_t *
entry(const directory_test_t *t, const char *id)
{
    return usage_directory_find(&t->directory, unit_str(id));
}


static bool
listed(const directory_test_t *t, const char *id)
{
    return entry(t, id) != NULL
           && entry(t, id)->listing == t->directory.listing;
}


/* Ids that are looked up. */

typedef struct {
    directory_test_t t;
    usage_desktop_t *a;
    usage_desktop_t *b;
} look_up_t;


static usage_result_t
look_up(look_up_t *l, usage_str_t body)
{
    usage_call_t     call;
    usage_desktop_t *desktops[2];

    start(&l->t, "", "");
    l->a = desktops[0] = usage_table_add(&l->t.table, unit_str("a"), NULL);
    l->b = desktops[1] = usage_table_add(&l->t.table, unit_str("b"), NULL);

    assert_int_equal(
        usage_directory_look_up(&l->t.directory, desktops, 2), USAGE_OK);

    call = next(&l->t);
    assert_int_equal(call.offset, 0);
    assert_int_equal(call.count, 2);
    assert_int_equal(call.name.len, 0);
    assert_true(call.desktops[0] == l->a && call.desktops[1] == l->b);
    no_next(&l->t);

    return page(&l->t, &call, body);
}


static void
known(const char *body, const char *a, const char *b)
{
    look_up_t l;

    if (look_up(&l, unit_str(body)) != USAGE_OK) {
        fail_msg("%s: %s", body, l.t.error.detail);
    }

    no_next(&l.t);
    assert_int_equal(l.t.table.count, 2);
    assert_int_equal(l.a->entry != NULL, a != NULL);
    assert_int_equal(l.b->entry != NULL, b != NULL);
    assert_true(unit_is(l.a->name, a == NULL ? "" : a));
    assert_true(unit_is(l.b->name, b == NULL ? "" : b));
    assert_true(l.a->entry == entry(&l.t, "a"));
    assert_true(l.b->entry == entry(&l.t, "b"));
    assert_false(usage_desktop_shown(l.a));
    assert_false(l.t.directory.full);
    finish(&l.t);
}


static void
test_known(void **state)
{
    (void) state;

    known("{\"total_count\":0,\"desktops\":[]}", NULL, NULL);
    known("{\"total_count\":0,\"desktops\":null}", NULL, NULL);
    known("{\"total_count\":0}", NULL, NULL);
    known(
        "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"a\"}]}", "", NULL);
    known("{\"desktops\":[{\"computer_name\":\"x\",\"sid\":\"b\","
          "\"user_name\":null,\"desktop_id\":\"b\",\"attach_user_infos\":[{"
          "\"desktop_id\":\"a\"}]}],\"total_count\":1,\"x\":1.5}",
        NULL, "x");
    known("{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"b\"},"
          "{\"desktop_id\":\"\\u0061\",\"computer_name\":\"\\u0041\"}]}",
        "A", "");

    /* one that is gone is as if it weren't there */

    known("{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\","
          "\"status\":\"deleted\"},{\"desktop_id\":\"b\",\"status\":"
          "\"ACTIVE\"}]}",
        NULL, "");
    known("{\"total_count\":2,\"desktops\":[{\"status\":\"DELETED\"},"
          "{\"desktop_id\":\"b\",\"status\":[\"DELETED\"]}]}",
        NULL, "");

    /* fields that are no strings are as if they weren't there */

    known("{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"a\","
          "\"computer_name\":1,\"sid\":[],\"user_name\":{},"
          "\"attach_user_infos\":\"\"}]}",
        "", NULL);
}


/*
 * Fewer or more than counted: to be asked for again, twice at most.
 */
static void
test_counts(void **state)
{
    size_t       i, k;
    look_up_t    l;
    usage_call_t call;

    static const char *const bodies[] = {
        "{\"total_count\":1,\"desktops\":[]}",
        "{\"total_count\":0,\"desktops\":[{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"},"
        "{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":4294967297,\"desktops\":[{\"desktop_id\":\"a\"}]}",
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        assert_int_equal(look_up(&l, unit_str(bodies[i])), USAGE_OK);
        assert_null(l.a->entry);

        for (k = 1; k < USAGE_REFETCH_MAX; k++) {
            call = next(&l.t);
            assert_int_equal(call.attempt, k);
            takes(&l.t, &call, bodies[i]);
            assert_null(l.a->entry);
        }

        call = next(&l.t);
        assert_int_equal(page(&l.t, &call, unit_str(bodies[i])), USAGE_ERROR);
        assert_int_equal(l.t.error.status, 502);
        assert_non_null(strstr(l.t.error.detail, "desktop directory"));
        finish(&l.t);

        /* then they agree */

        assert_int_equal(look_up(&l, unit_str(bodies[i])), USAGE_OK);
        call = next(&l.t);
        takes(&l.t, &call,
            "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"a\"}]}");
        assert_non_null(l.a->entry);
        assert_null(l.b->entry);
        no_next(&l.t);
        finish(&l.t);
    }
}


static void
test_nonsense(void **state)
{
    size_t           i;
    look_up_t        l;
    usage_call_t     call;
    directory_test_t t;

    static const usage_str_t bodies[] = {
        usage_string(""), usage_string("x"), usage_string("null"),
        usage_string("[]"), usage_string("{}"),
        usage_string("{\"total_count\":0"),
        usage_string("{\"total_count\":0}}"), usage_string("{\"desktops\":[]}"),
        usage_string("{\"total_count\":null,\"desktops\":[]}"),
        usage_string("{\"total_count\":\"0\",\"desktops\":[]}"),
        usage_string("{\"total_count\":0.0,\"desktops\":[]}"),
        usage_string("{\"total_count\":-1,\"desktops\":[]}"),
        usage_string("{\"total_count\":0,\"desktops\":{}}"),
        usage_string("{\"total_count\":0,\"desktops\":\"\"}"),
        usage_string("{\"total_count\":0,\"desktops\":0}"),
        usage_string("{\"total_count\":1,\"desktops\":null}"),
        usage_string("{\"total_count\":1}"),
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
        { NULL, 0 }, /* a reply without a body */
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        if (look_up(&l, bodies[i]) != USAGE_ERROR) {
            fail_msg("taken: %s", bodies[i].data);
        }

        assert_int_equal(l.t.error.status, 502);
        assert_true(l.t.error.detail[0] != '\0');
        finish(&l.t);

        start(&t, "u", "");
        usage_directory_list(&t.directory);
        call = next(&t);
        assert_int_equal(page(&t, &call, bodies[i]), USAGE_ERROR);
        assert_int_equal(t.error.status, 502);
        finish(&t);
    }
}


/*
 * A page whose error_code is a string is an error of the API, and told as one.
 */
static void
test_error_code(void **state)
{
    size_t    i;
    look_up_t l;

    static const char *const bodies[] = {
        "{\"error_code\":\"WKS.1\",\"error_msg\":\"no\"}",
        "{\"total_count\":0,\"desktops\":[],\"error_msg\":\"no\","
        "\"error_code\":\"WKS.1\"}",
        "{\"error_msg\":\"no\",\"error_code\":\"WKS.1\",\"total_count\":1,"
        "\"desktops\":[{\"desktop_id\":\"a\"}]}",
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        assert_int_equal(look_up(&l, unit_str(bodies[i])), USAGE_ERROR);
        assert_int_equal(l.t.error.status, 502);
        assert_string_equal(l.t.error.detail,
            "the upstream answered 200 with an error of its API: WKS.1, no");
        finish(&l.t);
    }

    known("{\"total_count\":0,\"error_code\":null}", NULL, NULL);
}


/*
 * Many ids: each in one call, 100 in a call, fewer if they are long.
 */
static void
test_batches(void **state)
{
    size_t            i, k, n, count, bytes, calls, looked;
    uint64_t          rnd;
    unit_text_t       id = { 0 }, body = { 0 };
    usage_call_t      call, waiting[40];
    usage_desktop_t **desktops;
    directory_test_t  t;

    static const size_t counts[] = { 0, 1, 99, 100, 101, 250, 2000 };

    (void) state;

    rnd = unit_seed();

    for (i = 0; i < 3 * unit_count(counts); i++) {
        count = counts[i / 3];
        desktops = unit_must(calloc(count + 1, sizeof(*desktops)));
        start(&t, "", "");

        for (n = 0; n < count; n++) {
            unit_text_clear(&id);
            unit_addf(&id, "%zu%s", n, i % 3 == 2 && n % 5 == 4 ? "," : "");

            for (k = i % 3 == 0 ? 0 : unit_below(&rnd, 120); k > 0; k--) {
                unit_adds(&id, k % 2 == 0 ? "-" : "\xe2\x82\xac");
            }

            desktops[n] = usage_table_add(&t.table, unit_text_str(&id), NULL);
        }

        looked = count;

        assert_int_equal(
            usage_directory_look_up(&t.directory, desktops, count), USAGE_OK);

        calls = 0;
        memset(&call, 0, sizeof(call));

        while (usage_directory_next(&t.directory, &call) == USAGE_OK) {
            assert_in_range(call.count, 1, USAGE_DIRECTORY_IDS);
            bytes = 0;

            for (k = 0; k < call.count; k++) {
                bytes += strlen("&desktop_id=")
                         + usage_percent_encoded(call.desktops[k]->id);
                assert_false(usage_cell_shown(call.desktops[k], 0));
                usage_cell_show(call.desktops[k], 0, 0); /* seen */
            }

            assert_true(call.count == 1 || bytes <= USAGE_DIRECTORY_BYTES);

            if (calls < unit_count(waiting)) {
                waiting[calls] = call;
            }

            calls++;
            looked -= call.count;
            memset(&call, 0, sizeof(call));
        }

        assert_int_equal(looked, 0);

        if (i % 3 == 0) {
            assert_int_equal(calls, (count + 99) / 100);
        }

        /* every other one is known; the last calls are answered first */

        for (k = calls; k-- > 0 && calls <= unit_count(waiting);) {
            unit_text_clear(&body);
            unit_adds(&body, "{\"desktops\":[");

            for (n = 0; n < waiting[k].count; n += 2) {
                unit_addf(&body, "%s{\"desktop_id\":\"%.*s\"}",
                    n > 0 ? "," : "", (int) waiting[k].desktops[n]->id.len,
                    waiting[k].desktops[n]->id.data);
            }

            unit_addf(
                &body, "],\"total_count\":%zu}", (waiting[k].count + 1) / 2);
            takes(&t, &waiting[k], body.data);

            for (n = 0; n < waiting[k].count; n++) {
                assert_int_equal(
                    waiting[k].desktops[n]->entry != NULL, n % 2 == 0);
            }
        }

        no_next(&t);
        free(desktops);
        finish(&t);
    }

    unit_text_free(&id);
    unit_text_free(&body);
}


/* Whose a desktop is. */

static const char *
attached_name(usage_attached_t attached)
{
    return attached == USAGE_ATTACHED_ALONE    ? "alone"
           : attached == USAGE_ATTACHED_SHARED ? "shared"
                                               : "not";
}


static void
attached(const char *user, const char *domain, const char *members,
    usage_attached_t is, bool namesake, bool owned)
{
    unit_text_t      body = { 0 };
    usage_call_t     call;
    directory_test_t t;

    start(&t, user, domain);
    usage_directory_list(&t.directory);
    call = next(&t);

    unit_addf(&body,
        "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"a\"%s}]}", members);
    takes(&t, &call, body.data);

    if (entry(&t, "a")->attached != is || entry(&t, "a")->namesake != namesake
        || entry(&t, "a")->owned != owned)
    {
        fail_msg("%s@%s: %s%s%s: %s", user, domain,
            attached_name(entry(&t, "a")->attached),
            entry(&t, "a")->namesake ? " namesake" : "",
            entry(&t, "a")->owned ? " owned" : "", members);
    }

    unit_text_free(&body);
    finish(&t);
}


#define INFOS(infos)     ",\"attach_user_infos\":" infos
#define INFO(name, type) "{\"user_name\":\"" name "\",\"type\":\"" type "\"}"
#define IN(name, domain)                                                       \
    "{\"user_name\":\"" name "\",\"type\":\"USER\",\"domain\":\"" domain "\"}"

#define NOT    USAGE_ATTACHED_NOT
#define SHARED USAGE_ATTACHED_SHARED
#define ALONE  USAGE_ATTACHED_ALONE


static void
test_attached(void **state)
{
    (void) state;

    attached("u", "", INFOS("[" INFO("u", "USER") "]"), ALONE, false, true);
    attached("u", "", INFOS("[" INFO("v", "USER") "]"), NOT, false, true);
    attached("u", "", INFOS("[" INFO("U", "USER") "]"), NOT, false, true);
    attached("u", "", INFOS("[" INFO("uu", "USER") "]"), NOT, false, true);
    attached("u", "", INFOS("[" INFO("u", "user") "]"), ALONE, false, true);
    attached("u", "", INFOS("[" INFO("u", "") "]"), ALONE, false, true);
    attached("u", "", INFOS("[{\"user_name\":\"u\"}]"), ALONE, false, true);
    attached("u", "", INFOS("[{\"user_name\":\"u\",\"type\":null}]"), ALONE,
        false, true);

    /* several */

    attached("u", "", INFOS("[" INFO("u", "USER") "," INFO("v", "USER") "]"),
        SHARED, false, false);
    attached("u", "", INFOS("[" INFO("v", "USER") "," INFO("u", "USER") "]"),
        SHARED, false, false);
    attached("u", "", INFOS("[" INFO("v", "USER") "," INFO("w", "USER") "]"),
        NOT, false, false);

    /* groups, whatever they are called */

    attached("u", "", INFOS("[" INFO("g", "GROUP") "]"), NOT, false, false);
    attached("u", "", INFOS("[" INFO("u", "GROUP") "]"), NOT, false, false);
    attached("u", "", INFOS("[" INFO("u", "USER") "," INFO("g", "GROUP") "]"),
        SHARED, false, false);
    attached("u", "", INFOS("[" INFO("u", "GROUP") "," INFO("u", "USER") "]"),
        SHARED, false, false);
    attached("u", "", INFOS("[" INFO("u", "OTHER") "]"), NOT, false, false);

    /* nobody */

    attached("u", "", INFOS("[]"), NOT, false, false);
    attached("u", "", INFOS("[]") ",\"user_name\":\"u\"", NOT, false, false);
    attached("u", "", "", NOT, false, false);
    attached("u", "", INFOS("[{}]"), NOT, false, true);
    attached("u", "", INFOS("[null]"), NOT, false, true);

    /* the one owner, where there are no infos */

    attached("u", "", ",\"user_name\":\"u\"", ALONE, false, true);
    attached("u", "x", ",\"user_name\":\"u\"", ALONE, false, true);
    attached("u", "", ",\"user_name\":\"v\"", NOT, false, true);
    attached("u", "", ",\"user_name\":\"\"", NOT, false, false);
    attached("u", "", ",\"user_name\":null", NOT, false, false);
    attached("u", "", INFOS("null") ",\"user_name\":\"u\"", ALONE, false, true);
    attached("u", "", INFOS("[" INFO("v", "USER") "]") ",\"user_name\":\"u\"",
        NOT, false, true);
    attached("u", "", INFOS("[" INFO("u", "USER") "]") ",\"user_name\":\"v\"",
        ALONE, false, true);

    /* nobody is named: nobody's */

    attached("", "", ",\"user_name\":\"\"", NOT, false, false);
    attached("", "", INFOS("[" INFO("", "USER") "]"), NOT, false, false);
}


static void
test_domains(void **state)
{
    (void) state;

    attached("u", "d", INFOS("[" IN("u", "d") "]"), ALONE, false, true);
    attached("u", "d", INFOS("[" IN("u", "e") "]"), NOT, true, true);
    attached("u", "d", INFOS("[" IN("u", "D") "]"), NOT, true, true);
    attached("u", "d", INFOS("[" IN("v", "d") "]"), NOT, false, true);

    /* what isn't told may be the user's; what isn't asked for is */

    attached("u", "d", INFOS("[" IN("u", "") "]"), ALONE, false, true);
    attached("u", "d", INFOS("[" INFO("u", "USER") "]"), ALONE, false, true);
    attached("u", "", INFOS("[" IN("u", "e") "]"), ALONE, false, true);

    /* namesakes in two domains */

    attached("u", "d", INFOS("[" IN("u", "d") "," IN("u", "e") "]"), SHARED,
        false, false);
    attached("u", "d", INFOS("[" IN("u", "e") "," IN("u", "d") "]"), SHARED,
        false, false);
    attached("u", "", INFOS("[" IN("u", "e") "," IN("u", "d") "]"), ALONE,
        false, false);
    attached("u", "d", INFOS("[" IN("u", "e") "," IN("v", "d") "]"), NOT, true,
        false);
    attached("u", "d", INFOS("[" INFO("u", "GROUP") "," IN("v", "d") "]"), NOT,
        false, false);
}


/*
 * Others' names are kept, to tell users whose name looks like name@domain.
 */
static void
test_others(void **state)
{
    usage_call_t     call;
    directory_test_t t;

    (void) state;

    start(&t, "u", "");
    usage_directory_list(&t.directory);
    call = next(&t);
    takes(&t, &call,
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"" INFOS("[" INFO(
            "u", "USER") "]") "},{\"desktop_id\":\"b\"" INFOS("[" INFO("u@d",
            "USER") "," INFO("v", "USER") "]") "}]}");

    assert_non_null(usage_table_find(&t.directory.users, unit_str("u@d")));
    assert_non_null(usage_table_find(&t.directory.users, unit_str("v")));
    assert_null(usage_table_find(&t.directory.users, unit_str("u")));
    finish(&t);
}


/*
 * What a later listing says counts.
 */
static void
test_anew(void **state)
{
    usage_call_t     call;
    directory_test_t t;

    (void) state;

    start(&t, "u", "d");
    usage_directory_list(&t.directory);
    call = next(&t);
    takes(&t, &call,
        "{\"total_count\":3,\"desktops\":[{\"desktop_id\":\"a\"" INFOS(
            "[" IN("u", "d") "]") "},{\"desktop_id\":\"b\"" INFOS("[" IN("u",
            "e") "]") "},{\"desktop_id\":\"c\",\"user_name\":\"u\"}]}");
    no_next(&t);
    assert_true(t.directory.full);
    assert_int_equal(entry(&t, "a")->attached, ALONE);
    assert_true(entry(&t, "b")->namesake);
    assert_int_equal(entry(&t, "c")->attached, ALONE);

    usage_directory_list(&t.directory);
    call = next(&t);
    assert_int_equal(call.name.len, 0);
    assert_false(listed(&t, "a"));
    takes(&t, &call,
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"b\"" INFOS(
            "[" IN("u", "d") "," IN("v", "d") "]") "},{\"desktop_id\":\"a\""
                                                   "}]}");
    no_next(&t);
    assert_true(t.directory.full);
    assert_int_equal(entry(&t, "a")->attached, NOT);
    assert_int_equal(entry(&t, "b")->attached, SHARED);
    assert_false(entry(&t, "b")->namesake);
    assert_true(listed(&t, "a") && listed(&t, "b") && !listed(&t, "c"));
    finish(&t);
}


/* Listings. */

/*
 * Rows from to to of a listing; one is shown in the place of another.
 */
static void
rows(unit_text_t *body, size_t from, size_t to, size_t count)
{
    size_t i;

    unit_text_clear(body);
    unit_addf(body, "{\"total_count\":%zu,\"desktops\":[", count);

    for (i = from; i < to; i++) {
        unit_addf(body, "%s{\"desktop_id\":\"%zu\",\"computer_name\":\"n%zu\"}",
            i > from ? "," : "", i, i);
    }

    unit_adds(body, "]}");
}


/*
 * A reply with more or other desktops than were asked for: the service ignores
 * the ids, and all of the directory is listed.
 */
static void
test_ignored(void **state)
{
    size_t       i;
    look_up_t    l;
    usage_call_t call;

    static const char *const bodies[] = {
        "{\"total_count\":3,\"desktops\":[{\"desktop_id\":\"b\"},"
        "{\"desktop_id\":\"c\"},{\"desktop_id\":\"a\"}]}",
        "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"a\"},"
        "{\"desktop_id\":\"aa\"}]}",
        "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"A\"}]}",
        "{\"total_count\":1,\"desktops\":[{\"desktop_id\":\"c\",\"status\":"
        "\"DELETED\"}]}",
    };

    (void) state;

    for (i = 0; i < unit_count(bodies); i++) {
        assert_int_equal(look_up(&l, unit_str(bodies[i])), USAGE_OK);
        assert_int_equal(usage_directory_ahead(&l.t.directory), 1);
        call = next(&l.t);
        assert_int_equal(call.kind, USAGE_CALL_LISTING);
        assert_int_equal(call.count + call.name.len, 0);
        no_next(&l.t);
        assert_false(l.t.directory.full);

        takes(&l.t, &call,
            "{\"total_count\":2,\"desktops\":[{\"desktop_id\":\"c\"},"
            "{\"desktop_id\":\"b\",\"computer_name\":\"B\"}]}");
        no_next(&l.t);
        assert_true(l.t.directory.full);
        assert_null(l.a->entry);
        assert_non_null(l.b->entry);
        assert_true(unit_is(l.b->name, "B"));
        finish(&l.t);
    }
}


/*
 * Many ids that are ignored, in a directory of several pages.
 */
static void
test_ignored_many(void **state)
{
    size_t           n;
    unit_text_t      id = { 0 }, body = { 0 };
    usage_call_t     late, call;
    usage_desktop_t *desktops[250];
    directory_test_t t;

    (void) state;

    start(&t, "", "");

    for (n = 0; n < unit_count(desktops); n++) {
        unit_text_clear(&id);
        unit_addf(&id, "%zu", 10 * n);
        desktops[n] = usage_table_add(&t.table, unit_text_str(&id), NULL);
    }

    assert_int_equal(
        usage_directory_look_up(&t.directory, desktops, unit_count(desktops)),
        USAGE_OK);
    assert_int_equal(usage_directory_ahead(&t.directory), 3);

    late = next(&t);
    call = next(&t);
    rows(&body, 0, 1000, 2000);
    takes(&t, &call, body.data);
    assert_int_equal(usage_directory_ahead(&t.directory), 1);

    call = next(&t);
    assert_int_equal(call.kind, USAGE_CALL_LISTING);
    takes(&t, &call, body.data);
    takes(&t, &late, body.data); /* no matter any more */
    assert_null(desktops[0]->entry);

    call = next(&t);
    assert_int_equal(call.kind, USAGE_CALL_LISTING);
    assert_int_equal(call.offset, 1000);
    no_next(&t);
    rows(&body, 1000, 2000, 2000);
    takes(&t, &call, body.data);
    no_next(&t);
    assert_true(t.directory.full);

    for (n = 0; n < unit_count(desktops); n++) {
        assert_int_equal(desktops[n]->entry != NULL, n < 200);
    }

    unit_text_free(&id);
    unit_text_free(&body);
    finish(&t);
}


static void
test_pages(void **state)
{
    size_t           i;
    unit_text_t      body = { 0 };
    usage_call_t     calls[3];
    directory_test_t t;

    (void) state;

    start(&t, "", "");
    usage_directory_list(&t.directory);
    calls[0] = next(&t);
    assert_int_equal(calls[0].kind, USAGE_CALL_LISTING);
    assert_int_equal(calls[0].count, 0);
    no_next(&t); /* the first one tells how many there are */

    rows(&body, 0, 1000, 2500);
    takes(&t, &calls[0], body.data);
    calls[1] = next(&t);
    calls[2] = next(&t);
    no_next(&t);
    assert_int_equal(calls[1].offset, 1000);
    assert_int_equal(calls[2].offset, 2000);

    rows(&body, 2000, 2500, 2500);
    takes(&t, &calls[2], body.data);
    assert_false(t.directory.full);
    rows(&body, 1000, 2000, 2500);
    takes(&t, &calls[1], body.data);
    assert_true(t.directory.full);
    no_next(&t);

    assert_int_equal(t.directory.ids.count, 2500);

    for (i = 0; i < 2500; i++) {
        assert_int_equal(
            t.directory.ids.desktops[i]->entry->listing, t.directory.listing);
    }

    finish(&t);

    /* none at all; a last page that is full */

    start(&t, "", "");
    usage_directory_list(&t.directory);
    calls[0] = next(&t);
    rows(&body, 0, 0, 0);
    takes(&t, &calls[0], body.data);
    no_next(&t);
    assert_true(t.directory.full);
    finish(&t);

    start(&t, "", "");
    usage_directory_list(&t.directory);
    calls[0] = next(&t);
    rows(&body, 0, 1000, 1000);
    takes(&t, &calls[0], body.data);
    no_next(&t);
    assert_true(t.directory.full);
    finish(&t);

    unit_text_free(&body);
}


/*
 * Pages that don't agree: the listing starts anew, and what only the former
 * one showed is not listed.
 */
static void
test_restart(void **state)
{
    size_t           fault, k;
    unit_text_t      body = { 0 };
    usage_call_t     first, second, third;
    directory_test_t t;

    (void) state;

    for (fault = 0; fault < 4; fault++) {
        start(&t, "", "");
        usage_directory_list(&t.directory);

        for (k = 0; k < USAGE_REFETCH_MAX; k++) {
            first = next(&t);
            assert_int_equal(first.attempt, k);
            assert_int_equal(first.offset, 0);
            rows(&body, 0, 1000, 2500);
            takes(&t, &first, body.data);
            second = next(&t);
            third = next(&t);

            switch (fault) {

            case 0: /* a row less */
                rows(&body, 1000, 1999, 2500);
                break;

            case 1: /* another count */
                rows(&body, 1000, 2000, 2501);
                break;

            case 2: /* a row more */
                rows(&body, 1000, 2001, 2500);
                break;

            default: /* a row that was there */
                rows(&body, 999, 1999, 2500);
                break;
            }

            takes(&t, &second, body.data);
            assert_false(t.directory.full);
            assert_false(listed(&t, "0"));

            /* one of the former attempt comes late: no matter */

            rows(&body, 2000, 2500, 2500);
            takes(&t, &third, body.data);
            assert_false(t.directory.full);
            assert_false(listed(&t, "2000"));
        }

        if (fault % 2 == 0) {
            first = next(&t);
            rows(&body, 1, 1000, 999);
            takes(&t, &first, body.data);
            no_next(&t);
            assert_true(t.directory.full);
            assert_false(listed(&t, "0"));
            assert_true(listed(&t, "1") && listed(&t, "999"));
            assert_false(listed(&t, "1000"));

        } else {
            first = next(&t);
            rows(&body, 0, 999, 1000);
            assert_int_equal(
                page(&t, &first, unit_text_str(&body)), USAGE_ERROR);
            assert_int_equal(t.error.status, 502);
            assert_non_null(strstr(t.error.detail, "desktop directory"));
        }

        finish(&t);
    }

    /* one twice on a page */

    start(&t, "u", "");
    usage_directory_list(&t.directory);

    for (k = 0; k <= USAGE_REFETCH_MAX; k++) {
        first = next(&t);
        assert_int_equal(
            page(&t, &first,
                unit_str("{\"total_count\":2,\"desktops\":[{\"desktop_id\":"
                         "\"a\"},{\"desktop_id\":\"a\"}]}")),
            k < USAGE_REFETCH_MAX ? USAGE_OK : USAGE_ERROR);
    }

    assert_int_equal(t.error.status, 502);
    finish(&t);
    unit_text_free(&body);
}


/* What leads to a desktop. */

static void
leads(const directory_test_t *t, const char *sid, const char *name,
    const char *id, bool doubtful)
{
    bool                 doubt;
    const usage_entry_t *found;

    found = usage_directory_match(
        &t->directory, unit_str(sid), unit_str(name), &doubt);

    if (id == NULL ? found != NULL
                   : found == NULL
                         || (id[0] == '*' ? !found->ambiguous
                                          : !unit_is(found->id, id)))
    {
        fail_msg("sid \"%s\", name \"%s\" don't lead to %s", sid, name,
            id == NULL ? "nothing" : id);
    }

    assert_int_equal(doubt, doubtful);
}


static void
test_leads(void **state)
{
    usage_call_t     call;
    directory_test_t t;

    static const char body[] =
        "{\"total_count\":6,\"desktops\":["
        "{\"desktop_id\":\"a\",\"sid\":\"sa\",\"computer_name\":\"A\"},"
        "{\"desktop_id\":\"b\",\"sid\":\"sb\",\"computer_name\":\"B\"},"
        "{\"desktop_id\":\"c\",\"sid\":\"sc\",\"computer_name\":\"B\"},"
        "{\"desktop_id\":\"d\",\"computer_name\":\"D\"},"
        "{\"desktop_id\":\"e\",\"sid\":\"s\",\"computer_name\":\"\"},"
        "{\"desktop_id\":\"f\",\"sid\":\"s\",\"computer_name\":null}]}";

    (void) state;

    start(&t, "u", "");
    leads(&t, "", "", NULL, true);
    leads(&t, "sa", "A", NULL, true);
    leads(&t, "", "A", NULL, true);

    usage_directory_list(&t.directory);
    call = next(&t);
    takes(&t, &call, body);

    leads(&t, "sa", "A", "a", false);
    leads(&t, "sa", "", "a", false);
    leads(&t, "", "A", "a", false);
    leads(&t, "", "a", NULL, false);
    leads(&t, "", "", NULL, false);

    /* the sid decides, where it is known */

    leads(&t, "sa", "D", "a", false);
    leads(&t, "sa", "B", "a", false);
    leads(&t, "sb", "B", "b", false);
    leads(&t, "sc", "B", "c", false);
    leads(&t, "sa", "nowhere", "a", false);

    /* else the name */

    leads(&t, "sx", "D", "d", false);
    leads(&t, "sx", "nowhere", NULL, false);
    leads(&t, "sx", "", NULL, false);

    /* several of one name, or of one sid */

    leads(&t, "", "B", "*", false);
    leads(&t, "sx", "B", "*", false);
    leads(&t, "s", "", "*", false);
    leads(&t, "s", "A", "*", false);

    /* the same row once more is no other desktop */

    usage_directory_list(&t.directory);
    call = next(&t);
    takes(&t, &call, body);
    leads(&t, "sa", "A", "a", false);
    leads(&t, "", "A", "a", false);
    leads(&t, "", "D", "d", false);
    finish(&t);

    /* there may be others, where not all are known */

    start(&t, "u", "");
    usage_directory_list(&t.directory);
    call = next(&t);
    takes(&t, &call, body);
    t.directory.full = false;
    leads(&t, "sa", "A", "a", false);
    leads(&t, "sx", "A", "a", true);
    leads(&t, "", "A", "a", true);
    leads(&t, "", "nowhere", NULL, true);
    finish(&t);
}


/* Random directories. */

enum { RANDOM_MINE = 1, RANDOM_OTHER = 2, RANDOM_NAMESAKE = 4, RANDOM_ALL = 8 };


static void
random_row(unit_text_t *body, size_t n, unsigned kind)
{
    unit_addf(body, "{\"desktop_id\":\"%zu\",\"sid\":\"s%zu\"", n, n);

    if (kind == RANDOM_MINE && n % 3 == 0) {
        unit_adds(body, ",\"user_name\":\"u\"}");
        return;
    }

    unit_adds(body, ",\"attach_user_infos\":[");
    unit_adds(body, kind & RANDOM_MINE ? IN("u", "d") : "");
    unit_adds(
        body, kind & RANDOM_MINE && kind & ~(unsigned) RANDOM_MINE ? "," : "");
    unit_adds(body, kind & RANDOM_OTHER
                        ? (n % 2 == 0 ? IN("v", "d") : INFO("g", "GROUP"))
                        : "");
    unit_adds(body, (kind & 6) == 6 ? "," : "");
    unit_adds(body, kind & RANDOM_NAMESAKE ? IN("u", "e") : "");
    unit_adds(body, "]}");
}


/*
 * A listing of up to 3500 desktops, whose pages come in any order, some of
 * them wrong once or twice.
 */
static void
test_random(void **state)
{
    char             id[24];
    unsigned        *kinds;
    size_t           i, k, n, count, waiting, from, to, faulty;
    uint64_t         rnd, seed;
    unit_text_t      body = { 0 };
    usage_call_t     call, calls[8];
    directory_test_t t;

    (void) state;

    for (i = 0, n = unit_times(40); i < n; i++) {
        seed = unit_seed() * 1000003 + i;
        rnd = seed;
        count = unit_below(&rnd, unit_chance(&rnd, 50) ? 20 : 3500);
        kinds = unit_must(calloc(count + 1, sizeof(*kinds)));
        faulty = unit_below(&rnd, USAGE_REFETCH_MAX + 1);

        for (k = 0; k < count; k++) {
            kinds[k] = (unsigned) unit_below(&rnd, RANDOM_ALL);
        }

        start(&t, "u", "d");
        usage_directory_list(&t.directory);

        for (waiting = 0;;) {
            memset(&call, 0, sizeof(call));

            while (waiting < unit_count(calls)
                   && usage_directory_next(&t.directory, &call) == USAGE_OK)
            {
                calls[waiting++] = call;
                memset(&call, 0, sizeof(call));
            }

            if (waiting == 0) {
                break;
            }

            k = unit_below(&rnd, waiting);
            call = calls[k];
            calls[k] = calls[--waiting];

            from = (size_t) call.offset;
            to = from + 1000 < count ? from + 1000 : count;

            unit_text_clear(&body);
            unit_addf(&body, "{\"total_count\":%zu,\"desktops\":[",
                count + (call.attempt < faulty && unit_chance(&rnd, 50)));

            /* another one in the place of the last, or its kind not yet right
             */

            for (k = from; k < to; k++) {
                unit_adds(&body, k > from ? "," : "");
                random_row(&body, call.attempt < faulty && k == to - 1 ? 0 : k,
                    call.attempt < faulty ? RANDOM_OTHER : kinds[k]);
            }

            unit_adds(&body, "]}");

            if (count == 1 && call.attempt < faulty) {
                unit_text_clear(&body);
                unit_adds(&body, "{\"total_count\":1,\"desktops\":[]}");
            }

            takes(&t, &call, body.data);
        }

        for (k = 0; k < count; k++) {
            (void) snprintf(id, sizeof(id), "%zu", k);
            assert_true(listed(&t, id));

            if (entry(&t, id)->attached
                    != (!(kinds[k] & RANDOM_MINE) ? NOT
                        : kinds[k] == RANDOM_MINE ? ALONE
                                                  : SHARED)
                || entry(&t, id)->namesake
                       != ((kinds[k] & (RANDOM_MINE | RANDOM_NAMESAKE))
                           == RANDOM_NAMESAKE)
                || entry(&t, id)->owned
                       != (kinds[k] == RANDOM_MINE
                           || kinds[k] == RANDOM_NAMESAKE
                           || (kinds[k] == RANDOM_OTHER && k % 2 == 0)))
            {
                fail_msg(
                    "seed %" PRIu64 ": %zu, of kind %u", seed, k, kinds[k]);
            }
        }

        free(kinds);
        finish(&t);
    }

    unit_text_free(&body);
}


static void
test_out_of_memory(void **state)
{
    bool             full;
    size_t           left, k;
    char             id[24];
    unit_text_t      body = { 0 };
    usage_call_t     call;
    usage_result_t   rc;
    usage_desktop_t *desktops[150];
    directory_test_t t;

    (void) state;

    unit_adds(&body, "{\"total_count\":300,\"desktops\":[");

    for (k = 0; k < 300; k++) {
        unit_addf(&body,
            "%s{\"desktop_id\":\"%zu\",\"computer_name\":\"c%zu\",\"sid\":"
            "\"s%zu\",\"attach_user_infos\":[{\"user_name\":\"v%zu\"}]}",
            k > 0 ? "," : "", k, k, k, k);
    }

    unit_adds(&body, "]}");

    for (left = 0, full = false; !full; left++) {
        unit_arena_start(&t.arena);
        assert_int_equal(
            usage_table_init(&t.table, &t.arena.pool, 1), USAGE_OK);

        for (k = 0; k < unit_count(desktops); k++) {
            (void) snprintf(id, sizeof(id), "%zu", k);
            desktops[k] = usage_table_add(&t.table, unit_str(id), NULL);
        }

        memset(&t.error, 0, sizeof(t.error));
        t.user.name = unit_str("u");
        t.user.domain = unit_str("");
        t.arena.left = left;

        rc = usage_directory_init(&t.directory, &t.user, &t.arena.pool);

        if (rc == USAGE_OK) {
            rc = usage_directory_look_up(
                &t.directory, desktops, unit_count(desktops));
        }

        if (rc == USAGE_OK) {

            /* the ids are ignored, so a listing follows */

            for (k = 0; rc == USAGE_OK && k < 2; k++) {
                call = next(&t);
                rc = page(&t, &call, unit_text_str(&body));
                assert_true(rc == USAGE_OK || t.error.status == 500);
            }

            full = t.directory.full;
        }

        assert_true(full || rc == USAGE_ERROR);
        finish(&t);
    }

    assert_true(left > 300 * 5);
    unit_text_free(&body);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_error_code),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_attached),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_anew),
        cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_ignored_many),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_leads),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
