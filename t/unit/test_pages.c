/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The pages of one list, which have to agree, and are fetched again where they
 * don't.
 */

#include "unit.h"
#include "gather/usage_pages.h"


static usage_call_t
next(usage_pages_t *pages)
{
    usage_call_t call;

    memset(&call, 0, sizeof(call));
    call.api = USAGE_CALL_RECORDS;

    assert_true(usage_pages_ready(pages));
    usage_pages_next(pages, &call);
    assert_int_equal(call.limit, pages->limit);
    assert_int_equal(call.attempt, pages->attempt);

    return call;
}


static usage_result_t
take(
    usage_pages_t *pages, const usage_call_t *call, int64_t count, int64_t rows)
{
    usage_error_t      error;
    const usage_pool_t pool = { 0 };

    memset(&error, 0, sizeof(error));

    switch (usage_pages_take(pages, call, count, rows, &pool, &error)) {

    case USAGE_OK:
        return USAGE_OK;

    case USAGE_AGAIN:
        assert_int_equal(error.status, 0);
        return USAGE_AGAIN;

    case USAGE_ERROR:
    default:
        assert_int_equal(error.status, 502);
        assert_non_null(strstr(error.detail, "connection records"));
        return USAGE_ERROR;
    }
}


static void
test_one(void **state)
{
    int64_t       count;
    usage_call_t  call;
    usage_pages_t pages;

    (void) state;

    for (count = 0; count <= 100; count++) {
        usage_pages_start(&pages, 100);
        assert_true(usage_pages_fresh(&pages) && usage_pages_ready(&pages));
        assert_false(usage_pages_ended(&pages) || usage_pages_done(&pages));

        call = next(&pages);
        assert_int_equal(call.offset, 0);
        assert_false(usage_pages_fresh(&pages) || usage_pages_ready(&pages));
        assert_false(usage_pages_ended(&pages) || usage_pages_done(&pages));

        assert_int_equal(take(&pages, &call, count, count), USAGE_OK);
        assert_true(usage_pages_ended(&pages) && usage_pages_done(&pages));
        assert_false(usage_pages_fresh(&pages) || usage_pages_ready(&pages));
        assert_int_equal(pages.count, count);
    }
}


static void
test_several(void **state)
{
    usage_call_t  calls[3];
    usage_pages_t pages;

    (void) state;

    usage_pages_start(&pages, 100);
    calls[0] = next(&pages);
    assert_int_equal(take(&pages, &calls[0], 250, 100), USAGE_OK);
    assert_false(usage_pages_ended(&pages));

    calls[1] = next(&pages);
    assert_false(usage_pages_ended(&pages));
    calls[2] = next(&pages);
    assert_int_equal(calls[1].offset, 100);
    assert_int_equal(calls[2].offset, 200);
    assert_true(usage_pages_ended(&pages));
    assert_false(usage_pages_ready(&pages) || usage_pages_done(&pages));

    assert_int_equal(take(&pages, &calls[2], 250, 50), USAGE_OK);
    assert_false(usage_pages_done(&pages));
    assert_int_equal(take(&pages, &calls[1], 250, 100), USAGE_OK);
    assert_true(usage_pages_done(&pages));

    assert_int_equal(usage_pages_of(&pages, 0), 0);
    assert_int_equal(usage_pages_of(&pages, 1), 1);
    assert_int_equal(usage_pages_of(&pages, 100), 1);
    assert_int_equal(usage_pages_of(&pages, 101), 2);
    assert_int_equal(usage_pages_of(&pages, 2147483647), 21474837);
}


/*
 * A list that is begun is taken up behind the pages that were here; what was
 * under way isn't.
 */
static void
test_begun(void **state)
{
    int64_t       rows;
    usage_call_t  call;
    usage_pages_t pages, later;

    (void) state;

    usage_pages_start(&pages, 100);
    assert_false(usage_pages_begun(&pages, &rows));

    call = next(&pages);
    assert_false(usage_pages_begun(&pages, &rows));
    assert_int_equal(take(&pages, &call, 250, 100), USAGE_OK);
    assert_true(usage_pages_begun(&pages, &rows));
    assert_int_equal(rows, 100);

    call = next(&pages);
    assert_true(usage_pages_begun(&pages, &rows));
    assert_int_equal(rows, 100);
    assert_int_equal(take(&pages, &call, 250, 100), USAGE_OK);
    assert_true(usage_pages_begun(&pages, &rows));
    assert_int_equal(rows, 200);

    usage_pages_start(&later, 100);
    usage_pages_resume(&later, 250, rows);
    assert_false(usage_pages_fresh(&later) || usage_pages_ended(&later));
    call = next(&later);
    assert_int_equal(call.offset, 200);
    assert_int_equal(take(&later, &call, 250, 50), USAGE_OK);
    assert_true(usage_pages_done(&later));
    assert_false(usage_pages_begun(&later, &rows));

    /* one that has started anew isn't trusted so far */

    call = next(&pages);
    assert_int_equal(take(&pages, &call, 251, 51), USAGE_AGAIN);
    call = next(&pages);
    assert_int_equal(take(&pages, &call, 250, 100), USAGE_OK);
    assert_false(usage_pages_begun(&pages, &rows));
}


