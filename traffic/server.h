/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <rte_ethdev.h>

#include "base/port_set.h"
#include "base/wait.h"

/* The primary's server starts, stops and removes ports for secondaries, which ask with the
 * functions below. It has a thread of its own, because the EAL needs its mp thread meanwhile. Main
 * thread, unless a comment says otherwise. */

/** Name of the mp messages between a secondary and the server. */
#define SERVER_ACTION "hotplug_mp_ports"

/** Removes the device of a port of the primary, as operations/leftover.h says. */
typedef int (*server_remove_fn)(unsigned int id, char *why);

/** Start the server if this process is the primary. After group_enter().
 *
 * @param remove does what request_remove() asks for.
 * @return 0 or a negative errno. */
int server_start(server_remove_fn remove);

/** Stop the server. Before rte_eal_cleanup(). */
void server_stop(void);

/** Publish again whether the server is busy, because every operation waits while it seems to be,
 * and a faulty process may have written there. Watch thread, each beat. */
void server_tick(void);

/* Requests: the primary does them itself, a secondary sends the server a message. With the turn. */

/** Configure and start a port with so many queues. @return 0, or a negative errno and why. */
int request_start(unsigned int id, unsigned int nb_rx, unsigned int nb_tx, char *why);

/**
 * Stop those of the ports that are started. Have all secondaries close the descriptors that they
 * were handed for any of them (traffic/handed.h).
 *
 * @param touched set to true if a port was stopped, or may have been, also on failure: processes
 *   that polled it must not go on.
 * @return 0, also if there is nothing to stop; or a negative errno and why.
 */
int request_stop(const struct port_set *ports, bool *touched, char *why);

/**
 * Remove the device of a port that the primary has, and this process perhaps not; the ports must be
 * withdrawn and stopped. Other ports of the device go with it.
 *
 * @param id port, or RTE_MAX_ETHPORTS: close the primary's ports that have lost their device.
 * @return 0; or a negative errno and why, -ENOTSUP if the primary is another program.
 */
int request_remove(unsigned int id, char *why);

/** Tell the primary which ports have just come. */
void request_note(const struct port_set *ports);

/** Ask the primary for the link of a port. A secondary's driver may not know it. @return 0;
 * -ENOTSUP if the primary is another program; or another negative errno if it does not answer. */
int request_link(unsigned int id, struct rte_eth_link *link);

/** Put lost mbufs back if no port is started any more. Call it when ports have gone. */
void request_mend_pool(void);

/** A process did not get a device: have the primary tell all of them of all devices from now on, as
 * DPDK does (eal/vdev_list.h). */
void request_plain_scans(void);

/** Wait until the server is done with the request of an asker that gave up or died. @return 0, or
 * -EBUSY and why. */
int request_settle(wait_fn wait, char *why);
