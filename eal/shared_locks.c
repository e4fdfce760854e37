/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_eal_memconfig.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "eal/shared_locks.h"

#define ETHDEV_DATA "rte_eth_dev_data" /* the memzone */

void
shared_locks_pass(void)
{
	struct rte_malloc_socket_stats stats;
	uint64_t owner;
	unsigned int i;

	rte_mcfg_mem_write_lock();
	rte_mcfg_mem_write_unlock();
	rte_mcfg_tailq_write_lock();
	rte_mcfg_tailq_write_unlock();
	rte_mcfg_mempool_write_lock();
	rte_mcfg_mempool_write_unlock();
	rte_mcfg_timer_lock();
	rte_mcfg_timer_unlock();
	/* ethdev's lock, which a secondary also takes for each port that it attaches. Before the
	 * primary has made ethdev's data, the call would panic. */
	if (rte_memzone_lookup(ETHDEV_DATA) != NULL)
		rte_eth_dev_owner_new(&owner);
	/* That of memzones has been taken; and of each heap: this call takes it. */
	for (i = 0; i < rte_socket_count(); i++)
		rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats);
}
