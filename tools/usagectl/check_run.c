/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: makes the calls, and compares what comes back.
 */

#include "ctl_check.h"
#include "base/usage_calendar.h"

#include <signal.h>
#include <stdlib.h>


#define CHECK_GIVE_UP     10   /* calls in a row that failed */
#define CHECK_WAIT_MAX    3600 /* seconds before a retry */
#define CHECK_DIFFERENCES 1000 /* of one call that are kept */


static volatile sig_atomic_t interrupted;


static void
interrupt(int signal)
{
    (void) signal;
    interrupted = 1;
}


/*
 * Catches signals: the first ends the run with what is known by then, a second
 * ends the program.
 */
static void
catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = interrupt;
    action.sa_flags = (int) SA_RESETHAND;
    (void) sigaction(SIGINT, &action, NULL);
    (void) sigaction(SIGTERM, &action, NULL);
}


/*
 * Waits until a time of ctl_clock(), and tells what for unless that is NULL.
 * Gives false if a signal came.
 */
static bool
wait_until(check_t *check, double until, const char *what)
{
    double          left;
    char            text[64];
    struct timespec pause;

    while (!interrupted && (left = until - ctl_clock()) > 0) {
        if (what != NULL) {
            (void) snprintf(text, sizeof(text), "%s, %.0f s", what, left + 0.5);
            check_progress(check, text);
        }

        left = left > 1 ? 1 : left;
        pause.tv_sec = (time_t) left;
        pause.tv_nsec = (long) ((left - (double) pause.tv_sec) * 1e9);
        (void) nanosleep(&pause, NULL);
    }

    return !interrupted;
}


/*
 * Gives the seconds to wait before a retry: what the reply tells, else 1, 2, 4
 * up to 64.
 */
static double
retry_wait(const check_reply_t *reply, uint64_t tries)
{
    return reply->retry_after > 0 ? reply->retry_after
                                  : (double) (1u << (tries < 6 ? tries : 6));
}


/*
 * Makes a call to one side.  If there is no reply, or 429 or 503, it is made
 * again.
 */
static void
call_side(check_t *check, size_t side, const char *body, check_reply_t *reply)
{
    char     what[48];
    double   wait;
    uint64_t tries;

    for (tries = 0;; tries++) {
        check_call(&check->sides[side], body, reply);

        if ((reply->status != 0 && reply->status != 429 && reply->status != 503)
            || tries == check->retries)
        {
            return;
        }

        wait = retry_wait(reply, tries);

        if (wait > CHECK_WAIT_MAX) {
            return;
        }

        if (reply->status == 0) {
            (void) snprintf(
                what, sizeof(what), "no reply from %s", check_names[side]);
        } else {
            (void) snprintf(what, sizeof(what), "%s: %ld", check_names[side],
                reply->status);
        }

        if (!wait_until(check, ctl_clock() + wait, what)) {
            return;
        }

        free(reply->body);
    }
}


/*
 * Tells whether a status means that the service didn't look at the call.
 */
static bool
is_unavailable(long status)
{
    return status == 429 || status >= 500;
}


/*
 * Compares replies of which one at least is no 200.  Refusals are equal if they
 * are the same and say something of the call, not of the token, the quota or
 * the service.
 */
static check_outcome_t
compare_refusals(const check_reply_t *replies)
{
    long status, other;

    status = replies[0].status;
    other = replies[1].status;

    if (status == 0 || other == 0
        || (is_unavailable(status) && is_unavailable(other)))
    {
        return CHECK_FAILED;
    }

    if (status != other
        || strcmp(replies[0].error_code, replies[1].error_code) != 0)
    {
        return CHECK_DIFFERENT;
    }

    return status == 401 || status == 403 ? CHECK_FAILED : CHECK_REFUSED;
}


/*
 * Tells whether the body requests a page, and nothing differs but which
 * desktops are on it.
 */
static bool
only_entries(const usage_compare_t *compare, const char *body)
{
    size_t                    i;
    const usage_difference_t *d;

    if (strstr(body, "\"offset\"") == NULL && strstr(body, "\"limit\"") == NULL)
    {
        return false;
    }

    for (i = 0; i < compare->count; i++) {
        d = &compare->differences[i];

        if (!usage_str_equal(d->what, ctl_str("entry"))
            && (d->legacy.len > 0 && d->translated.len > 0))
        {
            return false;
        }
    }

    return compare->count == compare->total;
}


