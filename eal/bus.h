/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_bus.h>
#include <rte_dev.h>

/**
 * Look among the devices of a bus, also of one that DPDK's own RTE_DEV_FOREACH cannot walk, such as
 * vmbus and ifpga. With the turn, which keeps devices from coming and going.
 *
 * @param cmp returns 0 for the device that is wanted.
 * @param found receives that device, or NULL.
 * @return false if the bus does not show its devices.
 */
bool bus_search(
	const struct rte_bus *bus, rte_dev_cmp_t cmp, const void *data, struct rte_device **found);

/** The bus after prev, the first if prev is NULL; NULL at the end. */
const struct rte_bus *bus_next(const struct rte_bus *prev);
