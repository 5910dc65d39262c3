/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What the files of usage_compare.h use of each other.
 */

#ifndef USAGE_COMPARE_PRIVATE_H
#define USAGE_COMPARE_PRIVATE_H

#include "compare/usage_compare.h"

#include <jansson.h>


/* arrays of this length have the legacy side at 0, the translated one at 1 */
#define USAGE_COMPARE_SIDES 2


/*
 * An entry of a reply, or an element of an entry.
 */
typedef struct {
    usage_str_t   key;   /* desktop_id of an entry, date of an element */
    size_t        index; /* its place in the array */
    const json_t *json;
} usage_compare_item_t;


typedef struct {
    usage_compare_item_t *items;
    size_t                count;
} usage_compare_list_t;


/*
 * A comparison that is being made.
 */
typedef struct {
    usage_compare_t    *result;
    const usage_pool_t *pool;
    usage_error_t      *error;
    double              tolerance; /* hours */
    size_t              max;       /* differences to keep */
    const char         *side;      /* "legacy" or "translated": for errors */
    usage_str_t         desktop;   /* desktop_id of the entries at hand */
} usage_comparison_t;


/*
 * Compares the two items of a key, one of which may be NULL.
 */
typedef usage_result_t (*usage_compare_pt)(
    usage_comparison_t *self, const usage_compare_item_t *const *items);


/*
 * Lists the items of an array, sorted by their member key.  If it is optional,
 * an item without it has the key "".  USAGE_ERROR: self->error is filled.
 */
usage_result_t
usage_compare_list(usage_comparison_t *self, usage_compare_list_t *list,
    const json_t *array, const char *key, bool optional);

/*
 * Calls compare() for each key of the two lists.  If a key comes more than once
 * in a list, its nth item is compared with the nth one of the other list.
 */
usage_result_t usage_compare_merge(usage_comparison_t *self,
    const usage_compare_list_t *lists, usage_compare_pt compare);

/*
 * Says why the reply of self->side is none of the legacy call.  Always gives
 * USAGE_ERROR.
 */
usage_result_t usage_compare_refuse(usage_comparison_t *self, const char *why);

/* Gives the text of a string, which lives as long as value; "": it is none. */
usage_str_t usage_compare_text(const json_t *value);


#define USAGE_COMPARE_WORDS 32

/*
 * Says what a value is: a string's text, or words that are written to buffer,
 * which has room for USAGE_COMPARE_WORDS bytes; "" if value is NULL.
 */
usage_str_t usage_compare_words(const json_t *value, char *buffer);

/* Reads a use_time, a number or a string of one.  false: it is neither. */
bool usage_compare_hours(const json_t *value, double *hours);

/*
 * Tells whether two use_time are equal, within the tolerance; notes how far
 * apart they are.
 */
bool usage_compare_same_time(
    usage_comparison_t *self, const json_t *legacy, const json_t *translated);


#endif /* USAGE_COMPARE_PRIVATE_H */
