/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl report: reads logs.
 */

#include "ctl_report.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>


/* bytes of a line: a header may have 64,000 characters, each as \u00xx */
#define REPORT_LINE_MAX  ((size_t) 1024 * 1024)
#define REPORT_READ_SIZE (256 * 1024)

#define REPORT_NAMED 5 /* strange lines that are named */


static void
strange_line(report_t *report)
{
    report->strange++;

    if (report->strange <= REPORT_NAMED) {
        ctl_warn("%s:%llu: not of the log format \"usage\"", report->name,
            (unsigned long long) report->line);
    }
}


static void
read_line(report_t *report, char *text, size_t len)
{
    report_line_t line;

    report->lines++;
    report->line++;

    switch (report_line_read(&line, report->patterns, text, len)) {

    case REPORT_LEGACY:
        report_add(report, &line);
        report_line_free(&line);
        break;

    case REPORT_OTHER:
        report->other++;
        break;

    case REPORT_STRANGE:
    default:
        strange_line(report);
        break;
    }
}


/*
 * Reads the complete lines of a text, and moves what is left to its begin;
 * gives the length of that.
 */
static size_t
read_lines(report_t *report, char *text, size_t len)
{
    char  *end, *line;
    size_t left;

    for (line = text;; line = end + 1) {
        left = (size_t) (text + len - line);
        end = left > 0 ? memchr(line, '\n', left) : NULL;

        if (end == NULL) {
            break;
        }

        read_line(report, line, (size_t) (end - line));
    }

    memmove(text, line, left);

    return left;
}


/*
 * Removes the rest of a line that is too long from a text.  Tells whether the
 * line goes on behind it.
 */
static bool
skip_line(char *text, size_t *len)
{
    const char *end;

    end = memchr(text, '\n', *len);

    if (end == NULL) {
        *len = 0;
        return true;
    }

    end++;
    *len -= (size_t) (end - text);
    memmove(text, end, *len);

    return false;
}


/*
 * Reads all lines of a log that is open; gives what gzread() gave last.
 */
static int
read_file(report_t *report, gzFile file)
{
    int    n;
    char  *text;
    bool   skips; /* the rest of a line that is too long */
    size_t len;

    text = ctl_grow(NULL, REPORT_LINE_MAX + REPORT_READ_SIZE);
    len = 0;
    skips = false;

    while ((n = gzread(file, text + len, REPORT_READ_SIZE)) > 0) {
        len += (size_t) n;

        if (skips) {
            skips = skip_line(text, &len);
        }

        len = read_lines(report, text, len);

        if (len > REPORT_LINE_MAX) {
            report->lines++;
            report->line++;
            strange_line(report);
            skips = true;
            len = 0;
        }
    }

    if (len > 0) {
        read_line(report, text, len);
    }

    free(text);

    return n;
}


void
report_read(report_t *report, const char *name)
{
    int         n, error;
    gzFile      file;
    const char *why;

    file = strcmp(name, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb")
                                  : gzopen(name, "rbe");

    if (file == NULL) {
        ctl_die("%s: %s", name, errno != 0 ? strerror(errno) : "out of memory");
    }

    (void) gzbuffer(file, REPORT_READ_SIZE);
    report->name = name;
    report->line = 0;

    n = read_file(report, file);
    why = gzerror(file, &error);

    if (n < 0 || (error != Z_OK && error != Z_STREAM_END)) {
        ctl_die("%s: %s", name, error == Z_ERRNO ? strerror(errno) : why);
    }

    (void) gzclose(file);
}
