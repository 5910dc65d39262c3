/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Faults on demand: what goes wrong, in which calls, and how often.
 */

#include "sim_fault.h"
#include "sim_buf.h"
#include "sim_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define NAME(symbol, name, help) name,
#define HELP(symbol, name, help) help,

static const char *const names[] = { SIM_FAULTS(NAME) };
static const char *const helps[] = { SIM_FAULTS(HELP) };


/* The keys that a fault may have: # has a number, $ a text, ? a boolean. */

static const char *const keys[] = { "#skip", "#count", "#offset", "#status",
    "#retry_after", "#ms", "#at", "#bytes", "#seed", "#piece", "#by", "#delta",
    "#row", "#kb", "$fault", "$api", "$day", "$query", "$code", "$msg", "$form",
    "$detail", "$encoded", "$body", "$type", "$text", "?keep_count", "?idle",
    NULL };


const char *
sim_fault_name(sim_fault_kind_t kind)
{
    return names[kind];
}


const char *
sim_fault_help(sim_fault_kind_t kind)
{
    return helps[kind];
}


/* Tells whether a fault may have the key, with a value of that type. */

static int
check_key(const char *key, const json_t *value)
{
    size_t i;

    for (i = 0; keys[i] != NULL; i++) {
        if (strcmp(keys[i] + 1, key) == 0) {
            return keys[i][0] == '#'   ? json_is_integer(value)
                   : keys[i][0] == '$' ? json_is_string(value)
                                       : json_is_boolean(value);
        }
    }

    return 0;
}


/* Tells whether a number is within what the faults can do. */

static int
check_range(const char *key, const json_t *value)
{
    size_t     i;
    json_int_t n = json_integer_value(value);

    static const struct {
        const char *key;
        json_int_t  min, max;
    } ranges[] = {
        { "status", 200, 599 },
        { "by", -1000, 1000 },
        { "delta", -1000, 1000 },
        { "kb", 0, 1024 },
        { "ms", 0, 86400000 },
        { "bytes", 1, 1000000 },
        { "piece", 1, 1000000 },
        { "row", 0, 1000000 },
    };

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (strcmp(ranges[i].key, key) == 0) {
            return n >= ranges[i].min && n <= ranges[i].max;
        }
    }

    return 1;
}


int
sim_faults_add(sim_faults_t *f, const json_t *spec, char err[256])
{
    int          kind;
    json_t      *value;
    const char  *name, *key;
    sim_fault_t *fault;

    name = sim_json_str(spec, "fault", "");

    for (kind = 0; kind < SIM_FAULT_KINDS; kind++) {
        if (strcmp(names[kind], name) == 0) {
            break;
        }
    }

    if (kind == SIM_FAULT_KINDS) {
        (void) snprintf(err, 256, "fault: there is no \"%.100s\"", name);
        return -1;
    }

    json_object_foreach ((json_t *) spec, key, value) {
        if (!check_key(key, value) || !check_range(key, value)) {
            (void) snprintf(err, 256,
                "fault %s: \"%.100s\": no such key, or "
                "a value that it can't have",
                name, key);
            return -1;
        }
    }

    f->faults = sim_realloc(f->faults, (f->n + 1) * sizeof(*f->faults));
    fault = &f->faults[f->n++];
    fault->spec = json_deep_copy(spec);
    fault->kind = (sim_fault_kind_t) kind;
    fault->skip = sim_json_int(spec, "skip", 0);
    fault->left = sim_json_int(spec, "count", -1);

    return 0;
}


int
sim_faults_parse(sim_faults_t *f, const char *words, char err[256])
{
    int     rc = 0;
    char   *copy = sim_strdup(words), *rest, *word, *value;
    json_t *spec = json_object();

    rest = copy;
    word = strsep(&rest, ":");
    json_object_set_new(spec, "fault", json_string(word));

    while (rc == 0 && (word = strsep(&rest, ",")) != NULL) {
        value = strchr(word, '=');

        if (value == NULL) {
            (void) snprintf(err, 256, "fault: \"%.100s\" has no =", word);
            rc = -1;

        } else {
            *value++ = '\0';
            json_object_set_new(spec, word, sim_json_word(value));
        }
    }

    if (rc == 0) {
        rc = sim_faults_add(f, spec, err);
    }

    json_decref(spec);
    free(copy);

    return rc;
}


void
sim_faults_clear(sim_faults_t *f)
{
    size_t i;

    for (i = 0; i < f->n; i++) {
        json_decref(f->faults[i].spec);
    }

    free(f->faults);
    f->faults = NULL;
    f->n = 0;
}


json_t *
sim_faults_json(const sim_faults_t *f)
{
    size_t  i;
    json_t *all = json_array(), *one;

    for (i = 0; i < f->n; i++) {
        one = json_copy(f->faults[i].spec);
        json_object_set_new(one, "skip", json_integer(f->faults[i].skip));

        if (f->faults[i].left >= 0) {
            json_object_set_new(one, "count", json_integer(f->faults[i].left));
        }

        json_array_append_new(all, one);
    }

    return all;
}


/* Tells whether a fault is meant for the call. */

static int
matches(const sim_fault_t *f, const sim_target_t *target)
{
    const char *api = sim_json_str(f->spec, "api", NULL);
    const char *day = sim_json_str(f->spec, "day", NULL);
    const char *query = sim_json_str(f->spec, "query", NULL);
    json_int_t  offset = sim_json_int(f->spec, "offset", -1);

    /* rows shift between pages, so by default not on the first one */

    if (f->kind == SIM_FAULT_SHIFT && offset < 0 && target->offset <= 0) {
        return 0;
    }

    return (api == NULL || strcmp(api, target->api) == 0)
           && (offset < 0 || offset == target->offset)
           && (day == NULL
               || (target->day != NULL && strcmp(day, target->day) == 0))
           && (query == NULL || strstr(target->query, query) != NULL);
}


void
sim_faults_hit(sim_faults_t *f, const sim_target_t *target, sim_hits_t *hits)
{
    size_t       i;
    sim_fault_t *fault;

    for (i = 0; i < f->n; i++) {
        fault = &f->faults[i];

        if (fault->left == 0 || !matches(fault, target)) {
            continue;
        }

        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }

        if (hits->fault[fault->kind] != NULL) {
            continue; /* one of a kind is enough for a call */
        }

        if (fault->left > 0) {
            fault->left--;
        }

        hits->fault[fault->kind] = json_incref(fault->spec);
    }
}


void
sim_hits_clear(sim_hits_t *hits)
{
    size_t i;

    for (i = 0; i < SIM_FAULT_KINDS; i++) {
        json_decref(hits->fault[i]);
        hits->fault[i] = NULL;
    }
}
