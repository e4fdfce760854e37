/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
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
 * state of one control group is kept for a millisecond, and where they are mounted for good. */
static struct freezer {
	const char *controller;	   /* in a line of /proc/PID/cgroup; empty for version 2 */
	const char *type, *option; /* of the mount; any option if NULL */
	const char *file, *line;   /* where the state is, and what it is if frozen */

	char place[PATH_MAX]; /* where the groups are mounted; empty if not known */
	char group[PATH_MAX]; /* the last one */
	uint64_t until_ns;
	bool frozen;
} freezers[] = {
	{.controller = "freezer",
		.type = "cgroup",
		.option = "freezer",
		.file = "freezer.state",
		.line = "FROZEN\n"},
	{.controller = "", .type = "cgroup2", .file = "cgroup.events", .line = "frozen 1\n"},
};
static pthread_mutex_t freezers_lock = PTHREAD_MUTEX_INITIALIZER;

/* Find where these control groups are mounted. @return whether that is not the place known so far.
 */
static bool
place_find(struct freezer *freezer)
{
	FILE *mounts = setmntent("/proc/mounts", "re");
	struct mntent entry, *mount = NULL;
	char line[PATH_MAX + 512];
	bool changed;

	if (mounts == NULL)
		return false;
	while ((mount = getmntent_r(mounts, &entry, line, sizeof(line))) != NULL) {
		if (strcmp(mount->mnt_type, freezer->type) == 0 &&
			(freezer->option == NULL || hasmntopt(mount, freezer->option) != NULL))
			break;
	}
	endmntent(mounts);
	changed = mount != NULL && strcmp(freezer->place, mount->mnt_dir) != 0;
	if (changed)
		strlcpy(freezer->place, mount->mnt_dir, sizeof(freezer->place));
	return changed;
}

/* Read the file of a group. @return false if it is not there. */
static bool
file_read(const struct freezer *freezer, const char *group, char *text, size_t size)
{
	char path[2 * PATH_MAX + 64];
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "%s%s/%s", freezer->place, group, freezer->file);
	fd = freezer->place[0] == '\0' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, size - 1);
		close(fd);
	}
	text[RTE_MAX(len, 0)] = '\0';
	return len > 0;
}

static bool
state_read(struct freezer *freezer, const char *group)
{
	char state[256];

	if (strcmp(freezer->group, group) == 0 && !clock_is_past(freezer->until_ns))
		return freezer->frozen;
	if (!file_read(freezer, group, state, sizeof(state)) && place_find(freezer))
		file_read(freezer, group, state, sizeof(state));
	strlcpy(freezer->group, group, sizeof(freezer->group));
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
