/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/proc.h"

const char cgroup_frozen_is[] = "frozen by its control group; thaw or end it";

/* The two versions of the control groups that can freeze processes. Most processes of a group of
 * processes are in the same control group, and one after the other all are asked about. So the
 * state of one control group is kept for a millisecond, and the file with it stays open. */
static struct freezer {
	const char *controller;	   /* in a line of /proc/PID/cgroup; empty for version 2 */
	const char *type, *option; /* of the mount */
	const char *file, *line;   /* where the state is, and what it is if frozen */

	int fd; /* of the last group; 0 if none is open */
	char group[PATH_MAX];
	uint64_t until_ns;
	bool frozen;
} freezers[] = {
	{.controller = "freezer",
		.type = "cgroup",
		.option = "freezer",
		.file = "freezer.state",
		.line = "FROZEN\n"},
	{.controller = "",
		.type = "cgroup2",
		.option = "",
		.file = "cgroup.events",
		.line = "frozen 1\n"},
};
static pthread_mutex_t freezers_lock = PTHREAD_MUTEX_INITIALIZER;

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

/* Open the file with the state of a group. */
static void
state_open(struct freezer *freezer, const char *group)
{
	char place[PATH_MAX], path[2 * PATH_MAX + 64];

	if (freezer->fd > 0)
		close(freezer->fd);
	freezer->fd = 0;
	strlcpy(freezer->group, group, sizeof(freezer->group));
	if (!place_find(freezer, place))
		return;
	snprintf(path, sizeof(path), "%s%s/%s", place, group, freezer->file);
	freezer->fd = RTE_MAX(open(path, O_RDONLY | O_CLOEXEC), 0);
}

/* A group that has been removed has no state, and a new one may have its name. */
static bool
state_read(struct freezer *freezer, const char *group)
{
	char state[256];
	ssize_t len = -1;

	if (strcmp(freezer->group, group) == 0 && !clock_is_past(freezer->until_ns))
		return freezer->frozen;
	if (freezer->fd > 0 && strcmp(freezer->group, group) == 0)
		len = pread(freezer->fd, state, sizeof(state) - 1, 0);
	if (len <= 0) {
		state_open(freezer, group);
		if (freezer->fd > 0)
			len = pread(freezer->fd, state, sizeof(state) - 1, 0);
	}
	state[RTE_MAX(len, 0)] = '\0';
	freezer->frozen = strstr(state, freezer->line) != NULL;
	freezer->until_ns = clock_in_ms(1);
	return freezer->frozen;
}

/* Is the group that this line of /proc/PID/cgroup names, such as "9:freezer:/container", frozen? */
static bool
group_frozen(char *line)
{
	struct freezer *freezer;
	char *controller, *group;

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
	/* A line for each of some ten controllers, and each may be in a group of its own. */
	char text[16 * PATH_MAX], *line, *rest = NULL;
	bool frozen = false;

	if (!proc_read(pid, PROC_CGROUP, text, sizeof(text)))
		return false;
	pthread_mutex_lock(&freezers_lock);
	for (line = strtok_r(text, "\n", &rest); line != NULL && !frozen;
		line = strtok_r(NULL, "\n", &rest))
		frozen = group_frozen(line);
	pthread_mutex_unlock(&freezers_lock);
	return frozen;
}
