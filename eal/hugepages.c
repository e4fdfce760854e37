/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/text.h"
#include "eal/hugepages.h"

#define LOOK_MS 20
#define TELL_MS 1000
#define MAX_SIZES 8 /* more than any processor has */

/* The directories that the EAL will use, and the size of the pages in each. */
struct hugepage_dirs {
	char paths[MAX_SIZES][PATH_MAX];
	long sizes[MAX_SIZES];
	unsigned int nb;
};

/* Add a directory of hugetlbfs, unless there is one with pages of the same size. */
static void
dir_add(struct hugepage_dirs *dirs, const char *path)
{
	struct statfs fs;
	unsigned int i;

	if (statfs(path, &fs) < 0 || (uint32_t)fs.f_type != HUGETLBFS_MAGIC)
		return;
	for (i = 0; i < dirs->nb && dirs->sizes[i] != fs.f_bsize; i++)
		;
	if (i < dirs->nb || i == MAX_SIZES)
		return;
	strlcpy(dirs->paths[i], path, sizeof(dirs->paths[i]));
	dirs->sizes[i] = fs.f_bsize;
	dirs->nb++;
}

/* Like the EAL, take the directory that was given, which may lie below a mount, or else the first
 * mount of each page size. @return false if the mounts cannot be read. */
static bool
dirs_find(const char *huge_dir, struct hugepage_dirs *dirs)
{
	struct mntent *entry;
	FILE *mounts;

	dirs->nb = 0;
	if (huge_dir[0] != '\0') {
		dir_add(dirs, huge_dir);
		return true;
	}
	mounts = setmntent("/proc/mounts", "r");
	if (mounts == NULL)
		return false;
	while ((entry = getmntent(mounts)) != NULL) {
		if (strcmp(entry->mnt_type, "hugetlbfs") == 0)
			dir_add(dirs, entry->mnt_dir);
	}
	endmntent(mounts);
	return true;
}

int
hugepages_look(const char *huge_dir)
{
	struct hugepage_dirs dirs;
	unsigned int i;

	if (!dirs_find(huge_dir, &dirs))
		return 0;
	for (i = 0; i < dirs.nb; i++) {
		if (access(dirs.paths[i], R_OK | W_OK | X_OK) < 0)
			return -EACCES;
	}
	return dirs.nb == 0 ? -ENOENT : 0;
}

static int
dir_wait(const char *path, wait_fn wait, char *why)
{
	char text[PATH_MAX + 64], holder[32];
	unsigned int looks;
	int ret = 0, fd;
	pid_t pid;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	for (looks = 1; flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK; looks++) {
		pid = proc_lock_holder(path);
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

int
hugepages_wait(const char *huge_dir, wait_fn wait, char *why)
{
	struct hugepage_dirs dirs;
	unsigned int i;
	int ret = 0;

	dirs_find(huge_dir, &dirs);
	for (i = 0; i < dirs.nb && ret == 0; i++)
		ret = dir_wait(dirs.paths[i], wait, why);
	return ret;
}
