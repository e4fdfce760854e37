/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/port_set.h"
#include "base/wait.h"

/* The primary's server: it does to ports what secondaries ask for with request_start() and
 * request_stop(), in a thread of its own, because the EAL's mp thread must be free for what the EAL
 * has to ask meanwhile. Main thread, where nothing else is said. */

/** Name of the mp messages between a secondary and the server. */
#define SERVER_ACTION "hotplug_mp_ports"

/** The server's answer, in the parameters of an mp message. */
struct server_answer {
	int32_t err;
	char why[200];
};

/** Be ready to serve, if this process is the primary. After group_enter(). @return 0 or a negative
 * errno. */
int server_start(void);

/** Serve no more. Before rte_eal_cleanup(). */
void server_stop(void);

/** Show once more whether the server is at work. Every operation would wait for what another
 * process has written there. Watch thread, each beat. */
void server_tick(void);

/* Have the primary configure, start and stop ports. If this process is the primary it does so
 * itself; a secondary sends the primary's server a message. Main thread, holder of the turn. */

/** Start a port with so many queues. @return 0, or a negative errno and why. */
int request_start(unsigned int id, unsigned int nb_rx, unsigned int nb_tx, char *why);

/**
 * Stop those of the ports that this program has started.
 *
 * @param touched whether a port was stopped, or may have been, whatever is returned: processes that
 *   polled it must not go on.
 * @return 0, also if there is nothing to stop; or a negative errno and why.
 */
int request_stop(const struct port_set *ports, bool *touched, char *why);

/** Ports have gone. If they were the last that were started, have the pool made whole. */
void request_mend_pool(void);

/**
 * Wait until the primary does nothing for an asker that has given up or died.
 *
 * @return 0, or -EBUSY and why.
 */
int request_settle(wait_fn wait, char *why);
