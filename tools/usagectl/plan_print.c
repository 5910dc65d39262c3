/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: what it prints.
 */

#include "ctl_plan.h"
#include "base/usage_json.h"

#include <stdarg.h>
#include <stdlib.h>


/*
 * Notes for each kind of request: what other data would change, and how the
 * legacy reply is made (docs/translation.md, "What it costs").
 */

static const char *const notes_count[] = {
    "A page has 100 desktops at most: 1 call for each further 100.",
    "The legacy total_count is the count of these pages.",
    NULL,
};

static const char *const notes_days[] = {
    "A page has 100 desktops at most, so a day takes 1 call more for each "
    "further",
    "100 that are in use on it. The pages have the longest use first, so a day "
    "is",
    "complete at its first row without use. All other desktops are read from "
    "one",
    "window over the whole range, or from the rest of the days' pages.",
    "A day's use_time is metric_value of desktop_usage / 3600, two decimals;",
    "it is 0 for a desktop that the day doesn't list.",
    NULL,
};

static const char *const notes_ids[] = {
    "With up to 100 desktops in the project, each day takes a call. With more,",
    "each of the desktop_ids may be requested alone, by its name or by",
    "resource_id, or all desktops are requested: whichever takes fewer calls.",
    "A day that isn't requested is the difference of the windows around it.",
    "With monitoring (--monitoring), a desktop's days are those of its "
    "periods, "
    "if",
    "these add up to its statistics: 1 call for 29 days, 2 for more.",
    "Desktops that no page lists are looked up in the directory: 1 call for "
    "100.",
    "A day's use_time is metric_value of desktop_usage / 3600, two decimals.",
    NULL,
};

static const char *const notes_user[] = {
    "The user's desktops are requested one by one: a desktop that is in use on",
    "every day takes a call for each day, one that isn't used takes one. A day",
    "that isn't requested is the difference of the windows around it.",
    "If the user was on shared or pool desktops, too, each day takes at most "
    "one",
    "call more, for the user's statistics. With connection records",
    "(--connections), these calls are mostly not needed.",
    NULL,
};

static const char *const notes_hours[] = {
    "A page has 1000 desktops or 1000 records at most: 1 call more for each",
    "further 1000. An hour's use_time is the time from setup to end of the",
    "records within it; where they overlap, it counts once. With monitoring",
    "(--monitoring), the periods of few desktop_ids may stand for records.",
    NULL,
};


static const char *const *
notes_of(const usage_request_t *request)
{
    if (request->hours) {
        return notes_hours;
    }

    if (request->user.len > 0) {
        return notes_user;
    }

    if (usage_request_counts(request)) {
        return notes_count;
    }

    return request->desktops > 0 ? notes_ids : notes_days;
}


/*
 * Says what is assumed, in words.
 */
static void
say_assumption(const ctl_plan_t *self, char *text, size_t size)
{
    char               owned[64], in_use[64];
    const ctl_model_t *model;

    model = &self->model;
    owned[0] = '\0';
    in_use[0] = '\0';

    if (self->request.user.len > 0) {
        (void) snprintf(owned, sizeof(owned), "%zu of them the user's alone, ",
            model->owned);
    }

    if (model->in_use < model->desktops) {
        (void) snprintf(in_use, sizeof(in_use), "%zu of all ", model->in_use);
    }

    (void) snprintf(text, size, "%zu desktop%s, %s%sin use on every day",
        model->desktops, model->desktops == 1 ? "" : "s", owned, in_use);
}


static void
print_urls(const ctl_plan_t *self, const ctl_call_t *call)
{
    printf("GET %s%.*s?%.*s\n", self->endpoint != NULL ? self->endpoint : "",
        (int) call->path.len, call->path.data, (int) call->query.len,
        call->query.data);
}


/*
 * Prints a line for a shell; what isn't known is a variable in it.
 */
static void
print_curl(const ctl_plan_t *self, const ctl_call_t *call)
{
    printf("curl -sS -H \"X-Auth-Token: $TOKEN\" \"%s%.*s?%.*s\"\n",
        self->endpoint != NULL ? self->endpoint : "$ENDPOINT",
        (int) call->path.len, call->path.data, (int) call->query.len,
        call->query.data);
}


