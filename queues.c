/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_memory.h>

#include "base/port_set.h"
#include "device.h"
#include "group_shared.h"
#include "ports.h"
#include "queues.h"
#include "base/text.h"

/* Can a queue be there? It lies in the EAL's memory, or it could not be shared. */
static bool
in_memory(const void *at)
{
	const struct rte_memseg *segment = rte_mem_virt2memseg(at, NULL);

	return segment != NULL && segment->len > 0;
}

/* Any process can write any address into what the group shares. */
static bool
queues_valid(void **queues, unsigned int nb)
{
	unsigned int i;

	if ((uintptr_t)queues % sizeof(*queues) != 0)
		return false;
	for (i = 0; i < nb; i++) {
		if (queues == NULL || !in_memory(&queues[i]) || !in_memory(queues[i]))
			return false;
	}
	return true;
}

/*
 * A secondary's fast-path table keeps the queues a port had when it was attached
 * here; ethdev has no call that brings it up to date. The primary has told where
 * they are now.
 */
int
queues_adopt(unsigned int id, char *why, size_t size)
{
	const struct ports_state *state = &group_shared->started[id];
	void **rx, **tx;

	if (group_is_primary())
		return 0;
	rx = atomic_load(&state->rx_queues);
	tx = atomic_load(&state->tx_queues);
	if (!queues_valid(rx, ports_queues(id, true)) ||
		!queues_valid(tx, ports_queues(id, false))) {
		snprintf(why, size,
			"what the group knows of the queues of port %u is damaged; stop and start "
			"its device",
			id);
		return -EFAULT;
	}
	rte_eth_fp_ops[id].rxq.data = rx;
	rte_eth_fp_ops[id].txq.data = tx;
	return 0;
}

int
queues_take(unsigned int id, bool rx, char *why, size_t size)
{
	unsigned int nb = ports_queues(id, rx);
	uint32_t used = 0, mine;
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
	struct port_set ports;
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

bool
queues_any(void)
{
	const struct polling_member *poll;
	unsigned int slot, id;
	uint32_t used;

	for (slot = 0; slot < GROUP_MAX_MEMBERS; slot++) {
		poll = &group_shared->members[slot].poll;
		used = 0;
		for (id = 0; id < RTE_MAX_ETHPORTS; id++)
			used |= atomic_load(&poll->rx[id]) | atomic_load(&poll->tx[id]);
		if (used != 0 && group_member_alive(slot))
			return true;
	}
	return false;
}

void
queues_give(unsigned int id, bool rx, unsigned int queue)
{
	atomic_fetch_and(
		rx ? &group_self->poll.rx[id] : &group_self->poll.tx[id], ~(UINT32_C(1) << queue));
}
