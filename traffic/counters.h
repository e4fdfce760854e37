/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/port_set.h"
#include "group/shared.h"

/* What each process has counted at each port. Main thread, unless a comment says otherwise. */

/** What one process has counted at one port since the last reset. */
struct counters_line {
	unsigned int id;
	char name[RTE_DEV_NAME_MAX_LEN]; /* of the port's device, printable */
	pid_t pid;
	uint64_t n[NB_COUNTERS];
	uint64_t pause_us; /* its longest time between two polls to receive */
};

/** Count what this process has received at a port; gaps are numbered packets that are missing. Any
 * thread. */
void counters_received(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t gaps);

/** Count what this process has sent through a port; drops are packets that the port did not take.
 * Any thread: one may forward while another sends. */
void counters_sent(unsigned int id, uint64_t packets, uint64_t bytes, uint64_t drops);

/** Note so many ticks of the TSC between two polls of a port, if none were longer. The thread that
 * forwards. */
void counters_paused(unsigned int id, uint64_t ticks);

/** Call fn for each process and each of the ports (NULL for all) that it has used. */
void counters_each(const struct port_set *ports, void (*fn)(const struct counters_line *line));

/** Reset the counters of every process at this port. With the turn. */
void counters_reset(unsigned int id);
