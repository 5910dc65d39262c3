/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: text and tables for people.
 */

#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "ctl.h"


/*
 * Copies a text so that a terminal shows it as it is (usage_text_clean()).  The
 * caller frees the copy.
 */
char *ctl_clean(const char *text, size_t len);

/* Counts the bytes of the first so many characters of a clean text. */
size_t ctl_cut(const char *text, size_t characters);

/*
 * Writes a number with a comma before each three digits, and a NUL; text has
 * room for 32 bytes.
 */
void ctl_thousands(uint64_t n, char *text);

/* Gives the columns of a terminal; of another file, those of $COLUMNS or 100.
 */
size_t ctl_width(FILE *file);

/* Tells whether to use colours: on a terminal, unless NO_COLOR is set. */
bool ctl_colours(FILE *file);


/* A table. */

typedef enum { CTL_LEFT, CTL_RIGHT } ctl_align_t;

typedef struct {
    const char *title;
    ctl_align_t align;
    size_t      shrinks; /* characters, at least; 0: it keeps its width */
} ctl_column_t;

typedef struct {
    const ctl_column_t *columns;
    size_t              width; /* how many columns */
    char             ***rows;
    size_t              count; /* of rows */
} ctl_table_t;

/* Makes a table without rows; the columns outlive it. */
void
ctl_table_start(ctl_table_t *table, const ctl_column_t *columns, size_t width);

/* Frees the rows and their cells. */
void ctl_table_free(ctl_table_t *table);

/* Adds a row, whose cells the caller sets to texts that the table frees. */
char **ctl_table_row(ctl_table_t *table);

/*
 * Prints the table, so many blanks from the left.  If it is too wide, columns
 * that shrink become narrower, and their cells are cut.
 */
void ctl_table_print(const ctl_table_t *table, FILE *file, size_t indent);


#endif /* CTL_TEXT_H */
