/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"
#include "operations/operation.h"

/**
 * Detach a device from every process of the group and check that it is gone (plan: "Detach
 * physical/virtual device from primary or secondary"). It is refused if it is not attached, if it
 * is locked (operations/lock.h), if some process could not answer, or if a process that polls a
 * port of it does not let go (traffic/withdraw.h). After a failure the result says which processes
 * have it.
 *
 * Takes the turn; may wait for it, and then block as long as rte_dev_remove() does. Main thread.
 *
 * @param device [bus:]name[,arguments]; arguments are ignored.
 * @param force also if a process polls a port of it and does not let go: that process may crash.
 * @param announce what every process is told of the device if it succeeds, or NULL.
 * @param wait told about waiting; may be NULL.
 */
void detach(const char *device, bool force, const char *announce, wait_fn wait, struct result *res);
