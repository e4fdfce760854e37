/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "runtime.h"
#include "base/text.h"

/* A table of the primary's memory; the copy of a secondary's has "_<pid>" behind that. */
#define TABLE "fbarray_memseg-"

int
runtime_dir(const char *file_prefix, char *dir, size_t size)
{
	const char *base = getenv("RUNTIME_DIRECTORY");
	int len;

	if (base == NULL) {
		base = getuid() == 0 ? "/var/run" : getenv("XDG_RUNTIME_DIR");
		if (base == NULL)
			base = "/tmp";
	}
	len = snprintf(dir, size, "%s/dpdk/%s", base, file_prefix);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

pid_t
runtime_primary(const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int fd, ret;

	if (snprintf(path, sizeof(path), "%s/config", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = fcntl(fd, F_GETLK, &lock) < 0 ? -errno : 0;
	close(fd);
	if (ret < 0)
		return ret;
	if (lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid == 0 ? -EREMOTE : lock.l_pid;
}

/*
 * Whose socket a file is: the pid in mp_socket_<pid>_<hex>, 0 for the primary's
 * mp_socket, -1 for a file that is no socket of the EAL's.
 */
static pid_t
socket_owner(const char *name)
{
	int pid, end = 0;

	if (strcmp(name, "mp_socket") == 0)
		return 0;
	if (sscanf(name, "mp_socket_%d_%*x%n", &pid, &end) != 1 || end == 0 || name[end] != '\0')
		return -1;
	return pid;
}

/* A datagram socket whose process has died refuses to be connected to; nothing is sent. */
static bool
socket_answers(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	bool answers;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return false;
	strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	answers = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return answers;
}

unsigned int
runtime_secondaries(const char *dir, pid_t *pids, unsigned int max)
{
	unsigned int nb = 0;
	struct dirent *entry;
	char path[PATH_MAX];
	pid_t pid;
	DIR *d;

	d = opendir(dir);
	if (d == NULL)
		return 0;
	while (nb < max && (entry = readdir(d)) != NULL) {
		pid = socket_owner(entry->d_name);
		if (pid <= 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		if (socket_answers(path))
			pids[nb++] = pid;
	}
	closedir(d);
	return nb;
}

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
		if ((!table && socket_owner(entry->d_name) != pid) ||
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
				(int)sizeof(path))
			continue;
		if (!dead_only || !(table ? table_in_use(path) : socket_answers(path)))
			unlink(path);
	}
	closedir(d);
}

void
runtime_remove_files(const char *dir, pid_t pid)
{
	files_remove(dir, pid, false);
}

void
runtime_remove_dead(const char *dir, pid_t pid)
{
	files_remove(dir, pid, true);
}

void
runtime_join_needs(const char *dir, uint64_t *bytes, unsigned int *files)
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
runtime_full(const char *dir, uint64_t bytes, unsigned int files)
{
	struct statvfs fs;
	uint64_t room;

	if (statvfs(dir, &fs) < 0)
		return false;
	room = (uint64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * fs.f_frsize;
	/* Some file systems do not count files. */
	return room < bytes || (fs.f_files != 0 && fs.f_favail < files);
}

/* May only this user, or root, use what is at this path for the group? */
static int
owner_check(const char *path, const struct stat *st, mode_t type, char *why, size_t size)
{
	if (S_ISLNK(st->st_mode))
		snprintf(why, size, "%s is a symbolic link", path);
	else if ((st->st_mode & S_IFMT) != type)
		snprintf(why, size, "%s is no %s", path,
			type == S_IFDIR ? "directory" : "regular file");
	else if (st->st_uid != geteuid() && st->st_uid != 0)
		snprintf(why, size, "%s belongs to another user (uid %u)", path, st->st_uid);
	else
		return 0;
	return -EPERM;
}

int
runtime_check_private(const char *path, const struct stat *st, mode_t type, char *why, size_t size)
{
	int ret = owner_check(path, st, type, why, size);

	if (ret == 0 && (st->st_mode & 077) != 0) {
		snprintf(why, size, "%s is open to other users (mode %04o)", path,
			st->st_mode & 07777);
		ret = -EPERM;
	}
	return ret;
}

/* Can nobody else put something at, or take something from, the paths below it? */
static int
parent_check(const char *path, const struct stat *st, char *why, size_t size)
{
	int ret = owner_check(path, st, S_IFDIR, why, size);

	if (ret == 0 && (st->st_mode & 022) != 0 && (st->st_mode & S_ISVTX) == 0) {
		snprintf(why, size, "other users can write to %s (mode %04o)", path,
			st->st_mode & 07777);
		ret = -EPERM;
	}
	return ret;
}

/* What was just made, or found, may be gone: the last to leave removes it. Then try again. */
static int
dir_error(void)
{
	return errno == ENOENT ? -EAGAIN : -errno;
}

static int
dirs_make(const char *dir, char *why, size_t size)
{
	char base[PATH_MAX], parent[PATH_MAX];
	char *slash = NULL;
	struct stat st;
	int ret;

	strlcpy(parent, dir, sizeof(parent));
	slash = strrchr(parent, '/');
	if (slash != NULL)
		*slash = '\0';
	strlcpy(base, parent, sizeof(base));
	slash = strrchr(base, '/');
	if (slash == NULL)
		return -EINVAL;
	*slash = '\0';
	/* From the top down: what has been found safe cannot be exchanged any more. The first one
	 * is the machine's or the user's own choice, which may be a link: /var/run is. */
	if (stat(base[0] == '\0' ? "/" : base, &st) < 0)
		return -errno;
	ret = parent_check(base, &st, why, size);
	if (ret < 0)
		return ret;
	if ((mkdir(parent, 0700) < 0 && errno != EEXIST) || lstat(parent, &st) < 0)
		return -errno;
	ret = parent_check(parent, &st, why, size);
	if (ret < 0)
		return ret;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(dir, &st) < 0)
		return dir_error();
	ret = runtime_check_private(dir, &st, S_IFDIR, why, size);
	if (ret == 0 && access(dir, R_OK | W_OK | X_OK) < 0)
		ret = dir_error();
	return ret;
}

int
runtime_make_dir(const char *dir, char *why, size_t size)
{
	char unsafe[256] = "";
	int ret;

	do {
		ret = dirs_make(dir, unsafe, sizeof(unsafe));
	} while (ret == -EAGAIN);
	if (ret == 0)
		return 0;
	if (unsafe[0] != '\0')
		snprintf(why, size,
			"cannot use the runtime directory %s: %s; mend that, or set "
			"$RUNTIME_DIRECTORY to a directory of your own",
			dir, unsafe);
	else
		snprintf(why, size, "cannot use the runtime directory %s: %s%s", dir,
			strerror(-ret),
			ret == -EACCES ? "; run as the user who started the primary, or as root"
				       : "");
	return ret;
}
