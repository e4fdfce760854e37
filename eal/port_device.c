/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_devargs.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "eal/log_tap.h"
#include "eal/port_device.h"

static int
bus_any(__rte_unused const struct rte_bus *bus, __rte_unused const void *arg)
{
	return 0;
}

/* ethdev compares the two addresses, and reads neither device. */
static bool
is_of(unsigned int id, const struct rte_device *dev)
{
	return rte_eth_find_next_of(id, dev) == id;
}

/* Look among the devices of a bus. @return -ENOTSUP if the bus does not show them. */
static int
bus_search(const struct rte_bus *bus, unsigned int id, struct rte_device **found)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	char text[64];
	int ret;

	snprintf(text, sizeof(text), "bus=%s", rte_bus_name(bus));
	/* On success too, the call returns the error that is there. */
	rte_errno = 0;
	ret = rte_dev_iterator_init(&it, text);
	if (ret < 0)
		return ret;
	while ((dev = rte_dev_iterator_next(&it)) != NULL) {
		if (rte_dev_is_probed(dev) && is_of(id, dev))
			*found = dev;
	}
	return 0;
}

/* A bus such as vmbus does not show its devices. Their ports have the names of the devices, and the
 * drivers let go of a device only together with its port. */
static bool
is_named_by(const struct rte_bus *bus, unsigned int id)
{
	char name[RTE_ETH_NAME_MAX_LEN], text[sizeof(name) + 64];
	struct rte_devargs da = {0};
	bool named;

	/* The EAL would read other characters as keys of its own. */
	if (rte_eth_dev_get_name_by_port(id, name) < 0 || name[0] == '\0' ||
		strpbrk(name, ",/=") != NULL)
		return false;
	snprintf(text, sizeof(text), "%s:%s", rte_bus_name(bus), name);
	named = rte_devargs_parse(&da, text) == 0 && da.bus == bus;
	rte_devargs_reset(&da);
	return named;
}

struct rte_device *
port_device(unsigned int id)
{
	const struct rte_bus *bus = NULL;
	struct rte_eth_dev_info info;
	struct rte_device *dev = NULL;

	if (!rte_eth_dev_is_valid_port(id))
		return NULL;
	/* The EAL logs an error for a bus whose devices it cannot show. */
	log_tap_mute(true);
	while (dev == NULL && (bus = rte_bus_find(bus, bus_any, NULL)) != NULL) {
		if (bus_search(bus, id, &dev) == -ENOTSUP && is_named_by(bus, id) &&
			!is_of(id, NULL) && rte_eth_dev_info_get(id, &info) == 0)
			dev = info.device;
	}
	log_tap_mute(false);
	return dev;
}
