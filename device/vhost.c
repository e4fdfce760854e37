/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_kvargs.h>

#include "base/text.h"
#include "device/vhost.h"

/* Does a process listen at the socket that the descriptor place is open on? @return 0 or the errno
 * of connect(2). */
static int
socket_try(int place)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	/* By its descriptor, because the path may be too long for an address. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", place);
	err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? errno : 0;
	close(fd);
	return err;
}

/* A relative path begins at the primary's directory, because the primary makes the socket. */
static void
primary_path(const char *path, pid_t primary, char *whole, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/cwd", primary);
	len = path[0] == '/' ? 0 : readlink(link, whole, size - 1);
	whole[RTE_MAX(len, 0)] = '\0';
	text_add(whole, size, "%s%s", len > 0 ? "/" : "", path);
}

/* Can a server make its socket at this path? */
static int
socket_path_check(const char *path, pid_t primary, char *why)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char whole[PATH_MAX + 128];
	struct stat st;
	int place, err;

	if (strlen(path) > max)
		return why_set(why, -ENAMETOOLONG,
			"the path of its socket has %zu bytes; it can have at most %zu",
			strlen(path), max);
	primary_path(path, primary, whole, sizeof(whole));
	place = open(whole, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return 0;
	if (fstat(place, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		close(place);
		return why_set(
			why, -EEXIST, "%s exists and is no socket; name another iface", whole);
	}
	err = socket_try(place);
	close(place);
	if (err == ECONNREFUSED)
		snprintf(why, WHY_SIZE,
			"the socket %s is left over from a process that is gone; remove it (rm %s) "
			"and attach again",
			whole, whole);
	else if (err == 0 || err == EAGAIN)
		snprintf(why, WHY_SIZE,
			"another process listens on the socket %s; end it or name another iface",
			whole);
	else
		snprintf(why, WHY_SIZE, "cannot use the socket %s: %s; name another iface", whole,
			strerror(err));
	return -EADDRINUSE;
}

int
vhost_check(const struct rte_devargs *da, pid_t primary, char *why)
{
	struct rte_kvargs *kvargs;
	const char *path, *client;
	int ret = 0;

	if (strncmp(da->name, "net_vhost", 9) != 0 && strncmp(da->name, "eth_vhost", 9) != 0)
		return 0;
	kvargs = rte_kvargs_parse(da->drv_str, NULL);
	if (kvargs == NULL)
		return 0; /* the driver will say what is wrong */
	path = rte_kvargs_get(kvargs, "iface");
	client = rte_kvargs_get(kvargs, "client");
	if (path != NULL && (client == NULL || strcmp(client, "0") == 0))
		ret = socket_path_check(path, primary, why);
	rte_kvargs_free(kvargs);
	return ret;
}
