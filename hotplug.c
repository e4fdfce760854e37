/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_vfio.h>
#include <rte_string_fns.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "device.h"
#include "group.h"
#include "hotplug.h"
#include "lock.h"
#include "operation.h"
#include "ports.h"
#include "base/text.h"
#include "views.h"
#include "withdraw.h"

/* Those who poll a port that is taken away by force have this long to let go of it. */
#define FORCE_MS 10

#ifdef RTE_ETH_DEV_BONDING_MEMBER
#define BONDING_MEMBER RTE_ETH_DEV_BONDING_MEMBER
#else /* before DPDK 23.11 */
#define BONDING_MEMBER RTE_ETH_DEV_BONDED_SLAVE
#endif

/* The ports the group remembers for the device, for when this process lacks it. */
static void
ports_known(const struct operation *op, struct port_set *ports)
{
	struct group_port port;
	unsigned int id;

	memset(ports, 0, sizeof(*ports));
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		group_port_get(id, &port);
		if (strcmp(port.name, op->da.name) == 0)
			port_set_add(ports, id);
	}
}

/* What stands in the way of a PCI device. @return false if nothing that is known. */
static bool
pci_reason(const char *address, char *text, size_t size)
{
	char driver[64];

	if (!device_kernel_driver(address, driver, sizeof(driver)))
		snprintf(text, size, "no such device on the PCI bus");
	else if (!device_driver_usable(driver))
		snprintf(text, size, "%s%s; bind it to vfio-pci (dpdk-devbind.py -b vfio-pci %s)",
			driver[0] == '\0' ? "no kernel driver has it"
					  : "it is bound to the kernel driver ",
			driver, address);
	else if (strcmp(driver, "vfio-pci") == 0 && !rte_vfio_is_enabled("vfio"))
		snprintf(text, size,
			"vfio-pci was loaded after this process started; restart the processes of the "
			"group");
	else
		return false;
	return true;
}

/* Known causes of a failed attach, with what to do about them; else as operation_reason(). */
static void
attach_reason(struct operation *op, int err, char *text, size_t size)
{
	bool pci = strcmp(rte_bus_name(op->da.bus), "pci") == 0;

	if (rte_eth_dev_count_total() >= RTE_MAX_ETHPORTS &&
		(pci || strncmp(op->da.name, "net_", 4) == 0 ||
			strncmp(op->da.name, "eth_", 4) == 0))
		snprintf(text, size,
			"all %d ethernet ports are in use (RTE_MAX_ETHPORTS); detach one first",
			RTE_MAX_ETHPORTS);
	else if (!pci || err == -ENOMSG || !pci_reason(op->da.name, text, size))
		operation_reason(op, err, text, size);
}

/* Remember the device behind ports that have come with it. */
static void
ports_remember(const struct operation *op, const struct port_set *ports, const char *devargs)
{
	unsigned int id;

	PORT_SET_FOREACH(id, ports)
	{
		group_port_set(id, op->da.name, devargs);
	}
}

/* See that a failed attach has left nothing, and take away what it has. */
static void
attach_undo(struct operation *op, const char *devargs, int err)
{
	char why[512], still[512];
	struct rte_device *dev;
	struct port_set left;
	bool settled = true;
	unsigned int first;

	views_take(&op->now);
	attach_reason(op, err, why, sizeof(why));
	views_new(&op->before, &op->now, &left);
	/* With an answer missing, someone may still be at it. */
	if (err == -ENOMSG || views_have(&op->now, &left, still, sizeof(still)) > 0)
		settled = group_settle(op->wait) == 0;
	dev = device_find(&op->da);
	if (err == -ENOMSG && settled && dev != NULL) {
		/* Late, but done: the primary went on when the one who asked had given up. */
		device_ports(dev, &left, &first);
		if (first < RTE_MAX_ETHPORTS && group_ports_at(&left, true)) {
			ports_remember(op, &left, devargs);
			operation_result(op, 0, "%s", "");
			op->again = false;
			return;
		}
	}
	if (dev != NULL && settled && group_primary_left() == 0 && rte_dev_remove(dev) != 0)
		group_settle(op->wait);
	views_take(&op->now);
	views_new(&op->before, &op->now, &left);
	ports_remember(op, &left, devargs);
	if (group_primary_left() != 0) {
		group_lost_text(why, sizeof(why));
		operation_result(op, -ENOTCONN, "%s", why);
	} else if (views_have(&op->now, &left, still, sizeof(still)) > 0) {
		operation_result(op, err, "%s; still attached in %s; run sync", why, still);
		op->again = false;
	} else if (err == -ENOMSG) {
		operation_result(op, err, "%s; it is attached nowhere", why);
	} else {
		operation_result(op, err, "%s", why);
	}
}

