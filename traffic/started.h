/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Which ports are started, and with which queues. Any thread, where nothing else is said. */

/** Most queues of a kind that one port is given. */
#define STARTED_MAX_QUEUES 16

/** Has this program started the port? */
bool started_port(unsigned int id);

/** Is any port started? */
bool started_any(void);

/**
 * Queues to receive (rx) or to send that a started port can be polled with: as many as the
 * group says it has, if ethdev has as many. A port of this process; main thread, or the
 * primary.
 */
unsigned int started_queues(unsigned int id, bool rx);

/** Enter a port that the primary has just started. The primary, for the holder of the turn. */
void started_enter(unsigned int id, unsigned int nb_rx, unsigned int nb_tx);

/** The port is stopped or has gone. The primary or the holder of the turn. */
void started_clear(unsigned int id);