/*
 * Rows or counts that are off start the list anew; what comes of the former
 * attempt is passed by, whatever it holds.
 */
static void
test_anew(void **state)
{
    size_t        i;
    unsigned      attempt;
    usage_call_t  calls[3];
    usage_pages_t pages;

    static const struct {
        int64_t count;
        int64_t rows;
    } wrong[] = {
        { 250, 99 },
        { 250, 101 },
        { 250, 0 },
        { 249, 100 },
        { 251, 100 },
        { 0, 0 },
        { 100, 0 },
        { INT64_MAX, 100 },
    };

    (void) state;

    for (i = 0; i < unit_count(wrong); i++) {
        usage_pages_start(&pages, 100);

        for (attempt = 0; attempt <= USAGE_REFETCH_MAX; attempt++) {
            assert_int_equal(pages.attempt, attempt);
            assert_true(usage_pages_fresh(&pages));
            calls[0] = next(&pages);
            assert_int_equal(calls[0].offset, 0);
            assert_int_equal(take(&pages, &calls[0], 250, 100), USAGE_OK);
            calls[1] = next(&pages);
            calls[2] = next(&pages);
            assert_int_equal(
                take(&pages, &calls[1], wrong[i].count, wrong[i].rows),
                attempt < USAGE_REFETCH_MAX ? USAGE_AGAIN : USAGE_ERROR);

            if (attempt < USAGE_REFETCH_MAX) {
                assert_int_equal(take(&pages, &calls[2], 7, 7), USAGE_AGAIN);
                assert_true(usage_pages_fresh(&pages));
                assert_int_equal(pages.waiting, 0);
            }
        }
    }
}


/*
 * What else is wrong with a page starts the list anew as well.
 */
static void
test_restart(void **state)
{
    char          name[USAGE_CALL_NAME_MAX];
    usage_call_t  call;
    usage_pages_t pages;
    usage_error_t error;

    (void) state;

    usage_pages_start(&pages, 1000);
    memset(&error, 0, sizeof(error));

    call = next(&pages);
    assert_int_equal(take(&pages, &call, 3, 3), USAGE_OK);
    assert_int_equal(
        usage_pages_restart(&pages, &call, "rows", 1, 2, &error), USAGE_AGAIN);
    assert_true(usage_pages_fresh(&pages));
    assert_false(usage_pages_done(&pages));
    assert_int_equal(pages.count, -1);

    call = next(&pages);
    assert_int_equal(
        usage_pages_restart(&pages, &call, "rows", 1, 2, &error), USAGE_AGAIN);
    assert_int_equal(error.status, 0);

    call = next(&pages);
    assert_int_equal(call.attempt, USAGE_REFETCH_MAX);
    assert_int_equal(
        usage_pages_restart(&pages, &call, "apples", -1, 217, &error),
        USAGE_ERROR);
    assert_int_equal(error.status, 502);
    assert_non_null(strstr(error.detail, usage_call_name(&call, name)));
    assert_non_null(strstr(error.detail, "apples"));
    assert_non_null(strstr(error.detail, "217"));
}


/*
 * Any order of replies, any page wrong for an attempt or two: it ends with all
 * of the rows, each asked for once in the last attempt.
 */
static void
test_random(void **state)
{
    size_t        i, k, n, waiting;
    int64_t       count, limit, rows, taken;
    uint64_t      seed, rnd;
    unsigned      faulty;
    usage_call_t  call, calls[8];
    usage_pages_t pages;

    (void) state;

    for (i = 0, n = unit_times(20000); i < n; i++) {
        seed = unit_seed() * 1000003 + i;
        rnd = seed;
        limit = 1 + (int64_t) unit_below(&rnd, 10);
        count = (int64_t) unit_below(&rnd, 100);
        faulty = (unsigned) unit_below(&rnd, USAGE_REFETCH_MAX + 1);
        usage_pages_start(&pages, limit);
        taken = 0;

        for (waiting = 0;;) {
            while (waiting < unit_count(calls) && usage_pages_ready(&pages)) {
                calls[waiting++] = next(&pages);
            }

            if (waiting == 0) {
                break;
            }

            k = unit_below(&rnd, waiting);
            call = calls[k];
            calls[k] = calls[--waiting];

            rows = count - call.offset;
            rows = rows < 0 ? 0 : rows < limit ? rows : limit;
            rows += call.attempt < faulty && unit_chance(&rnd, 50);

            switch (take(&pages, &call,
                count + (call.attempt < faulty && unit_chance(&rnd, 50)), rows))
            {

            case USAGE_OK:
                taken += rows;
                break;

            case USAGE_AGAIN:
                taken = usage_pages_fresh(&pages) ? 0 : taken;
                break;

            case USAGE_ERROR:
            default:
                fail_msg("seed %" PRIu64, seed);
            }
        }

        assert_true(usage_pages_done(&pages));

        if (pages.attempt == faulty) {
            assert_int_equal(taken, count);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_begun),
        cmocka_unit_test(test_anew),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
