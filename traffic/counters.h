/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "base/port_set.h"
#include "group/shared.h"

/* What each process has seen of each port. */

/** What one process has seen of one port since the last reset. */
struct counters_line {
	unsigned int id;
	char name[RTE_DEV_NAME_MAX_LEN]; /* of the port's device, printable */
	pid_t pid;
	uint64_t n[NB_COUNTERS];
};

/** This process has received at a port; gaps are numbered packets that did not come. The thread
 * that polls the port in that direction. */
void counters_received(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t gaps);

/** This process has sent at a port; drops are packets that the port did not take. The thread that
 * polls the port in that direction. */
void counters_sent(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t drops);

/**
 * Call fn for each port and process that has seen a packet of it. Main thread.
 *
 * @param ports the ones to look at, or NULL for all.
 */
void counters_each(const struct port_set *ports, void (*fn)(const struct counters_line *line));

/** Count from 0 on again at this port, in every process. Main thread, holder of the turn. */
void counters_reset(unsigned int id);
