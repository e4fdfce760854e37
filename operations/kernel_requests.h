/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include "base/wait.h"

/* What runs when a card is pulled out or arrives: detach from every process what the kernel wants
 * back, and attach what has come. Main thread. */

/**
 * Start, in a group whose primary this process is; other processes only guard themselves against
 * SIGBUS from a device that has vanished. After startup.
 *
 * @param arrivals_too attach devices that arrive as well, if a kernel driver that DPDK can use has
 *   them within a minute.
 * @return 0 or a negative errno.
 */
int kernel_requests_start(bool arrivals_too);

/** Stop. Before the EAL is cleaned up. */
void kernel_requests_stop(void);

/** A descriptor that is readable while kernel_requests_run() has work; -1 if it never has. */
int kernel_requests_fd(void);

/**
 * Detach from every process what the kernel wants back, and attach what has arrived; what came of
 * it is announced to the group. Takes the turn and blocks as detach().
 *
 * @param wait told about waiting.
 */
void kernel_requests_run(wait_fn wait);
