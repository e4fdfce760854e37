/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_ethdev.h>
#include <rte_pci.h>
#include <rte_string_fns.h>
#include <rte_uuid.h>

#include "base/text.h"
#include "device/device.h"
#include "eal/bus.h"
#include "eal/port_device.h"

/* The EAL's hotplug message has 128 bytes for devargs and their null. Longer devargs would reach
 * the other processes cut off, without an error. */
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

/* [bus:]name[,arguments] without the bus. */
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

/* The EAL reads these names as keys of its own, and follows a pointer to a value that is missing.
 */
static bool
key_alone(const char *name, size_t len)
{
	return (len == 3 && memcmp(name, "bus", len) == 0) ||
	       (len == 5 && memcmp(name, "class", len) == 0);
}

void
device_canonical(const char *typed, char *name, size_t size)
{
	char text[RTE_DEV_NAME_MAX_LEN];
	struct rte_pci_addr address;
	rte_uuid_t uuid;

	/* The name may be written where the typed one stands. */
	strlcpy(text, typed, sizeof(text));
	if (rte_pci_addr_parse(text, &address) == 0)
		rte_pci_device_name(&address, name, size);
	else if (rte_uuid_parse(text, uuid) == 0)
		rte_uuid_unparse(uuid, name, size);
	else
		strlcpy(name, text, size);
}

/* Do names of this bus have several spellings? */
static bool
bus_has_spellings(const struct rte_bus *bus)
{
	return strcmp(rte_bus_name(bus), "pci") == 0 || strcmp(rte_bus_name(bus), "vmbus") == 0;
}

size_t
device_devargs(const char *text, const struct rte_devargs *da, char *devargs, size_t size)
{
	const char *name = after_bus(text);
	size_t len = strcspn(name, ",");
	char typed[RTE_DEV_NAME_MAX_LEN] = "";

	if (len < sizeof(typed) && bus_has_spellings(da->bus)) {
		strlcpy(typed, name, len + 1);
		device_canonical(typed, typed, sizeof(typed));
	}
	/* With keys, as in bus=pci,addr=..., the bus has read the name already. */
	if (strcmp(typed, da->name) != 0)
		return snprintf(devargs, size, "%s", text);
	return snprintf(devargs, size, "%.*s%s%s", (int)(name - text), text, da->name, name + len);
}

static int
too_long(size_t len, char *why)
{
	return why_set(why, -E2BIG,
		"devargs of %zu bytes; the EAL's multi-process channel carries at most %d", len,
		DEVARGS_MAX);
}

int
device_split(const char *text, struct rte_devargs *da, char *why)
{
	const char *name = after_bus(text);
	size_t len = strlen(text), name_len = strcspn(name, ",");
	char devargs[DEVARGS_MAX + 1];

	memset(da, 0, sizeof(*da));
	if (len > DEVARGS_MAX)
		return too_long(len, why);
	if (name_len == 0 || name[name_len - 1] == ':')
		return why_set(why, -EINVAL,
			"\"%s\" has no device name; expected [bus:]name[,arguments]", text);
	if (name_len >= sizeof(da->name))
		return why_set(why, -ENAMETOOLONG,
			"device name of %zu bytes; it can have at most %zu", name_len,
			sizeof(da->name) - 1);
	if (key_alone(name, name_len) || rte_devargs_parse(da, text) != 0 || da->bus == NULL ||
		da->name[0] == '\0') {
		rte_devargs_reset(da);
		return why_set(why, -EINVAL,
			"no bus knows \"%.*s\": it is no PCI address and begins with the name of "
			"no virtual driver that is loaded",
			(int)strcspn(text, ","), text);
	}
	if (bus_has_spellings(da->bus))
		device_canonical(da->name, da->name, sizeof(da->name));
	len = device_devargs(text, da, devargs, sizeof(devargs));
	if (len <= DEVARGS_MAX)
		return 0;
	rte_devargs_reset(da);
	return too_long(len, why);
}

static int
is_named(const struct rte_device *dev, const void *name)
{
	return rte_dev_is_probed(dev) ? strcmp(rte_dev_name(dev), name) : 1;
}

struct rte_device *
device_find(const struct rte_devargs *da)
{
	struct rte_device *dev;
	struct device_port port;
	unsigned int id;

	if (bus_search(da->bus, is_named, da->name, &dev))
		return dev;
	/* Only devices with a port can be found. A port without a name has no data, so do not ask
	 * ethdev about it. */
	for (id = 0; device_port_next(id, &port); id = port.id + 1) {
		dev = port.name[0] == '\0' ? NULL : port_device(port.id);
		if (dev != NULL && rte_dev_bus(dev) == da->bus && is_named(dev, da->name) == 0)
			return dev;
	}
	return NULL;
}

/* @param data points to a pointer to the function to call. @return 1, to go on. */
static int
call_for(const struct rte_device *dev, const void *data)
{
	void (*const *fn)(const char *name) = data;

	if (rte_dev_is_probed(dev))
		(*fn)(rte_dev_name(dev));
	return 1;
}

void
device_each(void (*fn)(const char *name))
{
	const struct rte_bus *bus = NULL;
	struct rte_device *none;

	while ((bus = bus_next(bus)) != NULL)
		bus_search(bus, call_for, &fn, &none);
}

struct port_set
device_ports(const struct rte_device *dev)
{
	struct port_set ports = {0};
	uint16_t id;

	/* Asks no driver: it has no data for a port that the primary has released meanwhile. */
	RTE_ETH_FOREACH_DEV_OF(id, dev) {
		port_set_add(&ports, id);
	}
	return ports;
}
