/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Send numbered packets through a port: send_begin(), then send_packets(). Main thread. */

/** Take a queue to send through. With the turn. @return its number, or a negative errno and why. */
int send_begin(unsigned int id, char *why);

/**
 * Send nb packets of size bytes through the queue that send_begin() took, and give it back. Without
 * the turn.
 *
 * @param look called every 10 ms; returns false to end the sending.
 * @param sent receives how many were sent.
 * @return NULL, or why not all of them were sent.
 */
const char *send_packets(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent);
