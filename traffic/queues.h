/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Queues of started ports, and which process polls which queue. Main thread, with the turn, unless
 * a comment says otherwise. */

/** Has this process functions to poll the port with? Some drivers give a secondary none, so that a
 * call would crash it. */
bool queues_pollable(unsigned int id);

/** Take a free queue of a started port, to receive (rx) or to send, and make it ready to be polled.
 * @return its number, or a negative errno and why. */
int queues_take(unsigned int id, bool rx, char *why);

/** Give a queue back. Any thread, also without the turn. */
void queues_give(unsigned int id, bool rx, unsigned int queue);

/** Does this process poll any queue? Any thread. */
bool queues_own(void);

/** Does a living process poll any queue, so that it may hold mbufs? Any thread, with the turn. */
bool queues_any(void);

/* Which ports are started, and with which queues. Any thread, unless a comment says otherwise. */

/** Most rx queues, and most tx queues, of one port. */
#define STARTED_MAX_QUEUES 16

/** Has this program started the port? */
bool started_port(unsigned int id);

/** Is any port started? */
bool started_any(void);

/** How many queues to receive (rx) or to send a started port has: what the group's file says, but
 * no more than ethdev says. For a port of this process. Main thread, or the primary. */
unsigned int started_queues(unsigned int id, bool rx);

/** Enter a port as started. The primary, for the holder of the turn. */
void started_enter(unsigned int id, unsigned int nb_rx, unsigned int nb_tx);

/** Enter a port as stopped, or gone. The primary, or with the turn. */
void started_clear(unsigned int id);
