/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "eal/runtime.h"

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

pid_t
runtime_socket_owner(const char *name)
{
	int pid, end = 0;

	if (strcmp(name, "mp_socket") == 0)
		return 0;
	if (sscanf(name, "mp_socket_%d_%*x%n", &pid, &end) != 1 || end == 0 || name[end] != '\0')
		return -1;
	return pid;
}

bool
runtime_socket_answers(const char *dir, const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const int size = sizeof(addr.sun_path);
	bool answers;
	int fd;

	if (snprintf(addr.sun_path, size, "%s/%s", dir, name) >= size)
		return false;
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
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned int nb = 0;
	pid_t pid;

	if (d == NULL)
		return 0;
	while (nb < max && (entry = readdir(d)) != NULL) {
		pid = runtime_socket_owner(entry->d_name);
		if (pid > 0 && runtime_socket_answers(dir, entry->d_name))
			pids[nb++] = pid;
	}
	closedir(d);
	return nb;
}
