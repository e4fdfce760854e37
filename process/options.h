/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The program's own options, which stand after "--". Main thread. */

/** Exit status of a wrong command line. */
#define OPTIONS_EXIT_USAGE 2

/** Commands given on the command line: one of them, or a file of them. */
struct options_script {
	const char *text; /* NULL if it is a file */
	int fd;
};

/** What the program's own options say. */
struct options {
	int auto_attach; /* attach devices that arrive */
	int interactive; /* after the scripts, go on with standard input */
	int keep_going;	 /* also after a command that has failed */
	int monitor;	 /* after the scripts, show the events of the group and nothing else */
	int trace;	 /* show each command of a script before it is run */
	int poll_core;	 /* for the thread that forwards, -1 for any */
	unsigned int nb_mbufs; /* in the pool all ports share; 0 for as many as usual */
	unsigned int nb_scripts;
	struct options_script *scripts; /* in the order given */
};

/**
 * Take the program's own options, those after "--"; --help and --version count before it too. What
 * is wrong is printed. Files are opened. Call it before the EAL starts.
 *
 * @return -1 to go on, or the status to exit with.
 */
int options_parse(int argc, char **argv, struct options *own);

/** How many arguments stand after "--". */
int options_own(int argc, char **argv);
