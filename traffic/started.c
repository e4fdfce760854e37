/* SPDX-License-Identifier: BSD-3-Clause */
#define BY_STARTED
#include <stdatomic.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "group/file.h"
#include "traffic/pool.h"
#include "traffic/started.h"

bool
started_port(unsigned int id)
{
	return atomic_load(&group_shared->started[id].nb_rx) > 0;
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
	const struct started_port *port = &group_shared->started[id];
	uint32_t nb = atomic_load(rx ? &port->nb_rx : &port->nb_tx), has;
	struct rte_eth_dev_info info;

	/* A process that has gone wrong can write any number there, also before the first start
	 * makes the pool. */
	if (nb == 0 || pool_find() == NULL || rte_eth_dev_info_get(id, &info) < 0)
		return 0;
	has = rx ? info.nb_rx_queues : info.nb_tx_queues;
	nb = RTE_MIN(nb, has);
	return RTE_MIN(nb, (uint32_t)STARTED_MAX_QUEUES);
}

void
started_enter(unsigned int id, unsigned int nb_rx, unsigned int nb_tx)
{
	struct started_port *port = &group_shared->started[id];

	atomic_store(&port->rx_queues, rte_eth_fp_ops[id].rxq.data);
	atomic_store(&port->tx_queues, rte_eth_fp_ops[id].txq.data);
	atomic_store(&port->nb_tx, nb_tx);
	atomic_store(&port->nb_rx, nb_rx);
}

void
started_clear(unsigned int id)
{
	atomic_store(&group_shared->started[id].nb_rx, 0);
	atomic_store(&group_shared->started[id].nb_tx, 0);
}
