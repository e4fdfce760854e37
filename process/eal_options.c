/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_string_fns.h>

#include "process/eal_options.h"

/* The EAL uses getopt_long() as well, so abbreviations mean the same here and there. It moves the
 * arguments about, so it gets a copy. Options that are not known here are for the EAL to judge. A
 * word after such an option may be its argument, so words do not end the search. */
int
eal_options_read(int argc, char **argv, struct eal_options *wanted)
{
	static const struct option known[] = {
		{"file-prefix", required_argument, NULL, 'f'},
		{"proc-type", required_argument, NULL, 't'},
		{"huge-dir", required_argument, NULL, 'd'},
		{"in-memory", no_argument, NULL, 'i'},
		{"no-shconf", no_argument, NULL, 's'},
		{"no-huge", no_argument, NULL, 'h'},
		{0},
	};
	char **copy;
	int opt;

	*wanted = (struct eal_options){
		.file_prefix = "rte", .proc_type = "primary", .shared = true, .huge = true};
	copy = calloc(argc + 1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, argv, argc * sizeof(*copy));
	opterr = 0;
	/* With 1 the library would keep the order of arguments that was asked for last. */
	optind = 0;
	while ((opt = getopt_long(argc, copy, "-", known, NULL)) != -1) {
		switch (opt) {
		case 'f':
			strlcpy(wanted->file_prefix, optarg, sizeof(wanted->file_prefix));
			break;
		case 't':
			strlcpy(wanted->proc_type, optarg, sizeof(wanted->proc_type));
			break;
		case 'd':
			strlcpy(wanted->huge_dir, optarg, sizeof(wanted->huge_dir));
			break;
		case 'i':
		case 's':
			wanted->shared = false;
			break;
		case 'h':
			wanted->huge = false;
			break;
		default:
			break;
		}
	}
	/* The EAL begins with 1, and needs the usual order. */
	optind = 0;
	getopt_long(1, copy, "", known, NULL);
	opterr = 1;
	optind = 1;
	free(copy);
	return 0;
}

/* The EAL ignores case here, too. */
bool
eal_options_secondary(const struct eal_options *options)
{
	return strcasecmp(options->proc_type, "secondary") == 0;
}

bool
eal_options_auto(const struct eal_options *options)
{
	return strcasecmp(options->proc_type, "auto") == 0;
}
