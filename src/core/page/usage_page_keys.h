/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The names of a page's keys, as statistics of desktops and of users differ in
 * them.
 */

#ifndef USAGE_PAGE_KEYS_H
#define USAGE_PAGE_KEYS_H

#include "base/usage_core.h"


/* the key of a row's enterprise project */
#define USAGE_PAGE_PROJECT "enterprise_project_id"


typedef struct {
    usage_str_t id;     /* the key of a row's id */
    usage_str_t name;   /* the key of its name; empty: names are not wanted */
    usage_str_t metric; /* the metric_name of the usage */
} usage_page_keys_t;

extern const usage_page_keys_t usage_page_desktops;
extern const usage_page_keys_t usage_page_named_desktops; /* names, too */
extern const usage_page_keys_t usage_page_users;


#endif /* USAGE_PAGE_KEYS_H */
