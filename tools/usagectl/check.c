/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl check: whether two endpoints give the same replies.
 */

#include "ctl_check.h"
#include "ctl_commands.h"
#include "ctl_text.h"
#include "base/usage_calendar.h"

#include <stdlib.h>
#include <unistd.h>


/* default values */
#define CHECK_CALLS   100
#define CHECK_SHOW    60
#define CHECK_REPORT  1000 /* the same, in JSON */
#define CHECK_TIMEOUT 120
#define CHECK_RETRIES 5

#define CHECK_UNSET UINT64_MAX


/*
 * Prepares both sides.  The token of the environment is sent to those that have
 * no credential in their headers.
 */
static void
start_sides(check_t *check, const check_options_t *o)
{
    char       *header;
    size_t      i;
    const char *token;

    token = getenv("USAGECTL_TOKEN");

    for (i = 0; i < CHECK_SIDES; i++) {
        if (o->urls[i] == NULL) {
            ctl_misuse("--%s is missing", check_names[i]);
        }

        if (token != NULL && *token != '\0'
            && !check_header_find(&check->sides[i], "X-Auth-Token")
            && !check_header_find(&check->sides[i], "Authorization"))
        {
            header = ctl_alloc(strlen(token) + sizeof("X-Auth-Token: "));
            (void) sprintf(header, "X-Auth-Token: %s", token);
            check_header_set(&check->sides[i], header);
            free(header);
        }

        check_side_start(&check->sides[i], o->urls[i], o->project,
            (long) o->timeout, o->authorities);
    }
}


/*
 * Counts the lines that aren't blank.
 */
static uint64_t
count_bodies(const char *text)
{
    size_t   len;
    uint64_t count;

    for (count = 0; *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        count += strspn(text, " \t\r") < len;
    }

    return count;
}


static void
read_bodies(check_t *check, const char *name)
{
    check_bodies_t *bodies;

    bodies = &check->bodies;
    bodies->text = ctl_read(name, &bodies->len);
    bodies->line = bodies->text;

    if (strlen(bodies->text) != bodies->len) {
        ctl_die("%s: it contains a NUL byte", name);
    }

    check->total = count_bodies(bodies->text);

    if (check->total == 0) {
        ctl_die("%s: it contains no body", name);
    }
}


/*
 * Prepares the bodies, and says how many calls are made.
 */
static void
start_bodies(check_t *check, const check_options_t *o)
{
    check_bodies_t *bodies;

    bodies = &check->bodies;

    if (o->bodies != NULL) {
        read_bodies(check, o->bodies);

        if (o->calls > 0 && o->calls < check->total) {
            check->total = o->calls;
        }

        return;
    }

    check->total = o->calls > 0 ? o->calls : CHECK_CALLS;
    bodies->dated = o->from || o->to;

    if (!o->to) {
        bodies->to = usage_day_of(bodies->now - USAGE_FINAL_AFTER);
    }

    if (!o->from) {
        bodies->from = bodies->to - (USAGE_DAYS_MAX - 1);
    }

    if (bodies->to < bodies->from) {
        ctl_misuse("--to is before --from");
    }
}


static void
start(check_t *check, check_options_t *o)
{
    memset(check, 0, sizeof(check_t));
    memset(o, 0, sizeof(check_options_t));

    o->timeout = CHECK_TIMEOUT;
    check->tolerance = USAGE_COMPARE_TOLERANCE;
    check->retries = CHECK_RETRIES;
    check->show = CHECK_UNSET;
    check->bodies.paging = true;
    check->bodies.random = 1;
    check->bodies.now = time(NULL);
    check->colours = ctl_colours(stdout);
    check->terminal = isatty(STDERR_FILENO);
}


static void
finish(check_t *check)
{
    size_t i;

    for (i = 0; i < CHECK_SIDES; i++) {
        check_side_free(&check->sides[i]);
    }

    ctl_list_free(check->bodies.desktops, check->bodies.desktops_count);
    ctl_list_free(check->bodies.users, check->bodies.users_count);
    free(check->bodies.text);
    json_decref(check->report);
    curl_global_cleanup();
}


int
ctl_check(int argc, char **argv)
{
    int             status;
    check_t         check;
    check_options_t o;

    start(&check, &o);

    if (!check_options(&check, &o, argc, argv)) {
        return CTL_OK;
    }

    if (check.show == CHECK_UNSET) {
        check.show = check.report != NULL ? CHECK_REPORT : CHECK_SHOW;
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        ctl_die("libcurl can't start");
    }

    start_sides(&check, &o);
    start_bodies(&check, &o);

    check_run(&check);
    status = check_finish(&check);
    finish(&check);

    return status;
}
