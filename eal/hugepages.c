/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/text.h"
#include "eal/hugepages.h"

#define LOOK_MS 20
#define TELL_MS 1000

int
hugepages_look(const char *huge_dir, char *first)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	size_t len = strlen(huge_dir);
	struct mntent *entry;
	int ret = -ENOENT;

	first[0] = '\0';
	if (mounts == NULL)
		return 0;
	while (len > 1 && huge_dir[len - 1] == '/')
		len--;
	while ((entry = getmntent(mounts)) != NULL) {
		if (strcmp(entry->mnt_type, "hugetlbfs") != 0 ||
			(len > 0 && (strncmp(huge_dir, entry->mnt_dir, len) != 0 ||
					    entry->mnt_dir[len] != '\0')))
			continue;
		if (first[0] == '\0')
			strlcpy(first, entry->mnt_dir, PATH_MAX);
		if (ret < 0)
			ret = access(entry->mnt_dir, R_OK | W_OK | X_OK) < 0 ? -EACCES : 0;
	}
	endmntent(mounts);
	return ret;
}

bool
hugepages_unlinked(pid_t primary, const char *file_prefix)
{
	char path[32], name[NAME_MAX + 16], line[PATH_MAX + 256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", primary);
	/* "... /dev/hugepages/rtemap_0 (deleted)" */
	snprintf(name, sizeof(name), "/%smap_", file_prefix);
	f = fopen(path, "re");
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, name) != NULL && strstr(line, " (deleted)\n") != NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

/* Pid of a process that has locked this file with flock(2); 0 if it has no pid here. */
static pid_t
lock_pid(int fd)
{
	FILE *f = fopen("/proc/locks", "re");
	unsigned int major_nb, minor_nb;
	char line[256];
	struct stat st;
	pid_t pid, found = 0;
	uint64_t inode;

	if (f == NULL)
		return 0;
	while (fstat(fd, &st) == 0 && found <= 0 && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid, &major_nb, &minor_nb,
			    &inode) == 4 &&
			makedev(major_nb, minor_nb) == st.st_dev && inode == st.st_ino)
			found = pid;
	}
	fclose(f);
	return found > 0 ? found : 0;
}

int
hugepages_wait(const char *huge_dir, wait_fn wait, char *why)
{
	char path[PATH_MAX], text[PATH_MAX + 64], holder[32];
	unsigned int looks;
	int ret = 0, fd;
	pid_t pid;

	/* The EAL locks the first mount. */
	hugepages_look(huge_dir, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	for (looks = 1; flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK; looks++) {
		pid = lock_pid(fd);
		snprintf(holder, sizeof(holder), "pid %d", pid);
		snprintf(text, sizeof(text), "waiting for %s, which has locked %s",
			pid == 0 ? "a process" : holder, path);
		if (!wait_go_on(wait, looks == TELL_MS / LOOK_MS ? text : NULL)) {
			ret = why_set(why, -ECANCELED, "gave up %s", text);
			break;
		}
		clock_sleep_ns(LOOK_MS * CLOCK_NS_PER_MS);
	}
	close(fd);
	return ret;
}
