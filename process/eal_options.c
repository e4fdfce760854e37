/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_string_fns.h>

#include "process/eal_options.h"

/* The EAL calls getopt_long() as well, so abbreviations mean the same here and there. getopt_long()
 * moves arguments, so it gets a copy. The EAL judges options that are not known here. A word after
 * such an option may be its argument, so words do not end the search. */
int
eal_options_read(int argc, char **argv, struct eal_options *wanted)
{
	const struct option known[] = {
		{"file-prefix", required_argument, NULL, 'f'},
		{"proc-type", required_argument, NULL, 't'},
		{"huge-dir", required_argument, NULL, 'd'},
		{"in-memory", no_argument, &wanted->shared, false},
		{"no-shconf", no_argument, &wanted->shared, false},
		{"no-huge", no_argument, &wanted->huge, false},
		{0},
	};
	char **copy;
	int opt;

	*wanted = (struct eal_options){.file_prefix = "rte", .shared = true, .huge = true};
	copy = calloc(argc + 1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, argv, argc * sizeof(*copy));
	opterr = 0;
	/* From 1 on, the library would keep the order that an earlier call asked for. */
	optind = 0;
	while ((opt = getopt_long(argc, copy, "-", known, NULL)) != -1) {
		switch (opt) {
		case 'f':
			strlcpy(wanted->file_prefix, optarg, sizeof(wanted->file_prefix));
			break;
		case 't':
			/* The EAL ignores case, too. */
			wanted->secondary = strcasecmp(optarg, "secondary") == 0;
			wanted->auto_role = strcasecmp(optarg, "auto") == 0;
			break;
		case 'd':
			strlcpy(wanted->huge_dir, optarg, sizeof(wanted->huge_dir));
			break;
		}
	}
	/* The EAL begins at 1, so ask for the usual order here. */
	optind = 0;
	getopt_long(1, copy, "", known, NULL);
	opterr = 1;
	optind = 1;
	free(copy);
	return 0;
}
