/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_eal_memconfig.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "eal/shared_locks.h"

void
shared_locks_pass(void)
{
	struct rte_malloc_socket_stats stats;
	unsigned int i;

	rte_mcfg_mem_write_lock();
	rte_mcfg_mem_write_unlock();
	rte_mcfg_tailq_write_lock();
	rte_mcfg_tailq_write_unlock();
	rte_mcfg_mempool_write_lock();
	rte_mcfg_mempool_write_unlock();
	rte_mcfg_timer_lock();
	rte_mcfg_timer_unlock();
	/* The lock of memzones, and of each heap: these calls take it. */
	rte_memzone_lookup("");
	for (i = 0; i < rte_socket_count(); i++)
		rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats);
}
