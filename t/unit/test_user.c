/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * translation.md, "One user": whose name is the user's.
 */

#include "unit.h"
#include "base/usage_json.h"
#include "gather/usage_user.h"


static usage_user_t
user(const char *name, const char *domain)
{
    usage_user_t result;

    result.name = unit_str(name);
    result.domain = unit_str(domain);

    return result;
}


/*
 * A copy of just its length, so that the sanitizer sees what reads past it.
 */
static usage_str_t
exact(const char *text, char **copy)
{
    usage_str_t str;

    str = unit_str(text);
    *copy = unit_exact(str);
    str.data = *copy;

    return str;
}


static void
directory(const char *name, const char *domain, const char *row_name,
    const char *row_domain, bool is)
{
    char        *copies[4];
    size_t       i;
    usage_str_t  row, in;
    usage_user_t it;

    it.name = exact(name, &copies[0]);
    it.domain = exact(domain, &copies[1]);
    row = exact(row_name, &copies[2]);
    in = exact(row_domain, &copies[3]);

    if (usage_user_is(&it, row, in) != is) {
        fail_msg("%s@%s is %s@%s: %d", name, domain, row_name, row_domain, !is);
    }

    for (i = 0; i < unit_count(copies); i++) {
        free(copies[i]);
    }
}


static void
test_directory(void **state)
{
    (void) state;

    directory("u", "", "u", "", true);
    directory("u", "", "u", "d", true);
    directory("u", "d", "u", "d", true);
    directory("u", "d", "u", "", true);
    directory("u", "d", "u", "e", false);
    directory("u", "d", "u", "D", false);
    directory("u", "d", "u", "dd", false);
    directory("u", "d", "v", "d", false);
    directory("u", "", "U", "", false);
    directory("u", "", "uu", "", false);
    directory("uu", "", "u", "", false);
    directory("u", "", "", "", false);
    directory("u", "", "u@d", "", false);
    directory("u@d", "", "u@d", "", true);
    directory("u@d", "", "u", "d", false);
}


enum { NOT, WHOLE, BARE };


static void
recorded(const char *name, const char *domain, const char *record, int is)
{
    int          found;
    bool         bare;
    char        *copies[3];
    size_t       i;
    usage_str_t  text;
    usage_user_t it;

    it.name = exact(name, &copies[0]);
    it.domain = exact(domain, &copies[1]);
    text = exact(record, &copies[2]);

    bare = true;
    found = !usage_user_recorded(&it, text, &bare) ? NOT : bare ? BARE : WHOLE;

    if (found != is || (found == NOT && bare)) {
        fail_msg("%s@%s is %s: %d", name, domain, record, found);
    }

    for (i = 0; i < unit_count(copies); i++) {
        free(copies[i]);
    }
}


static void
test_recorded(void **state)
{
    (void) state;

    recorded("jy01", "", "jy01", BARE);
    recorded("jy01", "", "jy01@local.com", WHOLE);
    recorded("jy01", "local.com", "jy01@local.com", WHOLE);
    recorded("jy01", "local.com", "jy01", BARE);

    recorded("jy01", "local.com", "jy01@local", NOT);
    recorded("jy01", "local.com", "jy01@local.com.", NOT);
    recorded("jy01", "local.com", "jy01@Local.com", NOT);
    recorded("jy01", "local.com", "jy01@", NOT);
    recorded("jy01", "", "jy01@", NOT);
    recorded("jy01", "", "jy0", NOT);
    recorded("jy01", "", "jy011", NOT);
    recorded("jy01", "", "jy011@local.com", NOT);
    recorded("jy01", "", "ajy01@local.com", NOT);
    recorded("jy01", "", "JY01@local.com", NOT);
    recorded("jy01", "", "", NOT);
    recorded("jy01", "", "@local.com", NOT);
    recorded("jy01", "", "jy01 @local.com", NOT);

    /* names that have an "@" themselves */

    recorded("a@b", "", "a@b", BARE);
    recorded("a@b", "", "a@b@c", WHOLE);
    recorded("a@b", "c", "a@b@c", WHOLE);
    recorded("a@b", "c", "a@b@d", NOT);
    recorded("a", "", "a@b@c", NOT);
    recorded("a", "b", "a@b@c", NOT);
    recorded("a", "b@c", "a@b@c", WHOLE);
    recorded("a@", "", "a@", BARE);
    recorded("a@", "", "a@b", NOT);
}


/*
 * The filter is the name, if that has up to 64 characters, of however many
 * bytes.
 */
static void
test_filter(void **state)
{
    size_t       i, n;
    usage_str_t  filter;
    unit_text_t  text = { 0 };
    usage_user_t it;

    static const char *const chars[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80" };

    (void) state;

    for (i = 0; i < unit_count(chars); i++) {
        unit_text_clear(&text);

        for (n = 1; n <= USAGE_ID_CHARS_MAX; n++) {
            unit_adds(&text, chars[i]);
            it = user(text.data, "");
            filter = usage_user_filter(&it);

            assert_int_equal(filter.len,
                n <= USAGE_USERNAME_CHARS ? n * strlen(chars[i]) : 0);
            assert_memory_equal(filter.data, text.data, filter.len);
        }
    }

    unit_text_free(&text);

    it = user("zryuan1", "d");
    assert_true(unit_is(usage_user_filter(&it), "zryuan1"));
    it = user("", "");
    assert_int_equal(usage_user_filter(&it).len, 0);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
