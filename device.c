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

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_kvargs.h>
#include <rte_string_fns.h>

#include "base/port_set.h"
#include "device.h"
#include "group.h"
#include "eal/log_tap.h"
#include "base/text.h"
#include "views.h"

/*
 * The EAL's hotplug message carries devargs in 128 bytes, the last one a null;
 * what is longer reaches the other processes cut off, without an error.
 */
#define DEVARGS_MAX 127

bool
device_port_next(unsigned int id, struct device_port *port)
{
	if (id >= RTE_MAX_ETHPORTS)
		return false;
	id = rte_eth_find_next(id);
	if (id >= RTE_MAX_ETHPORTS)
		return false;
	port->id = id;
	if (rte_eth_dev_get_name_by_port(id, port->name) < 0)
		port->name[0] = '\0';
	return true;
}

/* The part of [bus:]name[,arguments] after a bus, if it begins with the name of one. */
static const char *
after_bus(const char *text)
{
	const char *colon = strchr(text, ':');
	char bus[64];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(bus))
		return text;
	strlcpy(bus, text, colon - text + 1);
	return rte_bus_find_by_name(bus) == NULL ? text : colon + 1;
}

/* The EAL takes these for keys of its own, and follows the value that they do not have. */
static bool
key_alone(const char *name, size_t len)
{
	return (len == 3 && memcmp(name, "bus", len) == 0) ||
	       (len == 5 && memcmp(name, "class", len) == 0);
}

int
device_split(const char *text, struct rte_devargs *da, char *why, size_t size)
{
	const char *name = after_bus(text);
	size_t len = strlen(text), name_len = strcspn(name, ",");

	memset(da, 0, sizeof(*da));
	if (len > DEVARGS_MAX) {
		snprintf(why, size,
			"devargs of %zu bytes; the EAL's multi-process channel carries at most %d",
			len, DEVARGS_MAX);
		return -E2BIG;
	}
	if (name_len == 0 || name[name_len - 1] == ':') {
		snprintf(why, size, "\"%s\" has no device name; expected [bus:]name[,arguments]",
			text);
		return -EINVAL;
	}
	if (name_len >= sizeof(da->name)) {
		snprintf(why, size, "device name of %zu bytes; it can have at most %zu", name_len,
			sizeof(da->name) - 1);
		return -ENAMETOOLONG;
	}
	if (!key_alone(name, name_len) && rte_devargs_parse(da, text) == 0 && da->bus != NULL &&
		da->name[0] != '\0') {
		if (strcmp(rte_bus_name(da->bus), "pci") != 0 || strchr(da->name, ':') == NULL ||
			strchr(da->name, ':') != strrchr(da->name, ':'))
			return 0;
		snprintf(why, size, "a PCI address has a domain: 0000:%s", da->name);
		rte_devargs_reset(da);
		return -EINVAL;
	}
	rte_devargs_reset(da);
	snprintf(why, size,
		"no bus knows \"%.*s\": it is no PCI address and begins with the name of no "
		"virtual driver that is loaded",
		(int)strcspn(text, ","), text);
	return -EINVAL;
}

struct rte_device *
device_find(const struct rte_devargs *da)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	char bus[64];

	snprintf(bus, sizeof(bus), "bus=%s", rte_bus_name(da->bus));
	RTE_DEV_FOREACH(dev, bus, &it)
	{
		if (strcmp(rte_dev_name(dev), da->name) == 0 && rte_dev_is_probed(dev))
			return dev;
	}
	return NULL;
}

static int
bus_any(const struct rte_bus *bus, const void *arg)
{
	RTE_SET_USED(bus);
	RTE_SET_USED(arg);
	return 0;
}

void
device_each(void (*fn)(const char *name))
{
	const struct rte_bus *bus = NULL;
	struct rte_dev_iterator it;
	struct rte_device *dev;
	char text[64];

	/* The EAL complains of a bus that has no list to go through. */
	log_tap_mute(true);
	while ((bus = rte_bus_find(bus, bus_any, NULL)) != NULL) {
		snprintf(text, sizeof(text), "bus=%s", rte_bus_name(bus));
		RTE_DEV_FOREACH(dev, text, &it)
		{
			if (rte_dev_is_probed(dev))
				fn(rte_dev_name(dev));
		}
	}
	log_tap_mute(false);
}

/*
 * By the device each port belongs to, not by asking its driver: a port that the
 * primary has released under us has a driver and no data to answer from.
 */
