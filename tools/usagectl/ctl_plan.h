/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: carries out the plan of a legacy call against an upstream that
 * is only assumed.
 */

#ifndef CTL_PLAN_H
#define CTL_PLAN_H

#include "ctl.h"
#include "plan/usage_plan.h"


/*
 * What is assumed of the project.  Its first desktops are those that the body
 * requests.  The user's own desktops are its first ones, too, and so are those
 * in use: an hour a day, each.
 */
typedef struct {
    const usage_request_t *request;
    int64_t                now;      /* seconds since 1970 */
    size_t                 desktops; /* in the project */
    size_t                 in_use;   /* of them, on every day */
    size_t                 owned;    /* of them, by the request's user alone */
} ctl_model_t;


/* An upstream call of the plan. */
typedef struct {
    usage_call_t call;
    usage_str_t  path;
    usage_str_t  query;
    char        *name; /* what it is for, in words */
} ctl_call_t;


typedef enum { CTL_URLS, CTL_CURL, CTL_JSON } ctl_plan_format_t;


typedef struct {
    ctl_arena_t       arena;
    usage_rules_t     rules;
    usage_upstream_t  upstream;
    usage_request_t   request;
    usage_plan_t      plan;
    ctl_model_t       model;
    usage_str_t       project;
    const char       *endpoint; /* NULL: not known */
    const char       *body;     /* the name of its file */
    ctl_plan_format_t format;
    bool              count_only;
    bool              project_known;
    bool              forgotten; /* nothing is wrong but the days' age */
    ctl_call_t       *calls;
    size_t            count;
    size_t            certain; /* the first calls, which need no reply */
} ctl_plan_t;


/*
 * Makes the body of the reply to an upstream call, as the model's project would
 * give it; the caller frees it.
 */
char *ctl_model_reply(
    const ctl_model_t *model, const usage_call_t *call, size_t *len);

/*
 * Carries out the plan of self->request against the model, and notes its calls.
 * Ends the program if it can't be carried out.
 */
void ctl_plan_calls(ctl_plan_t *self);

/* Prints the calls in the format of self->format. */
void ctl_plan_print(const ctl_plan_t *self);


#endif /* CTL_PLAN_H */
