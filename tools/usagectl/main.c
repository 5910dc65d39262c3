/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usagectl: a tool for those who move clients off the discarded call.
 */

#include "ctl_commands.h"
#include "ctl.h"


static const char ctl_help[] =
    "usage: usagectl COMMAND [OPTION]...\n"
    "\n"
    "For moving clients off the discarded call of the Workspace API,\n"
    "POST /v2/{project_id}/desktops/statistics/used.\n"
    "\n"
    "  plan     the successor calls that a legacy call becomes, and how many:\n"
    "           what a client has to do instead\n"
    "  check    makes the same calls to the legacy endpoint and to the "
    "gateway,\n"
    "           and says what differs\n"
    "  report   who still makes legacy calls, from nginx's access logs\n"
    "\n"
    "\"usagectl COMMAND --help\" lists the options; man usagectl tells more.\n"
    "\n"
    "Exit status: 0 if all is well; 1 if check found differences, plan a body "
    "that\n"
    "is wrong, or report a client that should be gone; 2 if it could not be "
    "done.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} ctl_commands[] = {
    { "plan", ctl_plan },
    { "check", ctl_check },
    { "report", ctl_report },
};


/*
 * Gives the status, if all output was written: a pipe may be closed, a disk may
 * be full.
 */
static int
ctl_end(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        ctl_die("the output could not be written");
    }

    return status;
}


int
main(int argc, char **argv)
{
    char   name[32];
    size_t i;

    if (argc < 2) {
        (void) fputs(ctl_help, stderr);
        return CTL_FAILED;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "help") == 0)
    {
        (void) fputs(ctl_help, stdout);
        return ctl_end(CTL_OK);
    }

    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        (void) puts("usagectl " USAGE_VERSION);
        return ctl_end(CTL_OK);
    }

    for (i = 0; i < sizeof(ctl_commands) / sizeof(ctl_commands[0]); i++) {
        if (strcmp(argv[1], ctl_commands[i].name) == 0) {
            ctl_name(argv[1]);

            /* the name by which getopt_long() calls the program */

            (void) snprintf(
                name, sizeof(name), "usagectl %s", ctl_commands[i].name);
            argv[1] = name;

            return ctl_end(ctl_commands[i].run(argc - 1, argv + 1));
        }
    }

    ctl_misuse("there is no command \"%s\"", argv[1]);
}
