/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>

#include "base/text.h"
#include "device/device.h"
#include "eal/log_tap.h"
#include "eal/plugins.h"
#include "eal/port_device.h"
#include "group/primary.h"
#include "group/views.h"
#include "operations/leftover.h"
#include "traffic/server.h"

#ifdef RTE_ETH_DEV_BONDING_MEMBER
#define BONDING_MEMBER RTE_ETH_DEV_BONDING_MEMBER
#else /* before DPDK 23.11 */
#define BONDING_MEMBER RTE_ETH_DEV_BONDED_SLAVE
#endif

bool
leftover_owner(const struct port_set *ports, char *text, size_t size)
{
	struct rte_eth_dev_owner owner;
	struct rte_eth_dev_info info;
	unsigned int id;

	PORT_SET_FOREACH(id, ports) {
		/* ethdev reads the data of a port that is not there. */
		if (!rte_eth_dev_is_valid_port(id))
			continue;
		if (rte_eth_dev_owner_get(id, &owner) == 0 && owner.id != RTE_ETH_DEV_NO_OWNER) {
			snprintf(text, size, "port %u belongs to %.*s; detach that first", id,
				(int)sizeof(owner.name) - 1, owner.name);
			return true;
		}
		/* net_bonding sets no owner, and cannot be detached while it has members. */
		if (port_device(id) != NULL && rte_eth_dev_info_get(id, &info) == 0 &&
			info.dev_flags != NULL && (*info.dev_flags & BONDING_MEMBER) != 0) {
			snprintf(text, size,
				"port %u is part of a net_bonding device, which lets go of it only "
				"when the group ends",
				id);
			return true;
		}
	}
	return false;
}

/* Close a port whose device is gone. What the driver keeps for a port of the vdev bus lies in the
 * port's own data, which is still there. Drivers of other buses would read the device. */
static int
port_close(unsigned int id, char *why)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_devargs da;
	bool other = false;
	int ret;

	if (rte_eth_dev_get_name_by_port(id, name) < 0)
		return 0;
	/* The EAL logs an error for a name that no bus knows, and ethdev that a port is stopped. */
	log_tap_mute(true);
	if (device_split(name, &da, why) == 0) {
		other = strcmp(rte_bus_name(da.bus), "vdev") != 0;
		rte_devargs_reset(&da);
	}
	if (name[0] != '\0' && !other)
		rte_eth_dev_stop(id);
	log_tap_mute(false);
	if (name[0] == '\0' || other)
		return why_set(
			why, -ENOTSUP, "port %u has lost its device, and cannot be closed", id);
	ret = rte_eth_dev_close(id);
	if (rte_eth_dev_is_valid_port(id))
		return why_set(why, ret < 0 ? ret : -EBUSY,
			"port %u has lost its device, and its driver does not close it", id);
	return 0;
}

static int
lost_close(char *why)
{
	unsigned int id;
	int ret = 0;

	for (id = rte_eth_find_next(0); id < RTE_MAX_ETHPORTS; id = rte_eth_find_next(id + 1)) {
		if (port_device(id) == NULL && port_close(id, why) < 0)
			ret = -EBUSY;
	}
	return ret;
}

bool
leftover_only_in_primary(const struct views *views, const struct port_set *ports)
{
	const struct port_set *ref = views_reference(views);
	struct port_set others = {0}, has;
	unsigned int i, id;

	if (primary_is_foreign())
		return false;
	for (i = 0; i < views->nb; i++) {
		has = views->peers[i].ports;
		PORT_SET_FOREACH(id, &has) {
			if (views_count(&views->peers[i]) && !views->peers[i].who.primary)
				port_set_add(&others, id);
		}
	}
	others = port_set_common(&others, ports);
	has = port_set_common(ref, ports);
	return port_set_is_empty(&others) && !port_set_is_empty(&has);
}

/* Remove a device from every process. If a secondary's bus has the device and its driver refused
 * it, the EAL has every process keep it. Then the vdev bus can remove it from this process alone.
 */
static int
device_remove(struct rte_device *dev)
{
	const struct port_set ports = device_ports(dev);
	typeof(rte_vdev_uninit) *uninit;
	struct views views;
	int ret = rte_dev_remove(dev);

	if (ret != -ENODEV || strcmp(rte_bus_name(rte_dev_bus(dev)), "vdev") != 0)
		return ret;
	views_take(&views);
	uninit = plugins_function("librte_bus_vdev", "rte_vdev_uninit");
	if (uninit == NULL || !leftover_only_in_primary(&views, &ports))
		return ret;
	return uninit(rte_dev_name(dev));
}

int
leftover_remove(unsigned int id, char *why)
{
	struct port_set ports = {0};
	struct port_device known;
	struct rte_device *dev;
	int ret;

	if (id == LEFTOVER_LOST)
		return lost_close(why);
	if (!rte_eth_dev_is_valid_port(id))
		return 0;
	port_set_add(&ports, id);
	if (leftover_owner(&ports, why, WHY_SIZE))
		return -EBUSY;
	dev = port_device(id);
	views_device(id, &known);
	if (dev != NULL && strcmp(known.name, rte_dev_name(dev)) != 0)
		return why_set(why, -EBUSY, "its port %u belongs to another device now", id);
	ret = dev == NULL ? 0 : device_remove(dev);
	if (port_device(id) != NULL)
		return why_set(why, ret < 0 ? ret : -EBUSY, "cannot remove its device: %s",
			strerror(ret < 0 ? -ret : EBUSY));
	return rte_eth_dev_is_valid_port(id) ? port_close(id, why) : 0;
}

bool
leftover_remove_from_primary(const struct port_set *ports, char *why)
{
	struct port_set has;
	struct views views;
	unsigned int id;

	views_take(&views);
	has = port_set_common(ports, views_reference(&views));
	if (primary_is_foreign() || port_set_is_empty(&has) || primary_left() != 0)
		return false;
	/* The other ports of a device go with the first. */
	PORT_SET_FOREACH(id, &has) {
		if (request_remove(id, why) < 0)
			break;
	}
	return true;
}
