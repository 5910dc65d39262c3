/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: text and tables for people.
 */

#include "ctl_text.h"
#include "base/usage_json.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>


#define TEXT_WIDTH_MIN 40
#define TEXT_WIDTH_MAX 10000
#define TEXT_WIDTH     100 /* without a terminal */
#define TEXT_TERMINAL  80  /* of a terminal that doesn't tell its own */
#define TEXT_GAP       2   /* blanks between columns */
#define TEXT_COLUMNS   16  /* of a table, at most */


char *
ctl_clean(const char *text, size_t len)
{
    char *copy;

    copy = ctl_copy(text, len);
    copy[usage_text_clean(copy, len)] = '\0';

    return copy;
}


size_t
ctl_cut(const char *text, size_t count)
{
    size_t len;

    for (len = 0; count > 0 && text[len] != '\0'; count--) {
        len += usage_utf8_length(text + len, strlen(text + len));
    }

    return len;
}


void
ctl_thousands(uint64_t n, char *text)
{
    char   digits[24];
    size_t i, len;

    len = (size_t) snprintf(
        digits, sizeof(digits), "%llu", (unsigned long long) n);

    for (i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            *text++ = ',';
        }

        *text++ = digits[i];
    }

    *text = '\0';
}


size_t
ctl_width(FILE *file)
{
    char          *end;
    const char    *columns;
    unsigned long  width;
    struct winsize size;

    columns = getenv("COLUMNS");

    if (!isatty(fileno(file))) {
        width = columns != NULL ? strtoul(columns, &end, 10) : 0;

        return width < TEXT_WIDTH_MIN || width > TEXT_WIDTH_MAX || *end != '\0'
                   ? TEXT_WIDTH
                   : width;
    }

    if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return TEXT_TERMINAL;
    }

    return size.ws_col < TEXT_WIDTH_MIN ? TEXT_WIDTH_MIN : size.ws_col;
}


bool
ctl_colours(FILE *file)
{
    const char *none, *term;

    none = getenv("NO_COLOR");
    term = getenv("TERM");

    return isatty(fileno(file)) && (none == NULL || *none == '\0')
           && (term == NULL || strcmp(term, "dumb") != 0);
}


void
ctl_table_start(ctl_table_t *table, const ctl_column_t *columns, size_t width)
{
    table->columns = columns;
    table->width = width;
    table->rows = NULL;
    table->count = 0;
}


void
ctl_table_free(ctl_table_t *table)
{
    size_t i, k;

    for (i = 0; i < table->count; i++) {
        for (k = 0; k < table->width; k++) {
            free(table->rows[i][k]);
        }

        free(table->rows[i]);
    }

    free(table->rows);
}


char **
ctl_table_row(ctl_table_t *table)
{
    table->rows = ctl_room(table->rows, table->count, sizeof(char **));
    table->rows[table->count] = ctl_alloc(table->width * sizeof(char *));

    return table->rows[table->count++];
}


static size_t
characters(const char *text)
{
    return usage_utf8_chars(ctl_str(text));
}


/*
 * Narrows the columns that may shrink, always the widest, until the table fits.
 */
static void
shrink(const ctl_table_t *table, size_t *widths, size_t room)
{
    size_t k, total, widest;

    for (;;) {
        total = 0;
        widest = table->width;

        for (k = 0; k < table->width; k++) {
            total += widths[k] + (k > 0 ? TEXT_GAP : 0);

            if (table->columns[k].shrinks > 0
                && widths[k] > table->columns[k].shrinks
                && (widest == table->width || widths[k] > widths[widest]))
            {
                widest = k;
            }
        }

        if (total <= room || widest == table->width) {
            return;
        }

        widths[widest]--;
    }
}


/*
 * Prints a cell; one that is too wide is cut, with an ellipsis.
 */
static void
print_cell(
    FILE *file, const char *text, size_t width, ctl_align_t align, bool last)
{
    size_t count, len;

    count = characters(text);
    len = ctl_cut(text, count > width ? width - 1 : count);

    if (align == CTL_RIGHT && count < width) {
        (void) fprintf(file, "%*s", (int) (width - count), "");
    }

    (void) fprintf(
        file, "%.*s%s", (int) len, text, count > width ? "\xe2\x80\xa6" : "");

    if (align == CTL_LEFT && count < width && !last) {
        (void) fprintf(file, "%*s", (int) (width - count), "");
    }
}


/*
 * Prints a row of cells; NULL stands for the titles.
 */
static void
print_row(
    const ctl_table_t *table, FILE *file, char **cells, const size_t *widths)
{
    size_t      k;
    const char *text;

    for (k = 0; k < table->width; k++) {
        text = cells == NULL ? table->columns[k].title : cells[k];
        (void) fprintf(file, "%*s", k > 0 ? TEXT_GAP : 0, "");
        print_cell(file, text, widths[k], table->columns[k].align,
            k == table->width - 1);
    }
}


void
ctl_table_print(const ctl_table_t *table, FILE *file, size_t indent)
{
    bool   bold;
    size_t i, k, room, widths[TEXT_COLUMNS];

    bold = ctl_colours(file);
    room = ctl_width(file);
    room = room > indent ? room - indent : 0;

    for (k = 0; k < table->width; k++) {
        widths[k] = characters(table->columns[k].title);

        for (i = 0; i < table->count; i++) {
            if (characters(table->rows[i][k]) > widths[k]) {
                widths[k] = characters(table->rows[i][k]);
            }
        }
    }

    shrink(table, widths, room);

    (void) fprintf(file, "%*s%s", (int) indent, "", bold ? "\033[1m" : "");
    print_row(table, file, NULL, widths);
    (void) fprintf(file, "%s\n", bold ? "\033[0m" : "");

    for (i = 0; i < table->count; i++) {
        (void) fprintf(file, "%*s", (int) indent, "");
        print_row(table, file, table->rows[i], widths);
        (void) fputc('\n', file);
    }
}
