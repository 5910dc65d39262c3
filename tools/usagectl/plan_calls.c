/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: carries the plan out against what is assumed, and notes its
 * upstream calls.
 */

#include "ctl_plan.h"

#include <stdlib.h>


/*
 * Notes an upstream call.
 */
static void
note(ctl_plan_t *self, const usage_call_t *call)
{
    char        words[USAGE_CALL_NAME_MAX];
    const char *name;
    ctl_call_t *noted;

    self->calls = ctl_room(self->calls, self->count, sizeof(ctl_call_t));
    noted = &self->calls[self->count++];
    noted->call = *call;

    name = usage_call_name(call, words);
    noted->name = ctl_copy(name, strlen(name));

    if (usage_call_path(call, self->project, &self->arena.pool, &noted->path)
            != USAGE_OK
        || usage_call_query(call, &self->arena.pool, &noted->query) != USAGE_OK)
    {
        ctl_die("out of memory");
    }
}


/*
 * Hands the reply that is assumed for an upstream call to the plan.
 */
static void
hand_in(ctl_plan_t *self, const usage_call_t *call)
{
    bool                ok;
    char               *body;
    size_t              len;
    usage_str_t         text;
    usage_error_t       error;
    usage_page_reader_t reader;

    body = ctl_model_reply(&self->model, call, &len);
    text.data = body;
    text.len = len;

    if (usage_plan_read(&self->plan, call, &reader, &error)) {
        ok = usage_page_feed(&reader, text.data, text.len) == USAGE_OK
             && usage_page_end(&reader) == USAGE_OK
             && usage_plan_page(&self->plan, call, &reader.page, &error)
                    == USAGE_OK;

    } else {
        ok = usage_plan_body(&self->plan, call, text, &error) == USAGE_OK;
    }

    free(body);

    if (!ok) {
        ctl_die("the plan refuses a reply that was assumed: %s", error.detail);
    }
}


/*
 * The certain calls are those that the plan makes before there is any reply.
 */
void
ctl_plan_calls(ctl_plan_t *self)
{
    size_t         next;
    usage_call_t   call;
    usage_error_t  error;
    usage_result_t rc;

    rc = usage_plan_start(&self->plan, &self->request, &self->upstream,
        &self->arena.pool, self->model.now, &error);

    for (next = 0; rc != USAGE_ERROR; next++) {
        while ((rc = usage_plan_next(&self->plan, &call, &error)) == USAGE_OK) {
            note(self, &call);
        }

        if (next == 0) {
            self->certain = self->count;
        }

        if (rc == USAGE_ERROR || next == self->count) {
            break;
        }

        call = self->calls[next].call;
        hand_in(self, &call);
    }

    if (rc == USAGE_ERROR) {
        ctl_die("%s", error.detail);
    }
}
