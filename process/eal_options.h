/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* Those of the EAL's own options that decide which group is meant. Main thread. */

struct eal_options {
	char file_prefix[NAME_MAX + 1];
	char proc_type[16];
	char huge_dir[PATH_MAX]; /* empty if not given */
	bool shared;		 /* there is a runtime directory with a configuration in it */
	bool huge;		 /* memory comes from hugetlbfs */
};

/** Read them, before the EAL does. @return 0 or -ENOMEM. */
int eal_options_read(int argc, char **argv, struct eal_options *options);

/** Must this process be a secondary, whoever is there? */
bool eal_options_secondary(const struct eal_options *options);

/** May it become a secondary, if there is a primary? */
bool eal_options_auto(const struct eal_options *options);
