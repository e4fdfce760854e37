/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_errno.h>

#include "base/text.h"
#include "eal/hugepages.h"
#include "eal/runtime.h"
#include "process/explain.h"

/* A number from /proc/meminfo, or -1. */
static long
meminfo(const char *key)
{
	char line[128], name[64];
	long value, found = -1;
	FILE *f;

	f = fopen("/proc/meminfo", "re");
	if (f == NULL)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63[^:]: %ld", name, &value) == 2 && strcmp(name, key) == 0)
			found = value;
	}
	fclose(f);
	return found;
}

void
explain_no_space(const char *dir, char *why)
{
	why_set(why, 0, "no space is left in the runtime directory %s; make room there", dir);
}

void
explain_failure(const struct eal_options *options, const char *dir, bool joins, int err, char *why)
{
	char path[PATH_MAX + 16];
	int mounts = 0;

	why_set(why, err, "the EAL did not start: %s; its own messages are above",
		rte_strerror(err));
	/* The EAL refuses its options. */
	if (err == EINVAL)
		return;
	if (options->huge)
		mounts = hugepages_look(options->huge_dir, path);
	snprintf(path, sizeof(path), "%s/hugepage_info", dir);
	if (options->shared && own_files_no_room(dir, 1, 1))
		explain_no_space(dir, why);
	else if (joins && (!options->huge || access(path, F_OK) < 0))
		why_set(why, err,
			"a process without hugepages (--no-huge) can neither join a group nor be "
			"joined; start the primary, and this one, with hugepages");
	else if (mounts == -ENOENT)
		why_set(why, err,
			"no hugetlbfs is mounted%s%s; run scripts/setup.sh or "
			"dpdk-hugepages.py --setup 1G as root, or start with --no-huge",
			options->huge_dir[0] == '\0' ? "" : " at ", options->huge_dir);
	else if (mounts == -EACCES)
		why_set(why, err,
			"no permission to use the hugepages (%s on hugetlbfs); run as root, or "
			"give this user a mount of its own with --huge-dir",
			strerror(EACCES));
	else if (joins && err == ENOMEM)
		/* To join takes all of the group's pages at their addresses, and a little of the
		 * memory in them. */
		why_set(why, err,
			"the group's memory cannot be mapped at the addresses it has in the "
			"primary, or has no room left; try again, or start all processes of the "
			"group anew, with more hugepages or with --base-virtaddr and an address "
			"that is free in each");
	else if (!joins && options->huge && meminfo("HugePages_Free") == 0)
		why_set(why, err,
			"no hugepages are free (%ld reserved); reserve some as root with "
			"scripts/setup.sh or dpdk-hugepages.py --setup 1G, or start with --no-huge",
			meminfo("HugePages_Total"));
	else if (options->huge && err == ENOMEM)
		why_set(why, err,
			"not enough hugepages: %ld of %ld are free; reserve more as root with "
			"dpdk-hugepages.py, or ask for less with -m",
			meminfo("HugePages_Free"), meminfo("HugePages_Total"));
}
