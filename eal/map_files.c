/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/clock.h"
#include "base/maps.h"
#include "eal/map_files.h"

#define MAX_DIRS 8  /* one a page size */
#define LOCK_MS 500 /* how long to wait for a directory that another process has locked */

static char begin_of_name[NAME_MAX]; /* "rtemap_"; empty before map_files_begin() */
static char dirs[MAX_DIRS][PATH_MAX];
static unsigned int nb_dirs;

void
map_files_begin(const char *file_prefix)
{
	snprintf(begin_of_name, sizeof(begin_of_name), "%.200smap_", file_prefix);
}

static bool
dir_note(const struct mapped_file *file, void *arg)
{
	const char *name = strrchr(file->path, '/') + 1;
	size_t len = name - file->path;
	unsigned int i;

	(void)arg;
	if (file->removed || strncmp(name, begin_of_name, strlen(begin_of_name)) != 0 ||
		len > sizeof(dirs[0]))
		return false;
	for (i = 0; i < nb_dirs; i++) {
		if (strncmp(dirs[i], file->path, len - 1) == 0 && dirs[i][len - 1] == '\0')
			return false;
	}
	if (nb_dirs < MAX_DIRS)
		strlcpy(dirs[nb_dirs++], file->path, len);
	return false;
}

void
map_files_note(void)
{
	nb_dirs = 0;
	if (begin_of_name[0] != '\0')
		maps_find(getpid(), dir_note, NULL);
}

/* Does no process use the file? Each one that does has a shared lock on it. */
static bool
is_unused(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	bool unused = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fd >= 0)
		close(fd);
	return unused;
}

/* The EAL makes and locks files while it has the directory locked. */
static bool
dir_lock(int fd)
{
	uint64_t until = clock_in_ms(LOCK_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || clock_is_past(until))
			return false;
		clock_sleep_ns(10 * CLOCK_NS_PER_MS);
	}
	return true;
}

void
map_files_remove(void)
{
	struct dirent *entry;
	unsigned int i;
	bool locked;
	DIR *dir;

	for (i = 0; i < nb_dirs; i++) {
		dir = opendir(dirs[i]);
		if (dir == NULL)
			continue;
		locked = dir_lock(dirfd(dir));
		while (locked && (entry = readdir(dir)) != NULL) {
			if (strncmp(entry->d_name, begin_of_name, strlen(begin_of_name)) == 0 &&
				is_unused(dirfd(dir), entry->d_name))
				unlinkat(dirfd(dir), entry->d_name, 0);
		}
		closedir(dir);
	}
	nb_dirs = 0;
}
