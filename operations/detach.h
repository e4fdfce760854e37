/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "operations/operation.h"

/* Detach devices from the group. Main thread. */

/**
 * Detach a device from every process of the group and check that it is gone (plan: "Detach
 * physical/virtual device from primary or secondary"). Refuse it if it is not attached, if it is
 * locked (operations/lock.h), if a process could not answer, or if a process that polls its port
 * does not let go (traffic/withdraw.h). After a failure res says which processes have it. Waits for
 * the turn, and then as long as rte_dev_remove() does.
 *
 * @param device [bus:]name[,arguments]; the arguments are ignored.
 * @param force go on although a process polls a port and does not let go: it may crash.
 * @param announce after a success, tell every process "device NAME" and this; NULL for nothing.
 * @param wait called while waiting; may be NULL.
 */
void detach(const char *device, bool force, const char *announce, wait_fn wait, struct result *res);
