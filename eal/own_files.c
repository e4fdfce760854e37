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

/* Whose copy of the primary's tables a file is: the pid at its end, or -1. */
static pid_t
table_owner(const char *name)
{
	const char *last = strrchr(name, '_');
	char *end;
	long pid;

	if (strncmp(name, TABLE, strlen(TABLE)) != 0 || last < name + strlen(TABLE))
		return -1;
	pid = strtol(last + 1, &end, 10);
	return *end == '\0' && pid > 0 ? pid : -1;
}

/* The EAL locks those of a process that runs. */
static bool
table_in_use(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool used;

	if (fd < 0)
		return true;
	used = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return used;
}

/* Remove a process's socket and tables, or only if it does not use them any more. */
static void
files_remove(const char *dir, pid_t pid, bool dead_only)
{
	struct dirent *entry;
	char path[PATH_MAX];
	bool table;
	DIR *d;

	if (pid < 0)
		return;
	d = opendir(dir);
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		table = table_owner(entry->d_name) == pid;
		if ((!table && runtime_socket_owner(entry->d_name) != pid) ||
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
				(int)sizeof(path))
			continue;
		if (!dead_only || !(table ? table_in_use(path) : runtime_socket_answers(path)))
			unlink(path);
	}
	closedir(d);
}

void
own_files_remove(const char *dir, pid_t pid)
{
	files_remove(dir, pid, false);
}

void
own_files_remove_dead(const char *dir, pid_t pid)
{
	files_remove(dir, pid, true);
}

void
own_files_join_needs(const char *dir, uint64_t *bytes, unsigned int *files)
{
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;
	DIR *d;

	*bytes = 0;
	*files = 1; /* its socket */
	d = opendir(dir);
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, TABLE, strlen(TABLE)) != 0 ||
			table_owner(entry->d_name) > 0 ||
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
				(int)sizeof(path) ||
			stat(path, &st) < 0)
			continue;
		*bytes += st.st_size;
		++*files;
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

/* Where the EAL of a primary answers telemetry. */
#define TELEMETRY_SOCKET "dpdk_telemetry.v2"

static char files_dir[PATH_MAX];
static bool is_secondary;
/* The thread that ends the process by force reads it before it reads the two above. */
static atomic_bool begun;

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
	own_files_remove(files_dir, is_secondary ? getpid() : 0);
	snprintf(path, sizeof(path), "%s/" TELEMETRY_SOCKET, files_dir);
	if (!is_secondary)
		unlink(path);
}