/* The EAL reports success. Is it true in every process? */
static void
attach_verify(struct operation *op, const char *devargs)
{
	struct port_set ports;
	struct rte_device *dev;
	unsigned int first;
	char lack[512];

	dev = device_find(&op->da);
	if (dev == NULL) {
		attach_undo(op, devargs, -ENOMSG);
		return;
	}
	device_ports(dev, &ports, &first);
	if (!group_ports_at(&ports, true)) {
		group_settle(op->wait);
		views_take(&op->now);
		if (views_lack(&op->now, &ports, lack, sizeof(lack)) > 0) {
			attach_undo(op, devargs, -ENOMSG);
			if (op->res->err != 0)
				text_add(op->res->text, sizeof(op->res->text),
					"; %s did not get it", lack);
			return;
		}
	}
	ports_remember(op, &ports, devargs);
	operation_result(op, 0, "%s", first == RTE_MAX_ETHPORTS ? "no ethernet port" : "");
}

/* The device is attached nowhere yet. */
static void
attach_all(struct operation *op, const char *devargs)
{
	char why[512];
	int ret;

	ret = device_check_vhost(&op->da, why, sizeof(why));
	if (ret < 0) {
		operation_result(op, ret, "%s", why);
		return;
	}
	ret = rte_dev_probe(devargs);
	if (ret == 0)
		attach_verify(op, devargs);
	else
		attach_undo(op, devargs, ret < 0 ? ret : -ret);
}

void
hotplug_attach(const char *devargs, const char *announce, wait_fn wait, struct hotplug_result *res)
{
	struct operation op = {.verb = "attach", .announce = announce, .res = res, .wait = wait};
	struct port_set ports, has;
	struct rte_device *dev;
	unsigned int first;
	char text[512];

	if (operation_begin(&op, devargs) < 0)
		return;
	ports_known(&op, &ports);
	has = port_set_common(&ports, views_reference(&op.before));
	/* rte_dev_probe() says 0 for a device that is attached already. */
	dev = device_find(&op.da);
	if (dev != NULL) {
		device_ports(dev, &ports, &first);
		if (first < RTE_MAX_ETHPORTS)
			operation_result(&op, -EEXIST, "already attached (port %u)", first);
		else
			operation_result(&op, -EEXIST, "already attached (no ethernet port)");
	} else if (views_have(&op.before, &has, text, sizeof(text)) > 0) {
		operation_result(&op, -EEXIST,
			"already attached in %s, but not in this process; run sync", text);
	} else if (lock_blocked(op.da.name, text, sizeof(text))) {
		operation_result(&op, -EPERM, "%s", text);
	} else {
		attach_all(&op, devargs);
		while (operation_again(&op))
			attach_all(&op, devargs);
	}
	operation_end(&op);
}

/* Forget the devices of ports that nobody has any more. */
static void
ports_forget(const struct operation *op, const struct port_set *ports)
{
	struct port_set one;
	unsigned int id;
	char text[512];

	PORT_SET_FOREACH(id, ports)
	{
		one = port_set_of(id);
		if (views_have(&op->now, &one, text, sizeof(text)) == 0)
			group_port_set(id, NULL, NULL);
	}
}

