/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STATS_H
#define STATS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_dev.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "group.h"

/* What each process has seen of each port. Main thread, where nothing else is said. */

/** What a process has seen of a port. Written by its polling threads, one a direction. */
struct stats_port {
	_Atomic uint64_t rx_packets, rx_bytes;
	_Atomic uint64_t tx_packets, tx_bytes;
	_Atomic uint64_t drops; /* received, and not taken by the port they were for */
	_Atomic uint64_t gaps;	/* numbered packets that should have come before one that came */
};

/** What one process has seen of one port since the last reset. */
struct stats_line {
	unsigned int id;
	char name[RTE_DEV_NAME_MAX_LEN];
	pid_t pid;
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, drops, gaps;
};

/**
 * Which ports are meant by what `show` takes: a port id, or a device with or without
 * bus and arguments. Takes the turn for a name that no port has, so not for its holder.
 *
 * @return 0, or a negative errno and why.
 */
int stats_ports(const char *what, struct port_set *ports, wait_fn wait, char *why, size_t size);

/**
 * Call fn for each port and process that has seen a packet of it.
 *
 * @param ports to look at alone, or NULL.
 */
void stats_each(const struct port_set *ports, void (*fn)(const struct stats_line *line));

/** Another device is behind this port id: what was seen before was not of it. Holder of the turn.
 */
void stats_port_begins(unsigned int id);

/** Count from 0 on again, in every process. Takes the turn. @return 0 or a negative errno. */
int stats_reset(wait_fn wait, char *why, size_t size);

#endif
