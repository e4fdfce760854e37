/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#define PROGRAM "dpdk-hotplug_mp"

/** Exit status of a wrong command line. */
#define OPTIONS_EXIT_USAGE 2

/** What the program's own options say. */
struct options {
	bool auto_attach; /* attach devices that arrive */
};

/**
 * Take the program's own options, those after "--"; --help and --version count
 * before it too. What is wrong is printed. Call it before the EAL starts.
 *
 * @return -1 to go on, or the status to exit with.
 */
int options_parse(int argc, char **argv, struct options *own);

/** How many arguments stand after "--". */
int options_own(int argc, char **argv);

#endif
