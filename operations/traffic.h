/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "operations/operation.h"

/* Start and stop ports; forward, send and count packets. Main thread. */

/** Start a device's ports with nb_rx queues to receive and nb_tx to send, from 1 to
 * STARTED_MAX_QUEUES; or stop them. The primary does it for any process that asks. Both wait for
 * the turn, as the functions below do, which take it only for a moment. */
void start_device(const char *device, unsigned int nb_rx, unsigned int nb_tx, wait_fn wait,
	struct result *res);
void stop_device(const char *device, wait_fn wait, struct result *res);

/** Forward what the first port of one device receives to that of another, and back if both is set,
 * until forward_off() or until a port is taken away (traffic/forward.h). */
void forward_devices(const char *in, const char *out, bool both, wait_fn wait, struct result *res);

/**
 * Send numbered packets of size bytes through a device's first port. res->text says how many.
 *
 * @param look called every 10 ms, without the turn; returns false to end the sending.
 */
void send_through_device(const char *device, unsigned int count, unsigned int size, wait_fn wait,
	bool (*look)(void), struct result *res);

/** Reset the counters of every process. */
void reset_counters(wait_fn wait, struct result *res);
