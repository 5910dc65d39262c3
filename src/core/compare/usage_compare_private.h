/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The two lists that a comparison walks along.  Not for other files than
 * usage_compare*.c.
 */

#ifndef USAGE_COMPARE_PRIVATE_H
#define USAGE_COMPARE_PRIVATE_H

#include "compare/usage_compare.h"

#include <jansson.h>


#define USAGE_COMPARE_SIDES 2


/*
 * An entry, by its desktop_id, or an element of one, by its date.
 */
typedef struct {
    usage_str_t   key;
    size_t        index;
    const json_t *json;
} usage_compare_item_t;


typedef struct {
    usage_compare_item_t *items;
    size_t                count;
} usage_compare_list_t;


typedef struct {
    usage_compare_t    *result;
    const usage_pool_t *pool;
    usage_error_t      *error;
    double              tolerance;
    size_t              max;
    const char         *side;    /* whose reply is read, for errors */
    usage_str_t         desktop; /* whose entries are compared */
} usage_comparison_t;


/*
 * What there is of one key: an item of each side, or NULL.
 */
typedef usage_result_t (*usage_compare_pt)(
    usage_comparison_t *self, const usage_compare_item_t *const *items);


/*
 * The items of an array, sorted by their member key; one that lacks it has ""
 * there, where that is allowed.  USAGE_ERROR: as usage_compare().
 */
usage_result_t
usage_compare_list(usage_comparison_t *self, usage_compare_list_t *list,
    const json_t *array, const char *key, bool optional);

/*
 * Calls compare() for each key with what there is of it on either side: the
 * n-th item with the n-th where a key comes more than once.
 */
usage_result_t usage_compare_merge(usage_comparison_t *self,
    const usage_compare_list_t *lists, usage_compare_pt compare);

/* The error for a reply that isn't one of the legacy call; a string's text. */
usage_result_t usage_compare_refuse(usage_comparison_t *self, const char *why);
usage_str_t    usage_compare_text(const json_t *value);


#endif /* USAGE_COMPARE_PRIVATE_H */
