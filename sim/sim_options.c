/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The command line.
 */

#include "sim_options.h"
#include "sim_config.h"
#include "sim_json.h"
#include "sim_source.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


typedef enum {
    OPT_LISTEN = 1,
    OPT_PORT_FILE,
    OPT_SESSIONS,
    OPT_SEED,
    OPT_DESKTOPS,
    OPT_DAYS,
    OPT_USERS,
    OPT_TEXT,   /* a setting with this text */
    OPT_NUMBER, /* a setting with this number */
    OPT_ON,     /* a setting that becomes true */
    OPT_OFF,    /* a setting that becomes false */
    OPT_HABIT,
    OPT_TOKEN,
    OPT_ACCESS_KEY,
    OPT_FAULT,
    OPT_LOG,
    OPT_KEEP,
    OPT_TLS_CERT,
    OPT_TLS_KEY,
    OPT_STDIN,
    OPT_HELP
} option_t;


static const struct {
    const char *name;
    option_t    option;
    const char *key;   /* of the setting; NULL: it is none */
    const char *value; /* NULL: takes none */
    const char *help;
} table[] = {
    { "listen", OPT_LISTEN, NULL, "ADDR:PORT",
        "listen at this address (127.0.0.1:0, a free port)" },
    { "port-file", OPT_PORT_FILE, NULL, "FILE", "write the port to this file" },
    { "sessions", OPT_SESSIONS, NULL, "FILE",
        "read the tenant from this file" },
    { "seed", OPT_SEED, NULL, "N", "generate the tenant from this number (1)" },
    { "desktops", OPT_DESKTOPS, NULL, "N", "generate so many desktops (20)" },
    { "days", OPT_DAYS, NULL, "N", "generate sessions on so many days (31)" },
    { "users", OPT_USERS, NULL, "N",
        "generate so many users (as many as fit)" },
    { "now", OPT_TEXT, "now", "TIME",
        "stop the clock at a time such as 2022-12-16T08:00:00Z" },
    { "project", OPT_TEXT, "project", "ID",
        "answer 404 for any other project" },
    { "token", OPT_TOKEN, NULL, "T",
        "accept no other token or access key; may be repeated" },
    { "access-key", OPT_ACCESS_KEY, NULL, "AK:SK[:TOKEN]",
        "verify signatures with this key; may be repeated" },
    { "quota", OPT_NUMBER, "quota", "N",
        "calls a minute, by credential and API" },
    { "retry-after", OPT_NUMBER, "retry_after", "N",
        "the Retry-After of a 429 (none)" },
    { "delay", OPT_TEXT, "delay_ms", "MS|MS-MS",
        "make each reply wait so long" },
    { "release", OPT_TEXT, "release", "yyyy-MM",
        "the habits of a release from 2024-06 to 2026-08 (2026-08)" },
    { "habits", OPT_TEXT, "habits", "random:SEED", "draw all habits" },
    { "habit", OPT_HABIT, NULL, "NAME=VALUE", "set a habit; may be repeated" },
    { "idle", OPT_TEXT, "idle", "shown|hidden",
        "the same as --habit idle=..." },
    { "records-limit", OPT_NUMBER, "records_limit", "N",
        "the same as --habit records_limit=N" },
    { "records-clamp", OPT_ON, "records_clamp", NULL,
        "the same as --habit records_clamp=true" },
    { "no-sid", OPT_OFF, "sid", NULL, "the same as --habit sid=false" },
    { "no-resource-id", OPT_OFF, "resource_id", NULL,
        "the same as --habit resource_id=false" },
    { "fault", OPT_FAULT, NULL, "NAME:KEY=VALUE,...",
        "make something go wrong; may be repeated" },
    { "log", OPT_LOG, NULL, "FILE", "append a line of JSON for each call" },
    { "keep-calls", OPT_KEEP, NULL, "N",
        "keep so many calls for /_sim/calls (20000)" },
    { "tls-cert", OPT_TLS_CERT, NULL, "FILE",
        "speak TLS with this certificate, in PEM" },
    { "tls-key", OPT_TLS_KEY, NULL, "FILE",
        "the key of the certificate, in PEM" },
    { "stdin", OPT_STDIN, NULL, NULL, "end when standard input ends" },
    { "help", OPT_HELP, NULL, NULL, "print this help" },
};

#define NOPTIONS (sizeof(table) / sizeof(table[0]))


