/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: text for people.
 */

#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include "ctl.h"


/*
 * A copy of text that a terminal shows as it is (usage_text_clean()).  Freed by
 * the caller.
 */
char *ctl_clean(const char *text, size_t len);

/* The bytes of the first so many characters of a clean text. */
size_t ctl_cut(const char *text, size_t characters);

/* A number with a comma before each three digits; room for 32 bytes. */
void ctl_thousands(uint64_t n, char *text);

/* The columns of a terminal; elsewhere those of $COLUMNS, or 100. */
size_t ctl_width(FILE *file);

/* Whether colours are wanted there: on a terminal, without NO_COLOR. */
bool ctl_colours(FILE *file);


/*
 * A table.  A column may be as narrow as shrinks characters where the terminal
 * is too narrow for all; 0: it keeps its width.  Cells are freed with the
 * table.
 */
typedef enum { CTL_LEFT, CTL_RIGHT } ctl_align_t;

typedef struct {
    const char *title;
    ctl_align_t align;
    size_t      shrinks;
} ctl_column_t;

typedef struct {
    const ctl_column_t *columns;
    size_t              width; /* columns */
    char             ***rows;
    size_t              count;
} ctl_table_t;

void
ctl_table_start(ctl_table_t *table, const ctl_column_t *columns, size_t width);
void ctl_table_free(ctl_table_t *table);

/* One more row, whose cells are to be set. */
char **ctl_table_row(ctl_table_t *table);

/* Prints it, so many spaces from the left. */
void ctl_table_print(const ctl_table_t *table, FILE *file, size_t indent);


#endif /* CTL_TEXT_H */
