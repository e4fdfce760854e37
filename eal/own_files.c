/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "eal/own_files.h"
#include "eal/runtime.h"

/* A table of the primary's memory. A secondary's copy of it has the same name and "_<pid>". */
#define TABLE "fbarray_memseg-"

/* The socket at which the EAL of a primary answers telemetry. */
#define TELEMETRY_SOCKET "dpdk_telemetry.v2"

static char files_dir[PATH_MAX];
static bool is_secondary;
/* The thread that ends the process by force reads it before it reads the two above. */
static atomic_bool begun;

static bool
is_table(const char *name)
{
	return strncmp(name, TABLE, strlen(TABLE)) == 0;
}

/* Pid of the secondary whose copy of a table this file is, or -1. */
static pid_t
table_owner(const char *name)
{
	const char *last = strrchr(name, '_');
	char *end;
	long pid;

	if (!is_table(name) || last < name + strlen(TABLE))
		return -1;
	pid = strtol(last + 1, &end, 10);
	return *end == '\0' && pid > 0 ? pid : -1;
}

/* The EAL keeps the tables of a running process locked. */
static bool
table_in_use(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	bool used;

	if (fd < 0)
		return true;
	used = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return used;
}

/* Remove the socket and tables of a process; if dead_only, keep those that a process uses. */
static void
files_remove(const char *dir, pid_t pid, bool dead_only)
{
	DIR *d = pid < 0 ? NULL : opendir(dir);
	struct dirent *entry;
	bool table;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		table = table_owner(entry->d_name) == pid;
		if (!table && runtime_socket_owner(entry->d_name) != pid)
			continue;
		if (!dead_only || !(table ? table_in_use(dirfd(d), entry->d_name)
					  : runtime_socket_answers(dir, entry->d_name)))
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	closedir(d);
}

void
own_files_remove_dead(const char *dir, pid_t pid)
{
	files_remove(dir, pid, true);
}

void
own_files_join_needs(const char *dir, uint64_t *bytes, unsigned int *files)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	struct stat st;

	*bytes = 0;
	*files = 1; /* its socket */
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (is_table(entry->d_name) && table_owner(entry->d_name) < 0 &&
			fstatat(dirfd(d), entry->d_name, &st, 0) == 0) {
			*bytes += st.st_size;
			++*files;
		}
	}
	closedir(d);
}

bool
own_files_no_room(const char *dir, uint64_t bytes, unsigned int files)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(dir, &fs) < 0)
		return false;
	room = (uint64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * fs.f_frsize;
	/* Some file systems do not count files. */
	return room < bytes || (fs.f_files != 0 && fs.f_favail < files);
}

void
own_files_begin(const char *dir, bool secondary)
{
	strlcpy(files_dir, dir, sizeof(files_dir));
	is_secondary = secondary;
	begun = true;
}

void
own_files_remove_own(void)
{
	char path[PATH_MAX + sizeof(TELEMETRY_SOCKET)];

	if (!begun)
		return;
	files_remove(files_dir, is_secondary ? getpid() : 0, false);
	snprintf(path, sizeof(path), "%s/" TELEMETRY_SOCKET, files_dir);
	if (!is_secondary)
		unlink(path);
}