/* What the options say while they are read. */

typedef struct {
    sim_options_t *o;
    sim_world_t   *w;
    json_t        *settings; /* those of /_sim/config */
    sim_recipe_t   recipe;
    int            generated; /* by the recipe */
    const char    *sessions;  /* the name of a file; NULL: none */
    char           err[256];  /* what is wrong; "" if it is said already */
} reader_t;


static void
help(void)
{
    char        left[48];
    size_t      i;
    const char *name, *values, *about;

    (void) printf("usage: usagesim [OPTION]...\n\nSimulates the usage APIs of "
                  "Huawei Cloud Workspace, old and new. Without --sessions\n"
                  "and --seed it has the published example's tenant, and its "
                  "clock stands at\n2022-12-16T08:00:00Z.\n\n");

    for (i = 0; i < NOPTIONS; i++) {
        (void) snprintf(left, sizeof(left), "--%s %s", table[i].name,
            table[i].value ? table[i].value : "");
        (void) printf("  %-30s %s\n", left, table[i].help);
    }

    (void) printf("\nHabits, the default first:\n\n");

    for (i = 0; sim_habits_help(i, &name, &values, &about); i++) {
        (void) printf("  %s=%s\n      %s\n", name, values, about);
    }

    (void) printf(
        "\nFaults, which all have the keys count, skip, api, offset, day, "
        "query:\n"
        "\n");

    for (i = 0; i < SIM_FAULT_KINDS; i++) {
        (void) printf("  %-12s %s\n", sim_fault_name((sim_fault_kind_t) i),
            sim_fault_help((sim_fault_kind_t) i));
    }
}


/* Reads a number from 0 to `max`; gives 0, or -1 and what is wrong. */

static int
number(
    reader_t *r, const char *name, const char *s, long long max, long long *out)
{
    char *end;

    *out = strtoll(s, &end, 10);

    if (*s == '\0' || *end != '\0' || *out < 0 || *out > max) {
        (void) snprintf(r->err, sizeof(r->err),
            "--%s: not a number from 0 to %lld", name, max);
        return -1;
    }

    return 0;
}


/* Notes a setting, which becomes the value, in place of an earlier one. */

static int
set(reader_t *r, const char *key, json_t *value)
{
    return json_object_set_new(r->settings, key, value);
}


static int
number_option(reader_t *r, const char *name, const char *key, const char *value)
{
    long long n;

    if (number(r, name, value, 2147483647, &n) != 0) {
        return -1;
    }

    return set(r, key, json_integer(n));
}


static int
habit_option(reader_t *r, const char *value)
{
    int   rc;
    char *name = sim_strdup(value);
    char *is = strchr(name, '=');

    if (is == NULL) {
        (void) snprintf(
            r->err, sizeof(r->err), "--habit: \"%.100s\" has no =", value);
        rc = -1;

    } else {
        *is = '\0';
        rc = set(r, name, sim_json_word(is + 1));
    }

    free(name);

    return rc;
}


static int
recipe_option(reader_t *r, option_t option, const char *name, const char *value)
{
    long long n;

    if (number(r, name, value, option == OPT_SEED ? INT64_MAX : 100000, &n)
        != 0) {
        return -1;
    }

    r->generated = 1;

    if (option == OPT_SEED) {
        r->recipe.seed = (uint64_t) n;
    } else if (option == OPT_DESKTOPS) {
        r->recipe.desktops = (int) n;
    } else if (option == OPT_DAYS) {
        r->recipe.days = (int) n;
    } else {
        r->recipe.users = (int) n;
    }

    return 0;
}


/* Opens the log, or reads the certificate or its key. */

static int
file_option(reader_t *r, option_t option, const char *value)
{
    char **text =
        option == OPT_TLS_CERT ? &r->o->server.cert : &r->o->server.key;

    if (option == OPT_LOG) {
        r->w->log.file = fopen(value, "ae");

        if (r->w->log.file == NULL) {
            perror(value);
        }

        return r->w->log.file ? 0 : -1;
    }

    free(*text);
    *text = sim_read_file(value);

    return *text ? 0 : -1;
}


static int
access_key_option(reader_t *r, const char *name, const char *value)
{
    if (!sim_sign_is_key(value)) {
        (void) snprintf(r->err, sizeof(r->err),
            "--%s: neither AK:SK nor AK:SK:TOKEN", name);
        return -1;
    }

    return json_array_append_new(r->w->cfg.keys, json_string(value));
}


