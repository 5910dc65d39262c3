/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: its commands.  Each is given what follows its name, and gives the
 * exit status.
 */

#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H


/* Prints the successor calls that a legacy call becomes. */
int ctl_plan(int argc, char **argv);

/* Makes the same calls to two endpoints, and compares the replies. */
int ctl_check(int argc, char **argv);

/* Reports who still makes legacy calls. */
int ctl_report(int argc, char **argv);


#endif /* CTL_COMMANDS_H */
