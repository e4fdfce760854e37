/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORTS_H
#define PORTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "base/wait.h"
#include "base/port_set.h"
#include "group.h"
#include "hotplug.h"

/*
 * Ports are configured, started and stopped by the primary, whoever asks: the
 * EAL lets nobody else. A secondary sends it a message over the mp channel.
 */

/** Most queues of a kind that one port is given. */
#define PORTS_MAX_QUEUES 16

/** How long those who poll a port have to let go of it. */
#define PORTS_WITHDRAW_MS 1000

/** mbufs in the pool that all ports share, unless told otherwise. */
#define PORTS_MBUFS 8192

/**
 * A port that has been started. Written by the primary, for the holder of the
 * turn, while that waits; by the holder of the turn when the port has gone. The
 * queues lie in the EAL's memory, which is at the same place in every process.
 */
struct ports_state {
	_Atomic uint32_t nb_rx,
		nb_tx; /* queues; 0 while it is stopped, or nobody of ours started it */
	void **_Atomic rx_queues;
	void **_Atomic tx_queues;
};

/**
 * Be ready to start ports for others, if this is the primary. After group_enter(),
 * main thread.
 *
 * @param nb_mbufs in the pool, which is made with the first start.
 * @return 0 or a negative errno.
 */
int ports_serve(unsigned int nb_mbufs);

/** Serve no more. Before rte_eal_cleanup(), main thread. */
void ports_serve_stop(void);

/**
 * Start the ports of a device, or stop them. Takes the turn. Main thread.
 *
 * @param nb_rx queues to receive, nb_tx to send; at most PORTS_MAX_QUEUES.
 */
void ports_start(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct hotplug_result *res);
void ports_stop(const char *device, wait_fn wait, struct hotplug_result *res);

/**
 * Show once more whether this process does what a peer asked: what another one has written
 * there would be waited for by every operation. Watch thread, each beat.
 */
void ports_tick(void);

/**
 * Wait until the primary does nothing for an asker that has given up or died.
 * Holder of the turn.
 *
 * @return 0, or -EBUSY and why.
 */
int ports_settle(wait_fn wait, char *why, size_t size);

/**
 * Queues of a kind that a started port can be polled with: those the group says it
 * has, if ethdev has as many. A port of this process; main thread, or the primary.
 */
unsigned int ports_queues(unsigned int id, bool rx);

/**
 * Have the primary stop ports that somebody of ours has started. Holder of the
 * turn.
 *
 * @param touched one of them was stopped, or may be, whatever is returned: those who polled it
 *   must not go on.
 * @return 0, also if there is nothing to stop; or a negative errno and why.
 */
int ports_stop_all(const struct port_set *ports, bool *touched, char *why, size_t size);

/** Ports have gone: if they were the last, have the pool mended. Holder of the turn. */
void ports_gone(void);

#endif
