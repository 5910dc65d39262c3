/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: what its commands share.
 */

#ifndef CTL_H
#define CTL_H

#include "base/usage_core.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>


/* Exit statuses. */

#define CTL_OK     0
#define CTL_DIFFER 1 /* the answer is no: differences, a body that is wrong */
#define CTL_FAILED 2 /* there is no answer: usage, files, calls that failed */


/* The end. */

/*
 * Writes a line on standard error.  What could change a terminal's state
 * becomes "?" in it.
 */
void ctl_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Ends the program with CTL_FAILED after such a line, which says what went
 * wrong.
 */
void ctl_die(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* Does the same, and names the command's --help besides. */
void ctl_misuse(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* Does the same without a line of its own. */
void ctl_bad_option(void) __attribute__((noreturn));

/* Sets the name of the command for these lines. */
void ctl_name(const char *command);


/* Memory.  The program ends if there is none. */

/* Allocates size bytes of zeros. */
void *ctl_alloc(size_t size);

/* Changes a block's size, as realloc(). */
void *ctl_grow(void *p, size_t size);

/* Copies len bytes, with a NUL behind them. */
char *ctl_copy(const char *text, size_t len);

/*
 * Makes room for one more element in an array that has count elements of size
 * bytes.  It has room for a power of two of them, and doubles if that is used
 * up.
 */
void *ctl_room(void *array, size_t count, size_t size);


/* Memory for the core, which is freed as a whole. */

typedef struct ctl_block_s ctl_block_t;

typedef struct {
    usage_pool_t pool;
    ctl_block_t *blocks;
    size_t       left; /* bytes in the first block */
} ctl_arena_t;

/* Makes an empty arena. */
void ctl_arena_start(ctl_arena_t *arena);

/* Frees all that was allocated from the arena. */
void ctl_arena_free(ctl_arena_t *arena);


/* Text, files, time. */

static inline usage_str_t
ctl_str(const char *text)
{
    usage_str_t str;

    str.data = text;
    str.len = strlen(text);

    return str;
}

/*
 * Reads a whole file, "-" for standard input, and puts a NUL behind it.  Ends
 * the program if it can't be read.  The caller frees the text.
 */
char *ctl_read(const char *name, size_t *len);

/*
 * Gives the next line of a text without its end, and moves *text behind it;
 * NULL if there is none.  It puts NULs into the text.
 */
char *ctl_line(char **text);

/* Appends a copy of a text to a list of *count texts; gives the list. */
char **ctl_list_add(char **list, size_t *count, const char *text);

/* Appends each line of a file that isn't empty. */
char **ctl_list_file(char **list, size_t *count, const char *name);

/* Frees a list and its texts. */
void ctl_list_free(char **list, size_t count);

/*
 * Prints a JSON value on standard output with jansson's flags, and releases it.
 * Ends the program if the value is NULL or can't be written.
 */
void ctl_print_json(json_t *value, size_t flags);

/* Gives the seconds of a clock that nobody sets: it only goes forward. */
double ctl_clock(void);


#endif /* CTL_H */
