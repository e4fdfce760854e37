/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "operations/operation.h"

/* Attach devices to the group. Main thread. */

/**
 * Attach a device in every process of the group and check that it is there (plan: "Attach
 * physical/virtual device from primary or secondary"). Refuse it if it is attached already, or if a
 * process could not answer. After a failure it is attached nowhere, or res names the processes that
 * still have it. Waits for the turn, and then as long as rte_dev_probe() does.
 *
 * @param devargs [bus:]name[,arguments]
 * @param announce after a success, tell every process "device NAME" and this; NULL for nothing.
 * @param wait called while waiting; may be NULL.
 */
void attach(const char *devargs, const char *announce, wait_fn wait, struct result *res);
