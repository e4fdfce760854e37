/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <limits.h>
#include <stdbool.h>

/* Those of the EAL's own options that decide which group is meant. Main thread. */

struct eal_options {
	char file_prefix[NAME_MAX + 1];
	char huge_dir[PATH_MAX]; /* empty if not given */
	bool secondary;		 /* this process must be a secondary */
	bool auto_role;		 /* it is a secondary if there is a primary */
	int shared;		 /* there is a runtime directory with a configuration in it */
	int huge;		 /* memory comes from hugetlbfs */
};

/** Read them, before the EAL does. @return 0 or -ENOMEM. */
int eal_options_read(int argc, char **argv, struct eal_options *options);
