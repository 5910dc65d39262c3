/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: what its commands share.
 */

#ifndef CTL_H
#define CTL_H

#include "base/usage_core.h"

#include <stdio.h>
#include <time.h>


/* exit statuses */

#define CTL_OK     0
#define CTL_DIFFER 1 /* the answer is no: differences, a body that is wrong */
#define CTL_FAILED 2 /* there is no answer: usage, files, calls */


/* The commands: what follows their name; each gives the exit status. */

int ctl_plan(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_report(int argc, char **argv);


/*
 * Writes a line on standard error; what could do something to a terminal
 * becomes '?' in it.
 */
void ctl_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Ends the program with CTL_FAILED and such a line on standard error: ctl_die()
 * says what went wrong, ctl_misuse() names the command's --help besides.
 */
void ctl_die(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
void ctl_misuse(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* The same after getopt_long(), which has said what is wrong. */
void ctl_bad_option(void) __attribute__((noreturn));

/* The name of the command, for these. */
void ctl_name(const char *command);


/* Memory that is never missing: the program ends where there is none. */

void *ctl_alloc(size_t size);
void *ctl_grow(void *p, size_t size);
char *ctl_copy(const char *text, size_t len);

/*
 * An array that has count elements of size bytes gets room for one more:
 * doubles where the room is used up, which is at each power of two.
 */
void *ctl_room(void *array, size_t count, size_t size);

/* Memory for the core, given back as a whole. */

typedef struct ctl_block_s ctl_block_t;

typedef struct {
    usage_pool_t pool;
    ctl_block_t *blocks;
    size_t       left; /* in the first block */
} ctl_arena_t;

void ctl_arena_start(ctl_arena_t *arena);
void ctl_arena_free(ctl_arena_t *arena);


/* Text. */

static inline usage_str_t
ctl_str(const char *text)
{
    usage_str_t str;

    str.data = text;
    str.len = strlen(text);

    return str;
}

/*
 * A whole file, "-" for standard input, with a NUL after it.  Ends the program
 * where it can't be read.  Freed by the caller.
 */
char *ctl_read(const char *name, size_t *len);

/*
 * The next line of text, without its end; *text goes on behind it.  NULL: there
 * is none.  Cuts the text with NULs.
 */
char *ctl_line(char **text);


/*
 * Values of options, named for errors; each ends the program where it is wrong.
 */
uint64_t
ctl_number(const char *option, const char *text, uint64_t min, uint64_t max);
double ctl_hours(const char *option, const char *text);

/* A date, as the day; or a date or a time in UTC, as seconds since 1970. */
int32_t ctl_day(const char *option, const char *text);
int64_t ctl_time(const char *option, const char *text);

/* So many "s", "m", "h" or "d", in seconds. */
int64_t ctl_duration(const char *option, const char *text);

/* One of some words, as its place; words ends with NULL. */
int ctl_word(const char *option, const char *text, const char *const *words);

/* Whether the project's id has the form that the route takes. */
bool ctl_is_project(const char *text);


#endif /* CTL_H */
