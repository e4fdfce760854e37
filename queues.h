/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QUEUES_H
#define QUEUES_H

#include <stdbool.h>
#include <stddef.h>

/* Queues of started ports: each is polled by one process. Main thread with the turn, but where
 * something else is said. */

/** The first port of a device, if this process can poll it; or a negative errno and why. */
int queues_port(const char *device, char *why, size_t size);

/**
 * Take a free queue of a started port.
 *
 * @param rx to receive, else to send.
 * @return its number, or a negative errno and why.
 */
int queues_take(unsigned int id, bool rx, char *why, size_t size);

/** Give it back. Any thread, without the turn. */
void queues_give(unsigned int id, bool rx, unsigned int queue);

/** Has any process that lives a queue, and perhaps mbufs in its hands? Any thread, with the turn.
 */
bool queues_any(void);

/**
 * Bring the fast-path table up to date before a port is polled.
 *
 * @return 0, or -EFAULT and why: what the group says is no queue at all.
 */
int queues_adopt(unsigned int id, char *why, size_t size);

#endif
