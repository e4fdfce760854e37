/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* Send numbered packets through a port. Main thread. */

/** Take a queue of the port to send through, with the turn. @return it, or a negative errno and
 * why. */
int send_begin(unsigned int id, char *why);

/**
 * Send nb packets of size bytes through a queue that send_begin() took, without the turn, and give
 * the queue back.
 *
 * @param look called now and then; false ends the sending.
 * @param sent receives how many were sent.
 * @return NULL, or why not all of them were sent.
 */
const char *send_packets(unsigned int id, unsigned int queue, unsigned int nb, unsigned int size,
	bool (*look)(void), unsigned int *sent);
