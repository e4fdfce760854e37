/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/maps.h"
#include "base/namespaces.h"
#include "eal/removed.h"

/* Every shared EAL of a primary has this file, and nobody writes to it. */
#define OLD_FILE "mp_socket"
#define OLD_S 60

static void
times_renew(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.')
			utimensat(dirfd(d), entry->d_name, NULL, AT_SYMLINK_NOFOLLOW);
	}
	closedir(d);
}

void
removed_prevent(const char *dir)
{
	static int parent = -1;
	static bool locked;
	char path[PATH_MAX + sizeof(OLD_FILE)];
	struct stat st;

	/* The EAL locks dir itself and would wait for a lock there. */
	if (parent < 0) {
		strlcpy(path, dir, RTE_MIN((size_t)PATH_MAX, strrchr(dir, '/') - dir + (size_t)1));
		parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	/* A cleaner that is at work has a lock itself; then the next call tries again. */
	locked = locked || flock(parent, LOCK_SH | LOCK_NB) == 0;
	snprintf(path, sizeof(path), "%s/" OLD_FILE, dir);
	if (stat(path, &st) == 0 && time(NULL) - st.st_mtime >= OLD_S)
		times_renew(dir);
}

/* What is looked for in the files that a process has mapped. */
struct removed_search {
	char dir[PATH_MAX]; /* without links */
	dev_t dev;	    /* that the files lie on; 0 for any */
	char *name;
	bool hugepages; /* the process uses some of the group's */
	bool any_page;	/* match one whose file has been removed */
};

/* @return false if not even the root directory is there. */
static bool
search_begin(const char *dir, char *name, struct removed_search *search)
{
	char there[PATH_MAX], *end = there + strlen(dir);
	struct stat st;

	/* The directory may have been removed, too. */
	strlcpy(there, dir, sizeof(there));
	while (realpath(there[0] == '\0' ? "/" : there, search->dir) == NULL ||
		stat(search->dir, &st) < 0) {
		if (there[0] == '\0')
			return false;
		while (end > there && *end != '/')
			end--;
		*end = '\0';
	}
	if (there[0] == '\0')
		search->dir[0] = '\0';
	strlcat(search->dir, dir + strlen(there), sizeof(search->dir));
	/* On some file systems, maps has other numbers than stat(2). */
	search->dev = st.st_dev;
	search->name = name;
	search->hugepages = false;
	search->any_page = false;
	return true;
}

/* A secondary's own copy of a table of the primary's memory: nobody else uses it. */
static bool
is_copy(const char *name)
{
	const char *prefix = "fbarray_";

	return strncmp(name, prefix, strlen(prefix)) == 0 &&
	       strchr(name + strlen(prefix), '_') != NULL;
}

static bool
is_removed(const struct mapped_file *file, void *arg)
{
	struct removed_search *search = arg;
	const char *name = strrchr(file->path, '/') + 1, *prefix = strrchr(search->dir, '/') + 1;
	size_t len = strlen(search->dir);

	if (strncmp(name, prefix, strlen(prefix)) == 0 &&
		strncmp(name + strlen(prefix), "map_", 4) == 0) {
		search->hugepages = true;
		if (search->any_page && file->removed) {
			strlcpy(search->name, file->path, NAME_MAX + 1);
			return true;
		}
	}
	/* If the process is in another mount namespace, its path may have more in front. */
	if (!file->removed || (search->dev != 0 && file->dev != search->dev) ||
		name - file->path < (ptrdiff_t)len + 1 ||
		strncmp(name - 1 - len, search->dir, len) != 0 || is_copy(name))
		return false;
	strlcpy(search->name, name, NAME_MAX + 1);
	return true;
}

static bool
is_missing(const struct removed_search *search, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", search->dir, name);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return false;
	strlcpy(search->name, name, NAME_MAX + 1);
	return true;
}

int
removed_from(const char *dir, pid_t pid, char *name)
{
	struct removed_search search;
	int ret;

	if (!search_begin(dir, name, &search))
		return -ENOENT;
	if (is_missing(&search, "mp_socket"))
		return 1;
	search.dev = 0;
	search.any_page = pid != getpid();
	ret = maps_find(pid, is_removed, &search);
	/* Nobody maps the other one, and a process without hugepages does not have it. */
	if (ret == 0 && search.hugepages)
		ret = is_missing(&search, "hugepage_info");
	return ret;
}

pid_t
removed_from_any(const char *dir, char *name)
{
	struct removed_search search = {0};
	bool begun = search_begin(dir, name, &search);
	const uint64_t mounts = namespace_own("mnt");
	const dev_t dev = search.dev;
	struct dirent *entry;
	pid_t pid, found = 0;
	DIR *d;

	/* To look at every process takes time. */
	if (!begun || !is_missing(&search, "config") || (d = opendir("/proc")) == NULL)
		return 0;
	while (found == 0 && (entry = readdir(d)) != NULL) {
		pid = atoi(entry->d_name);
		/* With other mounts, the same path may be another directory. */
		search.dev = namespace_of(pid, "mnt") == mounts ? 0 : dev;
		if (pid > 0 && pid != getpid() && maps_find(pid, is_removed, &search) > 0)
			found = pid;
	}
	closedir(d);
	return found;
}
