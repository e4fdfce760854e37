/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "base/descriptors.h"

/* Numbers of /dev/net/tun, in any directory. */
#define TUN_MAJOR 10
#define TUN_MINOR 200

static bool
tun_name(int fd, const struct statx *st, char *name)
{
	struct ifreq ifr = {0};

	/* Only this device is asked, because another one may take the number for something else. */
	if (!S_ISCHR(st->stx_mode) || st->stx_rdev_major != TUN_MAJOR ||
		st->stx_rdev_minor != TUN_MINOR || ioctl(fd, TUNGETIFF, &ifr) < 0)
		return false;
	strlcpy(name, ifr.ifr_name, IF_NAMESIZE);
	return true;
}

bool
descriptors_tun_name(int fd, char *name)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 && tun_name(fd, &st, name);
}

/* Call fn for each descriptor until it returns true. @return that descriptor, or -1. */
static int
each(bool (*fn)(int fd, const struct statx *st, const char *name), const char *name)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct statx st;
	int fd = -1;

	if (dir == NULL)
		return -1;
	while (fd < 0 && (entry = readdir(dir)) != NULL) {
		/* By its name, because another thread may open and close it meanwhile. And without
		 * asking a file server, which may not answer. */
		if (entry->d_name[0] == '.' ||
			statx(dirfd(dir), entry->d_name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
			continue;
		fd = atoi(entry->d_name);
		if (fd == dirfd(dir) || !fn(fd, &st, name))
			fd = -1;
	}
	closedir(dir);
	return fd;
}

static bool
is_tun(int fd, const struct statx *st, const char *name)
{
	char its[IF_NAMESIZE];

	return tun_name(fd, st, its) && (name == NULL || strcmp(its, name) == 0);
}

static bool
is_xdp(int fd, const struct statx *st, __rte_unused const char *name)
{
	socklen_t len = sizeof(int);
	int domain;

	return S_ISSOCK(st->stx_mode) &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_XDP;
}

static bool
close_if(int fd, const struct statx *st, const char *name)
{
	if (is_tun(fd, st, name) || is_xdp(fd, st, name))
		close(fd);
	return false;
}

int
descriptors_tun(const char *name)
{
	return each(is_tun, name);
}

bool
descriptors_have_xdp(void)
{
	return each(is_xdp, NULL) >= 0;
}

void
descriptors_close(const char *name)
{
	each(close_if, name);
}
