/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/cgroup.h"
#include "base/clock.h"

const char cgroup_frozen_is[] = "frozen by its control group; thaw or end it";

/* The two versions of the control groups that can freeze processes. */
static const struct freezer {
	const char *controller;	   /* in a line of /proc/PID/cgroup; empty for version 2 */
	const char *type, *option; /* of the mount */
	const char *file, *line;   /* where the state is, and what it is if frozen */
} freezers[] = {
	{"freezer", "cgroup", "freezer", "freezer.state", "FROZEN\n"},
	{"", "cgroup2", "", "cgroup.events", "frozen 1\n"},
};

/* Find where these control groups are mounted. */
static bool
place_find(const struct freezer *freezer, char *place)
{
	FILE *f = fopen("/proc/mounts", "re");
	char line[PATH_MAX + 512], type[64], options[256];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = sscanf(line, "%*s %4095s %63s %255s", place, type, options) == 3 &&
			strcmp(type, freezer->type) == 0 &&
			strstr(options, freezer->option) != NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

static bool
has_line(const char *path, const char *wanted)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strcmp(line, wanted) == 0;
	if (f != NULL)
		fclose(f);
	return found;
}

/* Read the state of a group. One after the other, all processes of a group of processes are asked
 * about, and most are in the same control group: what was read a moment ago is still true. */
static bool
state_read(const struct freezer *freezer, const char *group)
{
	static __thread struct {
		const struct freezer *freezer;
		char group[PATH_MAX];
		uint64_t until_ns;
		bool frozen;
	} last;
	char place[PATH_MAX], path[2 * PATH_MAX + 64];

	if (last.freezer == freezer && strcmp(last.group, group) == 0 &&
		!clock_is_past(last.until_ns))
		return last.frozen;
	last.freezer = freezer;
	strlcpy(last.group, group, sizeof(last.group));
	last.until_ns = clock_in_ms(1);
	last.frozen = false;
	if (place_find(freezer, place)) {
		snprintf(path, sizeof(path), "%s%s/%s", place, group, freezer->file);
		last.frozen = has_line(path, freezer->line);
	}
	return last.frozen;
}

/* Is the group that this line of /proc/PID/cgroup names, such as "9:freezer:/container", frozen? */
static bool
group_frozen(char *line)
{
	const struct freezer *freezer;
	char *controller, *group;

	line[strcspn(line, "\n")] = '\0';
	controller = strchr(line, ':');
	group = controller == NULL ? NULL : strchr(++controller, ':');
	if (group == NULL)
		return false;
	*group++ = '\0';
	/* The root of all groups cannot be frozen. */
	if (strcmp(group, "/") == 0)
		return false;
	for (freezer = freezers; freezer < freezers + RTE_DIM(freezers); freezer++) {
		if (strcmp(controller, freezer->controller) == 0)
			return state_read(freezer, group);
	}
	return false;
}

bool
cgroup_frozen(pid_t pid)
{
	char path[32], line[PATH_MAX + 64];
	bool frozen = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	while (f != NULL && !frozen && fgets(line, sizeof(line), f) != NULL)
		frozen = group_frozen(line);
	if (f != NULL)
		fclose(f);
	return frozen;
}
