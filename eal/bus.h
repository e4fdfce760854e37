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

/**
 * Copy the names of the devices of a bus, except empty ones. The bus reads them under its own lock,
 * if it has one, so any thread may call this at any time.
 *
 * @return how many there are; or -1 if they are more than max, or this release cannot be asked.
 */
int bus_names(const struct rte_bus *bus, char (*names)[RTE_DEV_NAME_MAX_LEN], int max);

/** The bus after prev, the first if prev is NULL; NULL at the end. */
const struct rte_bus *bus_next(const struct rte_bus *prev);
