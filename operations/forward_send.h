/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "operations/operation.h"

/* Packets between ports, in this process. Each takes the turn for a moment. Main thread. */

/** Forward what comes in at one device's first port to another's, and back if it is both ways,
 * until forward_off() or until a port is taken away (traffic/forward.h). */
void forward_devices(const char *in, const char *out, bool both, wait_fn wait, struct result *res);

/**
 * Send numbered packets of size bytes through a device's first port; the result's text says how
 * many.
 *
 * @param look called now and then, without the turn; false ends it.
 */
void send_through_device(const char *device, unsigned int count, unsigned int size, wait_fn wait,
	bool (*look)(void), struct result *res);

/** Count packets from 0 on again, in every process. */
void reset_counters(wait_fn wait, struct result *res);
