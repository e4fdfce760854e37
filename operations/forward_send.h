/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "operations/operation.h"

/* Forward, send and count packets. Each function takes the turn for a moment. Main thread. */

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
