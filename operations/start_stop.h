/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "operations/operation.h"

/* Start the ports of a device, or stop them. The primary does it, whoever asks. Each takes the
 * turn. Main thread. */

/** @param nb_rx queues to receive, nb_tx to send; from 1 to STARTED_MAX_QUEUES. */
void start_device(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct result *res);
void stop_device(const char *device, wait_fn wait, struct result *res);