void
device_ports(const struct rte_device *dev, struct port_set *ports, unsigned int *first)
{
	uint16_t id;

	memset(ports, 0, sizeof(*ports));
	*first = RTE_MAX_ETHPORTS;
	RTE_ETH_FOREACH_DEV_OF(id, dev)
	{
		if (*first == RTE_MAX_ETHPORTS)
			*first = id;
		port_set_add(ports, id);
	}
}

/* Does somebody listen at this socket? @return 0 or errno, as connect(2). */
static int
socket_try(int place)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	/* By its descriptor: the whole path may be too long for an address. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", place);
	err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? errno : 0;
	close(fd);
	return err;
}

/* The primary makes the socket, so that is whose directory a path begins at. */
static void
primary_path(const char *path, char *whole, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/cwd", group_primary_pid);
	len = path[0] == '/' ? 0 : readlink(link, whole, size - 1);
	whole[RTE_MAX(len, 0)] = '\0';
	text_add(whole, size, "%s%s", len > 0 ? "/" : "", path);
}

/* What is at the path of a socket that a server is to make. */
static int
socket_path_check(const char *path, char *why, size_t size)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char whole[PATH_MAX + 128];
	struct stat st;
	int place, err;

	if (strlen(path) > max) {
		snprintf(why, size, "the path of its socket has %zu bytes; it can have at most %zu",
			strlen(path), max);
		return -ENAMETOOLONG;
	}
	primary_path(path, whole, sizeof(whole));
	place = open(whole, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return 0;
	if (fstat(place, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		close(place);
		snprintf(why, size, "%s exists and is no socket; name another iface", whole);
		return -EEXIST;
	}
	err = socket_try(place);
	close(place);
	if (err == ECONNREFUSED)
		snprintf(why, size,
			"the socket %s is left over from a process that is gone; remove it (rm %s) "
			"and attach again",
			whole, whole);
	else if (err == 0 || err == EAGAIN)
		snprintf(why, size,
			"another process listens on the socket %s; end it or name another iface",
			whole);
	else
		snprintf(why, size, "cannot use the socket %s: %s; name another iface", whole,
			strerror(err));
	return -EADDRINUSE;
}

int
device_check_vhost(const struct rte_devargs *da, char *why, size_t size)
{
	struct rte_kvargs *kvargs;
	const char *path, *client;
	int ret = 0;

	if (strncmp(da->name, "net_vhost", 9) != 0 && strncmp(da->name, "eth_vhost", 9) != 0)
		return 0;
	kvargs = rte_kvargs_parse(da->drv_str, NULL);
	if (kvargs == NULL)
		return 0; /* the driver will say what is wrong with them */
	path = rte_kvargs_get(kvargs, "iface");
	client = rte_kvargs_get(kvargs, "client");
	if (path != NULL && (client == NULL || strcmp(client, "0") == 0))
		ret = socket_path_check(path, why, size);
	rte_kvargs_free(kvargs);
	return ret;
}

void
device_publish(void)
{
	const struct rte_devargs *da;
	struct rte_eth_dev_info info;
	char text[GROUP_DEVARGS_SIZE];
	struct device_port port;
	struct group_port known;
	unsigned int id;

	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		group_port_get(port.id, &known);
		/* A port without a name has a driver, but no data to answer from. */
		if (port.name[0] == '\0' || strcmp(known.name, port.name) == 0 ||
			rte_eth_dev_info_get(port.id, &info) < 0 || info.device == NULL)
			continue;
		da = rte_dev_devargs(info.device);
		if (da == NULL || da->drv_str == NULL || da->drv_str[0] == '\0' ||
			snprintf(text, sizeof(text), "%s:%s,%s",
				rte_bus_name(rte_dev_bus(info.device)), rte_dev_name(info.device),
				da->drv_str) >= (int)sizeof(text))
			snprintf(text, sizeof(text), "%s:%s",
				rte_bus_name(rte_dev_bus(info.device)), rte_dev_name(info.device));
		group_port_found(port.id, rte_dev_name(info.device), text);
	}
}

bool
device_kernel_driver(const char *address, char *driver, size_t size)
{
	char link[128], target[PATH_MAX];
	ssize_t len;

	driver[0] = '\0';
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", address);
	if (access(link, F_OK) < 0)
		return false;
	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/driver", address);
	len = readlink(link, target, sizeof(target) - 1);
	if (len > 0) {
		target[len] = '\0';
		strlcpy(driver, strrchr(target, '/') == NULL ? target : strrchr(target, '/') + 1,
			size);
	}
	return true;
}

bool
device_driver_usable(const char *driver)
{
	static const char *const usable[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(usable); i++) {
		if (strcmp(driver, usable[i]) == 0)
			return true;
	}
	return false;
}
