/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>

#include "device.h"
#include "group_shared.h"
#include "queues.h"
#include "text.h"

/*
 * A secondary's fast-path table keeps the queues a port had when it was attached
 * here; ethdev has no call that brings it up to date. The primary has told where
 * they are now.
 */
void
queues_adopt(unsigned int id)
{
	const struct ports_state *state = &group_shared->started[id];

	if (group_is_primary())
		return;
	rte_eth_fp_ops[id].rxq.data = atomic_load(&state->rx_queues);
	rte_eth_fp_ops[id].txq.data = atomic_load(&state->tx_queues);
}

int
queues_take(unsigned int id, bool rx, char *why, size_t size)
{
	const struct ports_state *state = &group_shared->started[id];
	uint32_t nb = atomic_load(rx ? &state->nb_rx : &state->nb_tx), used = 0, mine;
	_Atomic uint32_t *own = rx ? &group_self->poll.rx[id] : &group_self->poll.tx[id];
	struct group_member *member;
	unsigned int slot, queue;
	char who[256] = "";

	if (nb == 0) {
		snprintf(why, size, "port %u is not started; start its device first", id);
		return -ENETDOWN;
	}
	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		member = &group_shared->members[slot];
		mine = atomic_load(rx ? &member->poll.rx[id] : &member->poll.tx[id]);
		if (mine == 0 || !group_member_alive(slot))
			continue;
		used |= mine;
		text_add(who, sizeof(who), "%spid %d", who[0] == '\0' ? "" : ", ",
			atomic_load(&member->pid));
	}
	for (queue = 0; queue < nb && (used >> queue & 1) != 0; queue++)
		;
	if (queue == nb) {
		snprintf(why, size, "all %s queues of port %u (%u) are in use by %s",
			rx ? "rx" : "tx", id, nb, who);
		return -EBUSY;
	}
	atomic_fetch_or(own, UINT32_C(1) << queue);
	return queue;
}

/*
 * Can this process poll a port at all? Some drivers give a secondary no functions
 * to do it with, and a call of those would be its end; net_vhost's know no virtqueue
 * there, and log that with every call.
 */
static bool
port_pollable(unsigned int id, const char *driver)
{
	return group_is_primary() ||
	       (rte_eth_fp_ops[id].rx_pkt_burst != NULL &&
		       rte_eth_fp_ops[id].tx_pkt_burst != NULL && strcmp(driver, "net_vhost") != 0);
}

int
queues_port(const char *device, char *why, size_t size)
{
	const struct rte_device *dev;
	struct group_view ports;
	struct rte_devargs da;
	unsigned int first;
	int ret;

	if (group_primary_foreign()) {
		snprintf(why, size,
			"the primary (pid %d) is another program, which polls its ports itself",
			group_primary_pid);
		return -ENOTSUP;
	}
	ret = device_split(device, &da, why, size);
	if (ret < 0)
		return ret;
	first = RTE_MAX_ETHPORTS;
	dev = device_find(&da);
	if (dev != NULL)
		device_ports(dev, &ports, &first);
	ret = first;
	if (first == RTE_MAX_ETHPORTS) {
		snprintf(why, size, "%s: no port of this process", da.name);
		ret = -ENODEV;
	} else if (!port_pollable(first, rte_driver_name(rte_dev_driver(dev)))) {
		snprintf(why, size,
			"%s lets no secondary poll port %u; do it in the primary (pid %d)",
			rte_driver_name(rte_dev_driver(dev)), first, group_primary_pid);
		ret = -ENOTSUP;
	}
	rte_devargs_reset(&da);
	return ret;
}

void
queues_give(unsigned int id, bool rx, unsigned int queue)
{
	atomic_fetch_and(
		rx ? &group_self->poll.rx[id] : &group_self->poll.tx[id], ~(UINT32_C(1) << queue));
}