/*
 * Tells whether any day that differs isn't final, so that its figures still
 * change.
 */
static bool
any_recent(const usage_compare_t *compare, int64_t now)
{
    char        text[] = "yyyy-MM-ddT00:00:00Z";
    size_t      i;
    int64_t     time;
    usage_str_t date;

    for (i = 0; i < compare->count; i++) {
        date = compare->differences[i].time;

        if (date.len < USAGE_DATE_LEN) {
            continue;
        }

        memcpy(text, date.data, USAGE_DATE_LEN);

        if (usage_time_parse(ctl_str(text), &time)
            && !usage_day_final(usage_day_of(time), now))
        {
            return true;
        }
    }

    return false;
}


/*
 * Adds what two replies differ in to the sums.
 */
static void
sum_up(check_t *check, const char *body, const usage_compare_t *compare)
{
    check_sums_t *sums;

    sums = &check->sums;
    sums->values += compare->values;
    sums->differences += compare->total;
    sums->entries += compare->total > 0 && only_entries(compare, body);
    sums->recent += any_recent(compare, check->bodies.now);

    if (compare->largest > sums->largest) {
        sums->largest = compare->largest;
    }
}


/*
 * Compares two replies of status 200, and tells what differs.
 */
static check_outcome_t
compare_replies(check_t *check, const char *body, check_reply_t *replies)
{
    size_t          i;
    ctl_arena_t     arena;
    usage_str_t     bodies[CHECK_SIDES];
    usage_error_t   error;
    check_reply_t  *failed;
    check_outcome_t outcome;
    usage_compare_t compare;

    for (i = 0; i < CHECK_SIDES; i++) {
        bodies[i].data = replies[i].body;
        bodies[i].len = replies[i].len;
    }

    ctl_arena_start(&arena);

    if (usage_compare(&compare, &arena.pool, bodies[0], bodies[1],
            check->tolerance, CHECK_DIFFERENCES, &error)
        != USAGE_OK)
    {
        failed = &replies[strncmp(error.detail, "the legacy", 10) == 0 ? 0 : 1];
        failed->status = 0;
        (void) snprintf(failed->why, sizeof(failed->why), "%.*s",
            (int) sizeof(failed->why) - 1, error.detail);

        outcome = CHECK_FAILED;
        check_tell(check, body, outcome, replies, NULL);

    } else {
        sum_up(check, body, &compare);
        outcome = compare.total > 0 ? CHECK_DIFFERENT : CHECK_EQUAL;
        check_tell(check, body, outcome, replies, &compare);
    }

    ctl_arena_free(&arena);

    return outcome;
}


static check_outcome_t
compare_any(check_t *check, const char *body, check_reply_t *replies)
{
    check_outcome_t outcome;

    if (replies[0].status == 200 && replies[1].status == 200) {
        return compare_replies(check, body, replies);
    }

    outcome = compare_refusals(replies);
    check->sums.differences += outcome == CHECK_DIFFERENT;
    check_tell(check, body, outcome, replies, NULL);

    return outcome;
}


/*
 * Makes one call to both sides and compares the replies.  Gives false if no
 * other is to be made.
 */
static bool
check_one(check_t *check)
{
    char           *body;
    size_t          i;
    check_reply_t   replies[CHECK_SIDES];
    check_outcome_t outcome;

    body = check_next_body(&check->bodies);

    for (i = 0; i < CHECK_SIDES; i++) {
        call_side(check, i, body, &replies[i]);
    }

    if (!interrupted) {
        outcome = compare_any(check, body, replies);
        check->sums.counts[outcome]++;
        check->done++;
        check->in_a_row = outcome == CHECK_FAILED ? check->in_a_row + 1 : 0;

        if (outcome == CHECK_DIFFERENT && check->first) {
            check->why = "stopped at the first difference";
        }

        if (check->in_a_row == CHECK_GIVE_UP && check->done < check->total) {
            check->why = "given up, as ten in a row failed";
        }
    }

    free(replies[0].body);
    free(replies[1].body);
    free(body);

    return check->why == NULL;
}


void
check_run(check_t *check)
{
    double next;

    catch_signals();
    check->begun = ctl_clock();
    next = check->begun;

    while (check->done < check->total) {
        if (!wait_until(check, next, NULL) || !check_one(check)) {
            break;
        }

        next += check->interval;
        next = next < ctl_clock() ? ctl_clock() : next;
        check_progress(check, NULL);
    }

    if (interrupted) {
        check->why = "interrupted";
    }
}
