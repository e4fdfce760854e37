/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "device.h"
#include "group.h"
#include "hotplug.h"
#include "operation.h"
#include "ports.h"
#include "sync.h"
#include "views.h"
#include "withdraw.h"

/*
 * Take away from this process a device that its primary does not have. The EAL
 * lets a secondary ask for that; the request reaches everyone, by name.
 */
static void
stale_remove(const struct port_set *ref, unsigned int id)
{
	struct group_port port, other;
	struct rte_device *dev;
	struct port_set ports;
	struct rte_devargs da;
	unsigned int i;
	char why[256];

	group_port_get(id, &port);
	for (i = 0; i < RTE_MAX_ETHPORTS; i++) {
		group_port_get(i, &other);
		/* It would take a good one of the same name too. */
		if (i != id && port_set_has(ref, i) && strcmp(other.name, port.name) == 0)
			return;
	}
	if (port.name[0] == '\0' || device_split(port.devargs, &da, why, sizeof(why)) < 0)
		return;
	dev = device_find(&da);
	if (dev != NULL) {
		device_ports(dev, &ports, &i);
		/* Holder of the turn is the one who wants this done, and waits for it. */
		if (withdraw_ports(&ports, PORTS_WITHDRAW_MS, why, sizeof(why)) == 0) {
			rte_dev_remove(dev);
			withdraw_end(&ports, true);
		} else {
			withdraw_end(&ports, false);
		}
	}
	rte_devargs_reset(&da);
}

/*
 * To have the EAL attach it once more in every process would detach it from all
 * of them if this one refuses again. The scan of the buses that a process does at
 * its start finds what it misses just as well, and is nobody else's business.
 */
static void
missing_attach(void)
{
	if (rte_bus_scan() == 0)
		rte_bus_probe();
}

void
sync_self(void)
{
	const struct port_set *ref, *own = NULL;
	bool missing = false;
	struct views views;
	unsigned int i, id;

	views_take(&views);
	ref = views_reference(&views);
	for (i = 0; i < views.nb && own == NULL; i++) {
		if (views.peers[i].self)
			own = &views.peers[i].view;
	}
	for (id = 0; own != NULL && id < RTE_MAX_ETHPORTS; id++) {
		if (port_set_has(own, id) && !port_set_has(ref, id))
			stale_remove(ref, id);
		missing = missing || (port_set_has(ref, id) && !port_set_has(own, id));
	}
	if (missing)
		missing_attach();
}

/* Those of op->before who see anything else than the reference, to the front of op->now. */
static unsigned int
differing(struct operation *op)
{
	const struct port_set *ref = views_reference(&op->before);
	unsigned int i;

	op->now.nb = 0;
	for (i = 0; i < op->before.nb; i++) {
		if (views_count(&op->before.peers[i]) &&
			memcmp(&op->before.peers[i].view, ref, sizeof(*ref)) != 0)
			op->now.peers[op->now.nb++] = op->before.peers[i];
	}
	return op->now.nb;
}

void
hotplug_sync(wait_fn wait, struct hotplug_result *res)
{
	struct operation op = {.verb = "sync", .res = res, .wait = wait};
	char was[512], text[512];

	if (operation_begin(&op, NULL) < 0)
		return;
	views_agree(&op.before, was, sizeof(was));
	if (differing(&op) == 0) {
		operation_result(&op, 0, "%s; nothing to do", was);
		operation_end(&op);
		return;
	}
	group_sync_peers(op.now.peers, op.now.nb, wait);
	group_settle(wait);
	views_take(&op.now);
	if (views_agree(&op.now, text, sizeof(text)))
		operation_result(&op, 0, "%s; mended: %s", text, was);
	else
		operation_result(
			&op, -EAGAIN, "%s; the log of that process may say why; restart it", text);
	operation_end(&op);
}
