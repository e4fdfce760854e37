/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/opened.h"
#include "base/text.h"

bool
opened_numbers(const char *path, dev_t *device)
{
	unsigned int major_nb, minor_nb;
	FILE *file = fopen(path, "re");
	int nb;

	if (file == NULL)
		return false;
	nb = fscanf(file, "%u:%u", &major_nb, &minor_nb);
	fclose(file);
	if (nb == 2)
		*device = makedev(major_nb, minor_nb);
	return nb == 2;
}

int
opened_as(pid_t pid, dev_t device)
{
	const struct dirent *entry;
	int found = -ENODEV;
	unsigned int fd;
	struct stat st;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (dir == NULL)
		return errno == ENOENT ? -ENODEV : -errno;
	while (found < 0 && (entry = readdir(dir)) != NULL) {
		if (!text_number(entry->d_name, 0, INT_MAX, &fd))
			continue;
		/* To see what there is takes more rights than to see how many. */
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) < 0)
			found = errno == EACCES ? -EACCES : found;
		else if (S_ISCHR(st.st_mode) && st.st_rdev == device)
			found = (int)fd;
	}
	closedir(dir);
	return found;
}

pid_t
opened_by(dev_t device, pid_t after)
{
	const struct dirent *entry;
	unsigned int pid;
	pid_t found = 0;
	DIR *dir;

	dir = opendir("/proc");
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (text_number(entry->d_name, after + 1, INT_MAX, &pid) &&
			(found == 0 || (pid_t)pid < found) && opened_as(pid, device) >= 0)
			found = pid;
	}
	closedir(dir);
	return found;
}
