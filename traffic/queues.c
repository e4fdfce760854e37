/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_QUEUES
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_memory.h>

#include "base/text.h"
#include "eal/port_device.h"
#include "group/file.h"
#include "group/members.h"
#include "group/primary.h"
#include "traffic/pool.h"
#include "traffic/queues.h"

bool
started_port(unsigned int id)
{
	return atomic_load(&group_shared->started[id].nb[GROUP_RX]) > 0;
}

bool
started_any(void)
{
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (started_port(id))
			return true;
	}
	return false;
}

unsigned int
started_queues(unsigned int id, bool rx)
{
	uint32_t nb = atomic_load(&group_shared->started[id].nb[rx]), has;
	struct rte_eth_dev_info info;

	/* A faulty process can write any number there, even before the first start makes the
	 * pool. */
	if (nb == 0 || pool_find() == NULL || port_device(id) == NULL ||
		rte_eth_dev_info_get(id, &info) < 0)
		return 0;
	has = rx ? info.nb_rx_queues : info.nb_tx_queues;
	nb = RTE_MIN(nb, has);
	return RTE_MIN(nb, (uint32_t)STARTED_MAX_QUEUES);
}

void
started_enter(unsigned int id, unsigned int nb_rx, unsigned int nb_tx)
{
	struct started_port *port = &group_shared->started[id];

	atomic_store(&port->queues[GROUP_RX], rte_eth_fp_ops[id].rxq.data);
	atomic_store(&port->queues[GROUP_TX], rte_eth_fp_ops[id].txq.data);
	atomic_store(&port->nb[GROUP_TX], nb_tx);
	atomic_store(&port->nb[GROUP_RX], nb_rx);
}

void
started_clear(unsigned int id)
{
	atomic_store(&group_shared->started[id].nb[GROUP_RX], 0);
	atomic_store(&group_shared->started[id].nb[GROUP_TX], 0);
}

bool
queues_pollable(unsigned int id)
{
	return rte_eth_fp_ops[id].rx_pkt_burst != NULL && rte_eth_fp_ops[id].tx_pkt_burst != NULL;
}

/* Is this address in the EAL's shared memory, where every queue is? */
static bool
in_memory(const void *at)
{
	const struct rte_memseg *segment = rte_mem_virt2memseg(at, NULL);

	return segment != NULL && segment->len > 0;
}

/* A faulty process can write any address into the group's file. */
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

/* A secondary's fast-path table still has the queues that the port had when it was attached here.
 * ethdev has no call to update it, so take the addresses that the primary has published. */
static int
queues_adopt(unsigned int id, char *why)
{
	const struct started_port *port = &group_shared->started[id];
	void **rx, **tx;

	if (primary_is_self())
		return 0;
	rx = atomic_load(&port->queues[GROUP_RX]);
	tx = atomic_load(&port->queues[GROUP_TX]);
	if (!queues_valid(rx, started_queues(id, true)) ||
		!queues_valid(tx, started_queues(id, false)))
		return why_set(why, -EFAULT,
			"what the group knows of the queues of port %u is damaged; stop and start "
			"its device",
			id);
	/* If another thread of this process polls the port, the table is right: do not write it. */
	if (rte_eth_fp_ops[id].rxq.data != rx || rte_eth_fp_ops[id].txq.data != tx) {
		rte_eth_fp_ops[id].rxq.data = rx;
		rte_eth_fp_ops[id].txq.data = tx;
	}
	return 0;
}

int
queues_take(unsigned int id, bool rx, char *why)
{
	unsigned int nb = started_queues(id, rx), queue;
	const struct group_member *member;
	uint32_t used = 0, polled;
	char who[256] = "";
	int ret;

	if (nb == 0)
		return why_set(
			why, -ENETDOWN, "port %u is not started; start its device first", id);
	MEMBER_FOREACH(member) {
		polled = atomic_load(&member->polled[id][rx]);
		if (polled == 0 || !member_alive(member))
			continue;
		used |= polled;
		text_add(who, sizeof(who), "%spid %d", who[0] == '\0' ? "" : ", ",
			atomic_load(&member->pid));
	}
	for (queue = 0; queue < nb && (used >> queue & 1) != 0; queue++)
		;
	if (queue == nb)
		return why_set(why, -EBUSY, "all %s queues of port %u (%u) are in use by %s",
			rx ? "rx" : "tx", id, nb, who);
	ret = queues_adopt(id, why);
	if (ret < 0)
		return ret;
	atomic_fetch_or(&group_self->polled[id][rx], UINT32_C(1) << queue);
	return queue;
}

void
queues_give(unsigned int id, bool rx, unsigned int queue)
{
	atomic_fetch_and(&group_self->polled[id][rx], ~(UINT32_C(1) << queue));
}

static bool
polls(const struct group_member *member)
{
	uint32_t polled = 0;
	unsigned int id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		polled |= atomic_load(&member->polled[id][GROUP_RX]) |
			  atomic_load(&member->polled[id][GROUP_TX]);
	return polled != 0;
}

bool
queues_own(void)
{
	return polls(group_self);
}

bool
queues_any(void)
{
	const struct group_member *member;

	MEMBER_FOREACH(member) {
		if (polls(member) && member_alive(member))
			return true;
	}
	return false;
}
