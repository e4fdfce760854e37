/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"
#include "operations/operation.h"

/**
 * Attach a device in every process of the group and check that it is there (plan: "Attach
 * physical/virtual device from primary or secondary"). It is refused if it is attached already, or
 * if some process could not answer. After a failure it is attached nowhere, or the result names the
 * processes that still have it.
 *
 * Takes the turn; may wait for it, and then block as long as rte_dev_probe() does. Main thread.
 *
 * @param devargs [bus:]name[,arguments]
 * @param announce what every process is told of the device if it succeeds, or NULL.
 * @param wait told about waiting; may be NULL.
 */
void attach(const char *devargs, const char *announce, wait_fn wait, struct result *res);
