/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Queues of started ports: which process polls which of them. Main thread with the turn, where
 * nothing else is said. */

/** Can this process poll the port at all? Some drivers let no secondary do it. */
bool queues_pollable(unsigned int id, const char *driver);

/**
 * Take a queue of a started port that no process polls, and make it ready to be polled.
 *
 * @param rx to receive, else to send.
 * @return its number, or a negative errno and why.
 */
int queues_take(unsigned int id, bool rx, char *why);

/** Give a queue back. Any thread, without the turn. */
void queues_give(unsigned int id, bool rx, unsigned int queue);

/** Does any living process poll a queue, perhaps with mbufs in its hands? Any thread, with the
 * turn. */
bool queues_any(void);

/* Which ports are started, and with which queues. Any thread, where nothing else is said. */

/** Most queues of a kind that one port is given. */
#define STARTED_MAX_QUEUES 16

/** Has this program started the port? */
bool started_port(unsigned int id);

/** Is any port started? */
bool started_any(void);

/** Queues to receive (rx) or to send that a started port can be polled with: as many as the group
 * says it has, if ethdev has as many. A port of this process; main thread, or the primary. */
unsigned int started_queues(unsigned int id, bool rx);

/** Enter a port that the primary has just started. The primary, for the holder of the turn. */
void started_enter(unsigned int id, unsigned int nb_rx, unsigned int nb_tx);

/** The port is stopped or has gone. The primary or the holder of the turn. */
void started_clear(unsigned int id);
