/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A request's plan carried out against the model of the upstream, its replies
 * in any order.
 */

#ifndef PLANS_H
#define PLANS_H

#include "upstream.h"


#define PLANS_FLIGHT_MAX 40


typedef struct {
    unit_arena_t      arena;
    usage_patterns_t *forms;
    usage_request_t   request;
    usage_plan_t      plan;
    usage_error_t     error;
    int64_t           now;
    unsigned          refused; /* a status that ended it */
    usage_item_t     *list;
    size_t            count;
    int64_t           total;
    unit_text_t       text;
    unit_text_t       stages; /* that it went through, by their names */
} plans_t;


static inline int
plans_setup(void **state)
{
    plans_t *t;

    t = unit_must(calloc(1, sizeof(plans_t)));
    t->forms = usage_patterns_create();
    unit_arena_start(&t->arena);
    *state = t;

    return t->forms == NULL;
}


static inline int
plans_teardown(void **state)
{
    plans_t *t;

    t = *state;
    unit_arena_free(&t->arena);
    unit_text_free(&t->text);
    unit_text_free(&t->stages);
    usage_patterns_free(t->forms);
    free(t);

    return 0;
}


/*
 * The request for so many days from the upstream's first on, at the time now;
 * members are what follows the range.
 */
static inline void
plans_ask_at(plans_t *t, const upstream_t *up, size_t days, int64_t now,
    const char *members)
{
    char        first[USAGE_DATE_LEN + 1] = "", last[USAGE_DATE_LEN + 1] = "";
    unit_text_t body = { 0 };

    static const usage_rules_t rules = { 0, 0, 0, true, false, false };

    usage_day_write(up->first, first);
    usage_day_write(up->first + (usage_day_t) days - 1, last);

    unit_addf(&body, "{\"start_time\":\"%s\",\"end_time\":\"%s\"", first, last);
    unit_adds(&body, members);
    unit_adds(&body, "}");

    unit_arena_clear(&t->arena);
    memset(&t->error, 0, sizeof(t->error));
    t->now = now;

    if (usage_request_parse(&t->request, &t->arena.pool, t->forms,
            unit_text_str(&body), now, &rules, &t->error)
        != USAGE_OK)
    {
        fail_msg("%s: %s", body.data, t->error.detail);
    }

    unit_text_free(&body);
}


static inline void
plans_ask(plans_t *t, const upstream_t *up, size_t days, usage_day_t today,
    const char *members)
{
    plans_ask_at(t, up, days, (int64_t) today * USAGE_SECONDS_PER_DAY, members);
}


/*
 * A reply of another status: the plan goes on without, or the call ends.
 */
static inline usage_result_t
plans_refuse(plans_t *t, const usage_call_t *call, unsigned status)
{
    if (usage_plan_refused(&t->plan, call, status)) {
        return USAGE_OK;
    }

    t->refused = status;

    return USAGE_ERROR;
}


static inline usage_result_t
plans_statistics(plans_t *t, upstream_t *up, const usage_call_t *call)
{
    static upstream_page_t     page;
    static usage_page_reader_t reader;

    upstream_page(up, call, &page);
    assert_true(usage_plan_read(&t->plan, call, &reader, &t->error));

    if (t->arena.left == SIZE_MAX && !unit_chance(up->rnd, 3)) {
        upstream_read(&page, &reader);

    } else {
        upstream_write(&page, call->api, &t->text);

        if (usage_page_feed(&reader, t->text.data, t->text.len) != USAGE_OK
            || usage_page_end(&reader) != USAGE_OK)
        {
            return USAGE_ERROR;
        }
    }

    return usage_plan_page(&t->plan, call, &reader.page, &t->error);
}


static inline usage_result_t
plans_hand_in(plans_t *t, upstream_t *up, const usage_call_t *call)
{
    char          *copy;
    unsigned       status;
    usage_str_t    body;
    usage_result_t rc;

    switch (call->api) {

    case USAGE_CALL_DIRECTORY:
        status = up->forbidden ? 403 : 200;

        if (status == 200) {
            upstream_directory(up, call, &t->text);
        }

        break;

    case USAGE_CALL_RECORDS:
        status = upstream_records(up, call, &t->text);
        break;

    case USAGE_CALL_MONITOR:
        status = upstream_monitor(up, call, &t->text);
        break;

    case USAGE_CALL_DESKTOPS:
    case USAGE_CALL_USERS:
    default:
        return plans_statistics(t, up, call);
    }

    if (status != 200) {
        return plans_refuse(t, call, status);
    }

    body = unit_text_str(&t->text);
    copy = unit_exact(body);
    body.data = copy;
    rc = usage_plan_body(&t->plan, call, body, &t->error);
    free(copy);

    return rc;
}


