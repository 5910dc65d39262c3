/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The comparison: the replies as a whole, their entries, and the elements of
 * these.
 */

#include "compare/usage_compare_private.h"
#include "base/usage_json.h"
#include "base/usage_number.h"

#include <stdio.h>


static const char *const usage_compare_sides[USAGE_COMPARE_SIDES] = { "legacy",
    "translated" };

static const usage_str_t usage_compare_nothing = usage_string("");


/*
 * Adds a difference.  Beyond max, differences are only counted.
 */
static usage_result_t
usage_compare_add(usage_comparison_t *self, usage_str_t time, const char *what,
    const usage_str_t *values)
{
    usage_str_t         shown[USAGE_COMPARE_SIDES];
    usage_compare_t    *result;
    usage_difference_t *difference;

    result = self->result;
    result->total++;

    if (result->count == self->max) {
        return USAGE_OK;
    }

    if (result->differences == NULL) {
        result->differences =
            usage_alloc(self->pool, self->max * sizeof(usage_difference_t));

        if (result->differences == NULL) {
            return usage_no_memory(self->pool, self->error);
        }
    }

    memcpy(shown, values, sizeof(shown));
    shown[0].len = (size_t) usage_shown(shown[0]);
    shown[1].len = (size_t) usage_shown(shown[1]);

    difference = &result->differences[result->count];
    difference->what.data = what;
    difference->what.len = strlen(what);

    if (usage_str_copy(self->pool, self->desktop, &difference->desktop)
            != USAGE_OK
        || usage_str_copy(self->pool, time, &difference->time) != USAGE_OK
        || usage_str_copy(self->pool, shown[0], &difference->legacy) != USAGE_OK
        || usage_str_copy(self->pool, shown[1], &difference->translated)
               != USAGE_OK)
    {
        return usage_no_memory(self->pool, self->error);
    }

    result->count++;

    return USAGE_OK;
}


/*
 * Compares the elements of a date.
 */
static usage_result_t
usage_compare_element(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    char          buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    size_t        i;
    usage_str_t   values[USAGE_COMPARE_SIDES], date;
    const json_t *times[USAGE_COMPARE_SIDES];

    date = items[0] != NULL ? items[0]->key : items[1]->key;

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        times[i] = items[i] == NULL
                       ? NULL
                       : json_object_get(items[i]->json, "use_time");
        values[i] = usage_compare_words(times[i], buffers[i]);
    }

    if (times[0] == NULL && times[1] == NULL) {
        return USAGE_OK;
    }

    self->result->values++;

    if (times[0] != NULL && times[1] != NULL
        && usage_compare_same_time(self, times[0], times[1]))
    {
        return USAGE_OK;
    }

    return usage_compare_add(self, date, "use_time", values);
}


/*
 * Takes an element of an entry that the other reply lacks: it is a difference
 * if the desktop was in use.
 */
static usage_result_t
usage_compare_lost(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    double        hours;
    const json_t *value;

    value = json_object_get(
        (items[0] != NULL ? items[0] : items[1])->json, "use_time");

    if (usage_compare_hours(value, &hours) && hours == 0) {
        return USAGE_OK;
    }

    return usage_compare_element(self, items);
}


/*
 * Lists the elements of an entry, and adds up its hours.
 */
static usage_result_t
usage_compare_elements(usage_comparison_t *self, const json_t *entry,
    usage_compare_list_t *list, double *hours)
{
    size_t        i;
    double        time;
    const json_t *array;

    array = json_object_get(entry, "used_info_list");

    if (array != NULL && !json_is_array(array) && !json_is_null(array)) {
        return usage_compare_refuse(self, "a used_info_list that is no array");
    }

    if (usage_compare_list(self, list, array, "date", false) != USAGE_OK) {
        return USAGE_ERROR;
    }

    for (i = 0, *hours = 0; i < list->count; i++) {
        (void) usage_compare_hours(
            json_object_get(list->items[i].json, "use_time"), &time);
        *hours += time;
    }

    return USAGE_OK;
}


/*
 * Compares the entries of a desktop.
 */
