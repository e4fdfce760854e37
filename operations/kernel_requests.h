/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "base/wait.h"

/* React when a card is pulled out or plugged in: the primary detaches the device from the group, or
 * attaches it. Main thread. */

/**
 * Start to listen in the primary; other processes only guard themselves against SIGBUS from a
 * device that has vanished. After startup.
 *
 * @param arrivals_too also attach devices that arrive, if a kernel driver that DPDK can use takes
 *   them within a minute.
 * @return 0 or a negative errno.
 */
int kernel_requests_start(bool arrivals_too);

/** Stop. Before rte_eal_cleanup(). */
void kernel_requests_stop(void);

/** A descriptor that is readable when kernel_requests_run() has work; -1 if it never has. */
int kernel_requests_fd(void);

/** Detach the devices that the kernel wants back, attach those that have arrived, and announce the
 * results to the group. Waits as detach() does. */
void kernel_requests_run(wait_fn wait);