/*
 * What usage_plan_ahead() said is remembered, as the number of calls of each
 * API that there have to be in the end.
 */
typedef struct {
    size_t made[USAGE_CALL_APIS];
    size_t promised[USAGE_CALL_APIS];
} plans_ahead_t;


static inline void
plans_look_ahead(const plans_t *t, plans_ahead_t *ahead)
{
    size_t api, calls;

    for (api = 0; api < USAGE_CALL_APIS; api++) {
        calls = ahead->made[api]
                + usage_plan_ahead(&t->plan, (usage_call_api_t) api);

        if (calls > ahead->promised[api]) {
            ahead->promised[api] = calls;
        }
    }
}


static inline void
plans_check_ahead(const upstream_t *up, const plans_ahead_t *ahead)
{
    size_t   i, api;
    unsigned faulty;

    faulty = up->narrow_faulty + up->directory_faulty + up->records_faulty;

    for (i = 0; i <= USAGE_DAYS_MAX; i++) {
        faulty += up->faulty[i];
    }

    if (faulty > 0 || up->ignores_ids) {
        return; /* where pages are wrong, so is what they tell */
    }

    for (api = 0; api < USAGE_CALL_APIS; api++) {
        if (ahead->made[api] < ahead->promised[api]) {
            print_message("API %zu: %zu calls made, %zu promised\n", api,
                ahead->made[api], ahead->promised[api]);
            fail();
        }
    }
}


static inline void
plans_note_stage(plans_t *t, const char *was)
{
    const char *now;

    now = usage_plan_stage_name(&t->plan);

    if (strcmp(now, was) != 0) {
        unit_addf(&t->stages, "%s%s", t->stages.len > 0 ? ", " : "", now);
    }
}


/*
 * Carries out a request's plan with up to flight calls at a time, whose
 * replies come in any order.
 */
static inline usage_result_t
plans_carry_out(plans_t *t, upstream_t *up, size_t flight)
{
    size_t         i, waiting, past;
    const char    *stage;
    usage_call_t   calls[PLANS_FLIGHT_MAX], call;
    plans_ahead_t  ahead;
    usage_result_t rc;

    memset(&ahead, 0, sizeof(ahead));
    past = usage_request_past(&t->request, usage_day_of(t->now));
    memset(&t->error, 0, sizeof(t->error));
    t->refused = 0;
    upstream_forget(up);
    unit_text_clear(&t->stages);

    if (usage_plan_start(
            &t->plan, &t->request, &up->is, &t->arena.pool, t->now, &t->error)
        != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    plans_note_stage(t, "");

    for (waiting = 0;;) {
        rc = USAGE_AGAIN;

        while (waiting < flight) {
            plans_look_ahead(t, &ahead);
            memset(&call, 0xa5, sizeof(call));
            stage = usage_plan_stage_name(&t->plan);
            rc = usage_plan_next(&t->plan, &call, &t->error);
            plans_note_stage(t, stage);

            if (rc != USAGE_OK) {
                break;
            }

            upstream_check_call(up, &call, &t->plan, past);
            ahead.made[call.api]++;
            calls[waiting++] = call;
        }

        if (rc == USAGE_ERROR) {
            return USAGE_ERROR;
        }

        if (waiting == 0) {
            break;
        }

        i = unit_below(up->rnd, waiting);
        call = calls[i];
        calls[i] = calls[--waiting];

        if (plans_hand_in(t, up, &call) != USAGE_OK) {
            return USAGE_ERROR;
        }
    }

    assert_true(usage_plan_done(&t->plan));
    assert_int_equal(usage_plan_next(&t->plan, &call, &t->error), USAGE_AGAIN);
    plans_check_ahead(up, &ahead);

    return usage_plan_list(&t->plan, &t->list, &t->count, &t->total, &t->error);
}


#endif /* PLANS_H */