static usage_result_t
usage_compare_entry(
    usage_comparison_t *self, const usage_compare_item_t *const *items)
{
    char                 text[USAGE_COMPARE_SIDES][USAGE_HOURS_MAX];
    size_t               i;
    double               hours;
    usage_str_t          users[USAGE_COMPARE_SIDES], sums[USAGE_COMPARE_SIDES];
    usage_compare_list_t lists[USAGE_COMPARE_SIDES];

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        users[i] = sums[i] = usage_compare_nothing;
        lists[i].count = 0;
        hours = 0;

        if (items[i] == NULL) {
            continue;
        }

        self->desktop = items[i]->key;
        self->side = usage_compare_sides[i];
        users[i] = usage_compare_text(
            json_object_get(items[i]->json, "desktop_username"));

        if (usage_compare_elements(self, items[i]->json, &lists[i], &hours)
            != USAGE_OK) {
            return USAGE_ERROR;
        }

        sums[i].data = text[i];
        sums[i].len = (size_t) snprintf(
            text[i], sizeof(text[i]), "%.15g", round(hours * 100) / 100);
    }

    if (items[0] == NULL || items[1] == NULL) {
        if (usage_compare_add(self, usage_compare_nothing, "entry", sums)
            != USAGE_OK) {
            return USAGE_ERROR;
        }

        return usage_compare_merge(self, lists, usage_compare_lost);
    }

    if (!usage_str_equal(users[0], users[1])
        && usage_compare_add(
               self, usage_compare_nothing, "desktop_username", users)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_compare_merge(self, lists, usage_compare_element);
}


/*
 * Reads one of the replies, and lists its entries.  The caller owns *root.
 */
static usage_result_t
usage_compare_load(usage_comparison_t *self, json_t **root,
    usage_compare_list_t *list, usage_str_t body)
{
    json_t      *array, *count;
    json_error_t reason;

    *root = usage_json_load(
        body, USAGE_JSON_REPLY, JSON_REJECT_DUPLICATES, &reason);

    if (*root == NULL) {
        return usage_error(self->error, 502, "the %s reply is not JSON: %s",
            self->side, reason.text);
    }

    array = json_object_get(*root, "desktop_used_info_list");
    count = json_object_get(*root, "total_count");

    if (!json_is_integer(count)) {
        return usage_compare_refuse(self, "no total_count");
    }

    /* an empty list may be left out */

    if (!json_is_array(array)
        && !(json_integer_value(count) == 0
             && (array == NULL || json_is_null(array))))
    {
        return usage_compare_refuse(self, "no desktop_used_info_list");
    }

    return usage_compare_list(self, list, array, "desktop_id", true);
}


/*
 * Compares the replies as a whole.
 */
static usage_result_t
usage_compare_roots(usage_comparison_t *self, json_t *const *roots,
    const usage_compare_list_t *lists)
{
    char          buffers[USAGE_COMPARE_SIDES][USAGE_COMPARE_WORDS];
    size_t        i;
    usage_str_t   values[USAGE_COMPARE_SIDES];
    const json_t *counts[USAGE_COMPARE_SIDES];

    for (i = 0; i < USAGE_COMPARE_SIDES; i++) {
        counts[i] = json_object_get(roots[i], "total_count");
        values[i] = usage_compare_words(counts[i], buffers[i]);
    }

    if (json_integer_value(counts[0]) != json_integer_value(counts[1])
        && usage_compare_add(self, usage_compare_nothing, "total_count", values)
               != USAGE_OK)
    {
        return USAGE_ERROR;
    }

    return usage_compare_merge(self, lists, usage_compare_entry);
}


usage_result_t
usage_compare(usage_compare_t *compare, const usage_pool_t *pool,
    usage_str_t legacy, usage_str_t translated, double tolerance, size_t max,
    usage_error_t *error)
{
    json_t              *roots[USAGE_COMPARE_SIDES] = { NULL, NULL };
    size_t               i;
    usage_str_t          bodies[USAGE_COMPARE_SIDES];
    usage_result_t       rc;
    usage_comparison_t   self;
    usage_compare_list_t lists[USAGE_COMPARE_SIDES];

    memset(compare, 0, sizeof(usage_compare_t));
    memset(&self, 0, sizeof(self));
    memset(lists, 0, sizeof(lists));

    self.result = compare;
    self.pool = pool;
    self.error = error;
    self.tolerance = tolerance;
    self.max = max;
    self.desktop = usage_compare_nothing;

    bodies[0] = legacy;
    bodies[1] = translated;
    rc = USAGE_OK;

    for (i = 0; i < USAGE_COMPARE_SIDES && rc == USAGE_OK; i++) {
        self.side = usage_compare_sides[i];
        rc = usage_compare_load(&self, &roots[i], &lists[i], bodies[i]);
    }

    if (rc == USAGE_OK) {
        rc = usage_compare_roots(&self, roots, lists);
    }

    json_decref(roots[0]);
    json_decref(roots[1]);

    return rc;
}
