/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_devargs.h>
#include <rte_ethdev.h>

#include "eal/bus.h"
#include "eal/log_tap.h"
#include "eal/port_device.h"

static atomic_uint nb_gone[RTE_MAX_ETHPORTS]; /* how many ports with this id have gone */

/* @return 0 if it is the device of the port. ethdev compares two addresses, and reads no device. */
static int
is_of(const struct rte_device *dev, const void *port)
{
	const unsigned int *id = port;

	return rte_eth_find_next_of(*id, dev) == *id && rte_dev_is_probed(dev) ? 0 : 1;
}

/* If a bus does not show its devices, take the port for one of them if the bus takes its name. The
 * drivers on such buses let go of a device only together with its port. */
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
	while (dev == NULL && (bus = bus_next(bus)) != NULL) {
		if (!bus_search(bus, is_of, &id, &dev) && is_named_by(bus, id) &&
			rte_eth_find_next_of(id, NULL) != id &&
			rte_eth_dev_info_get(id, &info) == 0)
			dev = info.device;
	}
	log_tap_mute(false);
	return dev;
}

/* Runs in the thread of the event. */
static int
port_gone(uint16_t id, __rte_unused enum rte_eth_event_type event, __rte_unused void *arg,
	__rte_unused void *ret_param)
{
	atomic_fetch_add(&nb_gone[id], 1);
	return 0;
}

int
port_count_begin(void)
{
	return rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, port_gone, NULL);
}

unsigned int
port_count(unsigned int id)
{
	return atomic_load(&nb_gone[id]);
}
