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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "runtime.h"
#include "text.h"

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

/* Remove a process's socket, or only if nobody answers at it any more. */
static void
socket_remove(const char *dir, pid_t pid, bool dead_only)
{
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *d;

	if (pid < 0)
		return;
	d = opendir(dir);
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (socket_owner(entry->d_name) != pid ||
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
				(int)sizeof(path))
			continue;
		if (!dead_only || !socket_answers(path))
			unlink(path);
	}
	closedir(d);
}

void
runtime_remove_socket(const char *dir, pid_t pid)
{
	socket_remove(dir, pid, false);
}

void
runtime_remove_dead_socket(const char *dir, pid_t pid)
{
	socket_remove(dir, pid, true);
}

int
runtime_make_dir(const char *dir)
{
	char parent[PATH_MAX];
	char *slash;

	strlcpy(parent, dir, sizeof(parent));
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return -EINVAL;
	*slash = '\0';
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

bool
runtime_alive(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

/*
 * The file is looked into before every operation, once for each peer, so the last
 * ones stay open. One of a process that is gone can be read no more, whoever has
 * its pid now.
 */
static struct stat_file {
	pid_t pid; /* 0 if none is open */
	int fd;
	bool asked; /* since the last runtime_forget_others() */
} stat_files[64];
static pthread_mutex_t stat_lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t
stat_read(pid_t pid, char *stat, size_t size)
{
	struct stat_file *file = &stat_files[pid % RTE_DIM(stat_files)];
	char path[32];
	ssize_t len;

	file->asked = true;
	if (file->pid == pid) {
		len = pread(file->fd, stat, size, 0);
		if (len > 0)
			return len;
	}
	if (file->pid != 0)
		close(file->fd);
	file->pid = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return -1;
	file->pid = pid;
	return pread(file->fd, stat, size, 0);
}

bool
runtime_stopped(pid_t pid)
{
	char stat[512], *state;
	ssize_t len;

	pthread_mutex_lock(&stat_lock);
	len = stat_read(pid, stat, sizeof(stat) - 1);
	pthread_mutex_unlock(&stat_lock);
	if (len <= 0)
		return false;
	stat[len] = '\0';
	/* The command name stands in parentheses and may hold any of them itself. */
	state = strrchr(stat, ')');
	return state != NULL && strlen(state) > 2 && (state[2] == 'T' || state[2] == 't');
}

void
runtime_forget_others(void)
{
	struct stat_file *file;

	pthread_mutex_lock(&stat_lock);
	for (file = stat_files; file < stat_files + RTE_DIM(stat_files); file++) {
		if (file->pid != 0 && !file->asked) {
			close(file->fd);
			file->pid = 0;
		}
		file->asked = false;
	}
	pthread_mutex_unlock(&stat_lock);
}

void
runtime_program(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	strlcpy(name, "?", size);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(name, size, f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	/* A process can call itself anything. */
	text_printable(name);
}
