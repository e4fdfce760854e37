/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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