/* The EAL says err, or it says 0 and someone has the ports still. What is true? */
static void
detach_failed(struct operation *op, const struct port_set *ports, int err)
{
	char why[512], still[512], rest[512], lost[96];
	bool here;

	group_lost_text(lost, sizeof(lost));
	views_take(&op->now);
	if (err != 0)
		operation_reason(op, err, why, sizeof(why));
	/* A refusal that nobody acted on leaves it everywhere; all else may still be under way. */
	if (err == -ENOMSG || !group_ports_at(ports, err != 0)) {
		group_settle(op->wait);
		views_take(&op->now);
	}
	here = device_find(&op->da) != NULL;
	ports_forget(op, ports);
	/* First of all: without it there is no group that anything could be true of. */
	if (group_primary_left() != 0)
		operation_result(op, -ENOTCONN, "%s", lost);
	else if (views_have(&op->now, ports, still, sizeof(still)) == 0 && !here)
		/* Gone everywhere, whatever the EAL thinks of how it went. */
		operation_result(op, 0, "%s", "");
	else if (err == 0)
		operation_result(op, -EBUSY,
			"%s still has it, though the EAL reported success; run sync, or restart it",
			here && still[0] == '\0' ? "this process" : still);
	else if (views_lack(&op->now, ports, rest, sizeof(rest)) > 0)
		operation_result(op, err, "%s; still attached in %s, no longer in %s; run sync",
			why, still, rest);
	else
		operation_result(op, err, "%s; it is still attached everywhere", why);
}

/* Another device may be made of a port of this one, and use it still. */
static bool
owner_find(const struct port_set *ports, char *text, size_t size)
{
	struct rte_eth_dev_owner owner;
	struct rte_eth_dev_info info;
	unsigned int id;

	PORT_SET_FOREACH(id, ports)
	{
		if (rte_eth_dev_owner_get(id, &owner) == 0 && owner.id != RTE_ETH_DEV_NO_OWNER) {
			snprintf(text, size, "port %u belongs to %.*s; detach that first", id,
				(int)sizeof(owner.name) - 1, owner.name);
			return true;
		}
		/* net_bonding does not say whose it is, and refuses to go as long as it has some.
		 */
		if (rte_eth_dev_info_get(id, &info) == 0 && info.dev_flags != NULL &&
			(*info.dev_flags & BONDING_MEMBER) != 0) {
			snprintf(text, size,
				"port %u is part of a net_bonding device, which lets go of it only "
				"when the group ends",
				id);
			return true;
		}
	}
	return false;
}

static void
detach_all(struct operation *op, struct rte_device *dev, bool force)
{
	struct port_set ports;
	bool touched = false;
	unsigned int first, id;
	char why[512];
	int ret;

	device_ports(dev, &ports, &first);
	if (owner_find(&ports, why, sizeof(why))) {
		operation_result(op, -EBUSY, "%s", why);
		return;
	}
	ret = withdraw_ports(&ports, force ? FORCE_MS : PORTS_WITHDRAW_MS, why, sizeof(why));
	if (ret < 0 && force) {
		text_add(op->res->note, sizeof(op->res->note), "%s%s; it may crash now",
			op->res->note[0] == '\0' ? "" : "; ", why);
		ret = 0;
	}
	if (ret == 0)
		ret = ports_stop_all(&ports, &touched, why, sizeof(why));
	if (ret < 0) {
		withdraw_end(&ports, touched);
		operation_result(op, ret, "%s%s", why, touched ? "" : "; nothing has changed");
		return;
	}
	ret = rte_dev_remove(dev);
	withdraw_end(&ports, true);
	if (ret != 0 || !group_ports_at(&ports, false) || device_find(&op->da) != NULL) {
		detach_failed(op, &ports, ret > 0 ? -ret : ret);
		return;
	}
	operation_result(op, 0, "%s", "");
	PORT_SET_FOREACH(id, &ports)
	{
		group_port_set(id, NULL, NULL);
	}
	ports_gone();
}

void
hotplug_detach(const char *device, bool force, const char *announce, wait_fn wait,
	struct hotplug_result *res)
{
	struct operation op = {.verb = "detach", .announce = announce, .res = res, .wait = wait};
	struct port_set ports;
	struct rte_device *dev;
	char text[512];

	if (operation_begin(&op, device) < 0)
		return;
	dev = device_find(&op.da);
	ports_known(&op, &ports);
	if (lock_holder(op.da.name, text, sizeof(text))) {
		operation_result(&op, -EBUSY, "locked by %s", text);
	} else if (dev != NULL) {
		detach_all(&op, dev, force);
		while (operation_again(&op) && (dev = device_find(&op.da)) != NULL)
			detach_all(&op, dev, force);
	} else if (views_have(&op.before, &ports, text, sizeof(text)) > 0) {
		operation_result(
			&op, -ENODEV, "not attached in this process, but in %s; run sync", text);
	} else {
		operation_result(&op, -ENODEV, "not attached");
	}
	operation_end(&op);
}
