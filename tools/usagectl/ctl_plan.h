/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl plan: a plan, carried out against an upstream that is only assumed.
 */

#ifndef CTL_PLAN_H
#define CTL_PLAN_H

#include "ctl.h"
#include "plan/usage_plan.h"


/*
 * What is assumed of the project.  The request's desktop_ids are its first
 * desktops, the user's own are the first of all, and so are the desktops that
 * are in use: an hour a day, each.
 */
typedef struct {
    const usage_request_t *request;
    int64_t                now;
    size_t                 desktops;
    size_t                 in_use; /* on every day */
    size_t                 owned;  /* by the request's user, alone */
} ctl_model_t;


typedef struct {
    usage_call_t call;
    usage_str_t  path;
    usage_str_t  query;
    char        *name; /* in words */
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
    bool              forgotten; /* only the age of its days is wrong */
    ctl_call_t       *calls;
    size_t            count;
    size_t            certain; /* of them: the first ones */
} ctl_plan_t;


/* The body of the reply to a call, freed by the caller. */
char *ctl_model_reply(
    const ctl_model_t *model, const usage_call_t *call, size_t *len);

/* Carries the plan of self->request out. */
void ctl_plan_calls(ctl_plan_t *self);

/* Prints the calls, as self->format says. */
void ctl_plan_print(const ctl_plan_t *self);


#endif /* CTL_PLAN_H */
