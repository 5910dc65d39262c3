/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: the options of its commands, and their values.
 */

#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "ctl.h"

#include <getopt.h>


/*
 * A command's options: its --help, what getopt_long() takes, and a function
 * that takes one option with its value in optarg.  It gives false for an option
 * that there isn't.  data is the command's own.
 */
typedef struct {
    const char          *help;
    const char          *letters;
    const struct option *names;
    bool (*set)(void *data, int option);
} ctl_options_t;

/*
 * Reads a command line and sets optind to the first operand.  Gives false if
 * only help was requested, which is printed.  Ends the program if an option is
 * wrong.
 */
bool
ctl_options(int argc, char **argv, const ctl_options_t *options, void *data);


/*
 * The functions below read an option's value.  They end the program if it is
 * wrong, with a message that names the option.
 */

/* Reads a number from min to max. */
uint64_t
ctl_number(const char *option, const char *text, uint64_t min, uint64_t max);

/* Reads hours, 0 or more, with decimals. */
double ctl_hours(const char *option, const char *text);

/* Reads a date; gives days since 1970. */
int32_t ctl_day(const char *option, const char *text);

/* Reads a date, or a time in UTC; gives seconds since 1970. */
int64_t ctl_time(const char *option, const char *text);

/* Reads a number with the unit s, m, h or d; gives seconds. */
int64_t ctl_duration(const char *option, const char *text);

/* Reads one of some words, which end with NULL; gives its place. */
int ctl_word(const char *option, const char *text, const char *const *words);

/* Reads a project_id, of the form that the route takes; gives it. */
const char *ctl_project(const char *option, const char *text);


#endif /* CTL_OPTIONS_H */
