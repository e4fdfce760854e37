/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* The program's own options, which stand after "--"; and those of the EAL's options that decide
 * which group is meant. Main thread. */

/** Exit status of a wrong command line. */
#define OPTIONS_EXIT_USAGE 2

/** A command, or a file of commands, from the command line. */
struct options_script {
	const char *text; /* NULL: read from fd */
	int fd;
};

struct options {
	int auto_attach; /* attach devices that arrive */
	int interactive; /* after the scripts, go on with standard input */
	int keep_going;	 /* run the next command after one has failed */
	int monitor;	 /* after the scripts, show the events of the group and nothing else */
	int plain_scans; /* answer scans of virtual devices as DPDK does */
	int trace;	 /* show each command of a script before it is run */
	int poll_core;	 /* core of the thread that forwards, -1 for any */
	int nb_words;	 /* how many arguments stand after "--" */
	unsigned int nb_mbufs; /* in the pool that all ports share; 0 for the usual number */
	unsigned int nb_scripts;
	struct options_script *scripts; /* in the order given */
};

/**
 * Read the options after "--", also --help and --version before it, and open the files of commands.
 * Print what is wrong. Before rte_eal_init().
 *
 * @return -1 to go on, or the status to exit with.
 */
int options_parse(int argc, char **argv, struct options *own);

struct eal_options {
	char file_prefix[NAME_MAX + 1];
	char huge_dir[PATH_MAX]; /* empty if not given */
	bool secondary;		 /* this process must be a secondary */
	bool auto_role;		 /* it is a secondary if there is a primary */
	int shared;		 /* there is a runtime directory with a configuration in it */
	int huge;		 /* memory comes from hugetlbfs */
	bool huge_kept;		 /* --huge-unlink=never: its files stay, for the next start */
	int pci;		 /* the EAL looks for PCI devices */
	const char **blocked;	 /* the devices given with -b */
	const char **allowed;	 /* those given with -a */
	const char **vdevs;	 /* those given with --vdev */
	unsigned int nb_blocked;
	unsigned int nb_allowed;
	unsigned int nb_vdevs;
};

/** Read them, before the EAL does, and write the names of devices after -a and -b as their buses
 * do: argv may get other words. @return 0 or -ENOMEM. */
int eal_options_read(int argc, char **argv, struct eal_options *options);

/** Will the EAL probe the PCI device that has this address, if a driver knows it? @param options a
 * struct eal_options. @return false, too, if it is no PCI address. */
bool eal_options_probe(const char *address, const void *options);
