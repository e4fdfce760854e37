/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/port_set.h"
#include "base/wait.h"

/*
 * Have the primary configure, start and stop ports. If this process is the primary it does so
 * itself; a secondary sends the primary's server a message. Main thread, holder of the turn.
 */

/** Start a port with so many queues. @return 0, or a negative errno and why. */
int request_start(unsigned int id, unsigned int nb_rx, unsigned int nb_tx, char *why);

/**
 * Stop those of the ports that this program has started.
 *
 * @param touched whether a port was stopped, or may have been, whatever is returned: processes
 *   that polled it must not go on.
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
