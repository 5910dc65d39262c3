/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: makes the calls, and judges what comes.
 */

#include "ctl_check.h"
#include "base/usage_calendar.h"

#include <signal.h>
#include <stdlib.h>


/* a file's calls that fail one after the other */
#define CHECK_GIVE_UP 10

/* the longest wait for one call, in seconds */
#define CHECK_WAIT_MAX 3600

#define CHECK_DIFFERENCES 1000 /* of one call, kept */


static volatile sig_atomic_t interrupted;


static void
interrupt(int signal)
{
    (void) signal;
    interrupted = 1;
}


/*
 * The first signal ends the run with what is known by then, the second at once.
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
 * Waits until a time of check_clock(), telling what for; false where the user
 * would rather not.
 */
static bool
wait_until(check_t *check, double until, const char *what)
{
    double          left;
    char            text[64];
    struct timespec pause;

    while (!interrupted && (left = until - check_clock()) > 0) {
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
 * A call to one side: what may pass is asked again.
 */
static void
ask(check_t *check, size_t side, const char *body, check_reply_t *reply)
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

        wait = reply->retry_after > 0
                   ? reply->retry_after
                   : (double) (1u << (tries < 6 ? tries : 6));

        if (wait > CHECK_WAIT_MAX) {
            return;
        }

        if (reply->status == 0) {
            (void) snprintf(
                what, sizeof(what), "no reply of %s", check_names[side]);
        } else {
            (void) snprintf(what, sizeof(what), "%s: %ld", check_names[side],
                reply->status);
        }

        if (!wait_until(check, check_clock() + wait, what)) {
            return;
        }

        free(reply->body);
    }
}


/*
 * Refusals that are the same, and tell something of the call: not of the
 * token, the quota or the service.
 */
static check_outcome_t
compare_refusals(const check_reply_t *replies)
{
    long status;

    status = replies[0].status;

    if (status == 0 || replies[1].status == 0) {
        return CHECK_FAILED;
    }

    if (status != replies[1].status
        || strcmp(replies[0].error_code, replies[1].error_code) != 0)
    {
        /* neither has answered */

        return (status == 429 || status >= 500)
                       && (replies[1].status == 429 || replies[1].status >= 500)
                   ? CHECK_FAILED
                   : CHECK_DIFFERENT;
    }

    return status == 401 || status == 403 || status == 429 || status >= 500
               ? CHECK_FAILED
               : CHECK_REFUSED;
}


/*
 * Whether all that differs is which desktops are listed, of a call that pages.
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
 * Whether any day that differs, or an hour of it, still changes.
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


static check_outcome_t
compare_replies(check_t *check, const char *body, check_reply_t *replies)
{
    ctl_arena_t     arena;
    usage_str_t     bodies[CHECK_SIDES];
    usage_error_t   error;
    check_sums_t   *sums;
    check_reply_t  *failed;
    check_outcome_t outcome;
    usage_compare_t compare;

    if (replies[0].status != 200 || replies[1].status != 200) {
        outcome = compare_refusals(replies);
        check->sums.differences += outcome == CHECK_DIFFERENT;
        check_tell(check, body, outcome, replies, NULL);
        return outcome;
    }

    ctl_arena_start(&arena);
    sums = &check->sums;

    bodies[0].data = replies[0].body;
    bodies[0].len = replies[0].len;
    bodies[1].data = replies[1].body;
    bodies[1].len = replies[1].len;

    if (usage_compare(&compare, &arena.pool, bodies[0], bodies[1],
            check->tolerance, CHECK_DIFFERENCES, &error)
        != USAGE_OK)
    {
        failed = &replies[strncmp(error.detail, "the legacy", 10) == 0 ? 0 : 1];
        failed->status = 0;
        (void) snprintf(failed->why, sizeof(failed->why), "%.*s",
            (int) sizeof(failed->why) - 1, error.detail);
        check_tell(check, body, CHECK_FAILED, replies, NULL);
        ctl_arena_free(&arena);
        return CHECK_FAILED;
    }

    sums->values += compare.values;
    sums->differences += compare.total;
    sums->largest =
        compare.largest > sums->largest ? compare.largest : sums->largest;
    outcome = compare.total > 0 ? CHECK_DIFFERENT : CHECK_EQUAL;
    sums->entries += compare.total > 0 && only_entries(&compare, body);
    sums->recent += any_recent(&compare, check->bodies.now);

    check_tell(check, body, outcome, replies, &compare);
    ctl_arena_free(&arena);

    return outcome;
}


/*
 * One call to both, and what came of it; false: it is the last.
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
        ask(check, i, body, &replies[i]);
    }

    if (!interrupted) {
        outcome = compare_replies(check, body, replies);
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
    check->begun = check_clock();
    next = check->begun;

    while (check->done < check->total) {
        if (!wait_until(check, next, NULL) || !check_one(check)) {
            break;
        }

        next += check->interval;
        next = next < check_clock() ? check_clock() : next;
        check_progress(check, NULL);
    }

    if (interrupted) {
        check->why = "interrupted";
    }
}