static int
keep_option(reader_t *r, const char *name, const char *value)
{
    long long n;

    if (number(r, name, value, 1000000, &n) != 0 || n == 0) {
        return -1;
    }

    r->w->log.max = (size_t) n;

    return 0;
}


/* Takes one option; gives 0, or -1 and what is wrong. */

static int
one_option(reader_t *r, size_t i, const char *value)
{
    option_t    option = table[i].option;
    const char *name = table[i].name;

    switch (option) {
    case OPT_TEXT:
        return set(r, table[i].key, json_string(value));

    case OPT_NUMBER:
        return number_option(r, name, table[i].key, value);

    case OPT_ON:
        return set(r, table[i].key, json_true());

    case OPT_OFF:
        return set(r, table[i].key, json_false());

    case OPT_HABIT:
        return habit_option(r, value);

    case OPT_LISTEN:
        r->o->server.listen = value;
        return 0;

    case OPT_PORT_FILE:
        r->o->port_file = value;
        return 0;

    case OPT_SESSIONS:
        r->sessions = value;
        return 0;

    case OPT_STDIN:
        r->o->with_stdin = 1;
        return 0;

    case OPT_SEED:
    case OPT_DESKTOPS:
    case OPT_DAYS:
    case OPT_USERS:
        return recipe_option(r, option, name, value);

    case OPT_TOKEN:
        return json_array_append_new(r->w->cfg.tokens, json_string(value));

    case OPT_ACCESS_KEY:
        return access_key_option(r, name, value);

    case OPT_FAULT:
        return sim_faults_parse(&r->w->faults, value, r->err);

    case OPT_KEEP:
        return keep_option(r, name, value);

    default: /* OPT_LOG, OPT_TLS_CERT, OPT_TLS_KEY */
        return file_option(r, option, value);
    }
}


/* Puts the tenant in place that the options describe. */

static int
make_tenant(reader_t *r)
{
    sim_tenant_t *t;

    if (r->sessions) {
        t = sim_tenant_read(r->sessions, r->err);

    } else if (r->generated) {
        r->recipe.now = sim_world_now(r->w);
        t = sim_tenant_generate(&r->recipe);

    } else {
        t = sim_tenant_default();
    }

    if (t == NULL) {
        return -1;
    }

    if (r->w->cfg.now == SIM_NEVER) {
        r->w->cfg.now = t->now;
    }

    sim_world_tenant(r->w, t);

    return 0;
}


/* Reads all options; the result is that of sim_options(). */

static int
read_options(reader_t *r, int argc, char **argv)
{
    int           c;
    size_t        i;
    struct option longs[NOPTIONS + 1] = { 0 };

    for (i = 0; i < NOPTIONS; i++) {
        longs[i].name = table[i].name;
        longs[i].has_arg = table[i].value ? required_argument : no_argument;
        longs[i].val = (int) i + 256;
    }

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c < 256) {
            return 1;
        }

        i = (size_t) c - 256;

        if (table[i].option == OPT_HELP) {
            help();
            return -1;
        }

        if (one_option(r, i, optarg) != 0) {
            return 1;
        }
    }

    if (optind < argc) {
        (void) snprintf(
            r->err, sizeof(r->err), "%.100s: not an option", argv[optind]);
        return 1;
    }

    if ((r->o->server.cert == NULL) != (r->o->server.key == NULL)) {
        (void) snprintf(
            r->err, sizeof(r->err), "--tls-cert and --tls-key need each other");
        return 1;
    }

    return sim_configure(r->w, r->settings, r->err) != 0 || make_tenant(r) != 0;
}


int
sim_options(sim_options_t *o, sim_world_t *w, int argc, char **argv)
{
    int      rc;
    reader_t r = { .o = o, .w = w };

    memset(o, 0, sizeof(*o));
    o->server.listen = "127.0.0.1:0";
    sim_world_init(w);
    r.settings = json_object();
    r.recipe = (sim_recipe_t){ .seed = 1, .desktops = 20, .days = 31 };

    rc = read_options(&r, argc, argv);
    json_decref(r.settings);

    if (rc > 0 && r.err[0]) {
        (void) fprintf(stderr, "usagesim: %s\n", r.err);
    }

    return rc;
}


void
sim_options_free(sim_options_t *o)
{
    free(o->server.cert);
    free(o->server.key);
}
