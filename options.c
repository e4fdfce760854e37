/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_version.h>

#include "options.h"

static void
usage(const char *program)
{
	printf("Usage: %s [EAL options] [-- [options]]\n"
	       "Attach and detach devices in every process of a DPDK group, from a prompt in any.\n"
	       "\n"
	       "  --proc-type=auto     EAL: be the primary, or join the one that runs\n"
	       "  --file-prefix=NAME   EAL: which group, if there are several\n"
	       "\n"
	       "  --auto-attach        as primary: attach devices that arrive bound to vfio-pci or "
	       "uio\n"
	       "  --help               show this and the EAL's options, and exit\n"
	       "  --version            show the versions of program and DPDK, and exit\n",
		program);
}

/* Have the EAL print its own options below ours; it exits. */
static int
help(void)
{
	char program[] = PROGRAM, help_option[] = "--help";
	char *argv[] = {program, help_option, NULL};

	usage(PROGRAM);
	fflush(stdout);
	return rte_eal_init(2, argv) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
options_parse(int argc, char **argv, struct options *own)
{
	static const struct option options[] = {
		{"auto-attach", no_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int first, opt;

	memset(own, 0, sizeof(*own));
	for (first = 1; first < argc && strcmp(argv[first], "--") != 0; first++) {
		if (strcmp(argv[first], "--help") == 0 || strcmp(argv[first], "-h") == 0)
			return help();
		if (strcmp(argv[first], "--version") == 0)
			goto version;
	}
	optind = first + 1;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (opt == 'h')
			return help();
		if (opt == 'V')
			goto version;
		if (opt == 'a') {
			own->auto_attach = true;
			continue;
		}
		fprintf(stderr, PROGRAM ": unknown option \"%s\"; try --help\n", argv[optind - 1]);
		return OPTIONS_EXIT_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": unexpected argument \"%s\"; try --help\n", argv[optind]);
		return OPTIONS_EXIT_USAGE;
	}
	return -1;
version:
	printf(PROGRAM " " PROGRAM_VERSION " (%s)\n", rte_version());
	return EXIT_SUCCESS;
}

int
options_own(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argc - i - 1;
	}
	return 0;
}
