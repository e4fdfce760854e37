/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "operations/operation.h"

/* Start or stop the ports of a device. The primary does it for any process that asks. Main
 * thread. */

/** Start a device's ports with nb_rx queues to receive and nb_tx to send, from 1 to
 * STARTED_MAX_QUEUES; or stop them. Both wait for the turn. */
void start_device(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct result *res);
void stop_device(const char *device, wait_fn wait, struct result *res);