static void
print_calls(const ctl_plan_t *self, size_t from, size_t to)
{
    size_t i;

    for (i = from; i < to; i++) {
        if (self->format == CTL_CURL) {
            print_curl(self, &self->calls[i]);
        } else {
            print_urls(self, &self->calls[i]);
        }
    }
}


/*
 * Prints a line that a shell ignores; readers of addresses should, too.
 */
static void __attribute__((format(printf, 1, 2)))
remark(const char *format, ...)
{
    va_list args;

    (void) fputs("# ", stdout);
    va_start(args, format);
    (void) vprintf(format, args);
    va_end(args);
    (void) putchar('\n');
}


/*
 * Tells whether any call is for the statistics of a desktop by its name.
 */
static bool
any_by_name(const ctl_plan_t *self)
{
    size_t i;

    for (i = 0; i < self->count; i++) {
        if (self->calls[i].call.api == USAGE_CALL_DESKTOPS
            && self->calls[i].call.name.len > 0)
        {
            return true;
        }
    }

    return false;
}


static void
print_text(const ctl_plan_t *self)
{
    char               text[160];
    size_t             more;
    const char *const *note;

    say_assumption(self, text, sizeof(text));
    more = self->count - self->certain;

    if (self->format == CTL_CURL
        && (self->endpoint == NULL || !self->project_known))
    {
        remark("Set TOKEN%s%s.", self->endpoint == NULL ? ", ENDPOINT" : "",
            self->project_known ? "" : ", PROJECT");
    }

    if (self->count == 0) {
        remark("No call: the days that the body requests are in the future.");
        return;
    }

    remark("%zu call%s certain, whatever the replies are%s", self->certain,
        self->certain == 1 ? " is" : "s are", more > 0 ? ":" : ".");
    print_calls(self, 0, self->certain);

    if (more > 0) {
        (void) putchar('\n');
        remark("%zu more, %zu in all, depend on the data. This is for a "
               "project of",
            more, self->count);
        remark("%s:", text);
        print_calls(self, self->certain, self->count);
        (void) putchar('\n');

    } else {
        (void) putchar('\n');
        remark("These are all calls for a project of %s.", text);
    }

    if (any_by_name(self)) {
        remark("NAME-OF-... stands for a desktop's name, which is in the "
               "directory.");
    }

    for (note = notes_of(&self->request); *note != NULL; note++) {
        remark("%s", *note);
    }
}


static const char *const api_names[] = { "desktop-metrics", "user-metrics",
    "directory", "records", "monitor" };


/*
 * Makes the JSON object of a call.
 */
static json_t *
call_json(const ctl_plan_t *self, size_t i)
{
    char             *url;
    size_t            len;
    json_t           *object;
    const ctl_call_t *call;

    call = &self->calls[i];
    len = strlen(self->endpoint != NULL ? self->endpoint : "") + call->path.len
          + call->query.len + 2;
    url = ctl_alloc(len);
    (void) snprintf(url, len, "%s%.*s?%.*s",
        self->endpoint != NULL ? self->endpoint : "", (int) call->path.len,
        call->path.data, (int) call->query.len, call->query.data);

    object = json_pack("{ss ss ss ss sb}", "method", "GET", "url", url, "api",
        api_names[call->call.api], "asks_for", call->name, "certain",
        i < self->certain);
    free(url);

    if (object == NULL) {
        ctl_die("out of memory");
    }

    return object;
}


static void
print_json(const ctl_plan_t *self)
{
    size_t             i;
    json_t            *calls, *notes, *root;
    const char *const *note;

    calls = json_array();
    notes = json_array();

    for (i = 0; i < self->count; i++) {
        json_array_append_new(calls, call_json(self, i));
    }

    for (note = notes_of(&self->request); *note != NULL; note++) {
        json_array_append_new(notes, json_string(*note));
    }

    root = json_pack("{sI sI s{sI sI sI} so so}", "certain",
        (json_int_t) self->certain, "calls_in_all", (json_int_t) self->count,
        "assumed", "desktops", (json_int_t) self->model.desktops, "in_use",
        (json_int_t) self->model.in_use, "of_the_user",
        (json_int_t) self->model.owned, "calls", calls, "notes", notes);

    ctl_print_json(root, JSON_INDENT(2));
}


void
ctl_plan_print(const ctl_plan_t *self)
{
    if (self->count_only) {
        printf("%zu\n", self->count);

    } else if (self->format == CTL_JSON) {
        print_json(self);

    } else {
        print_text(self);
    }
}
