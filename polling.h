/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef POLLING_H
#define POLLING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "base/wait.h"
#include "group.h"
#include "hotplug.h"
#include "stats.h"

/* Packets between ports, in any process. Main thread, where nothing else is said. */

/** What a process polls; in its slot. */
struct polling_member {
	/* Queues it has, bit n is queue n. Set with the turn, cleared by its owner at any time. */
	_Atomic uint32_t rx[RTE_MAX_ETHPORTS];
	_Atomic uint32_t tx[RTE_MAX_ETHPORTS];
	struct stats_port stats[RTE_MAX_ETHPORTS];
	struct stats_port base[RTE_MAX_ETHPORTS]; /* at the last reset; by the holder of the turn */
};

/** The core the forwarding thread is bound to, -1 for any of the EAL's. */
void polling_set_core(int core);

/**
 * Forward what comes in at one port to another, and back if it is both ways, in a
 * thread of its own, until that is turned off or a port is taken away. Takes the
 * turn for a moment.
 */
void polling_forward(
	const char *in, const char *out, bool both, wait_fn wait, struct hotplug_result *res);

/** @return false if nothing was forwarded. */
bool polling_forward_off(void);

/**
 * Send numbered packets of size bytes; text of the result says how many. Takes the
 * turn for a moment.
 *
 * @param look called now and then, without the turn; false ends it.
 */
void polling_send(const char *device, unsigned int count, unsigned int size, wait_fn wait,
	bool (*look)(void), struct hotplug_result *res);

#endif
