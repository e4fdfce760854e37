/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNPLUG_H
#define UNPLUG_H

#include <stdbool.h>

#include "base/wait.h"
#include "group.h"

/**
 * Start to do what the kernel's device events ask for, in a group whose primary
 * this process is; others only guard themselves. After startup, main thread.
 *
 * @param attach attach devices that arrive, too, if a kernel driver that DPDK can use has them
 *        within a minute.
 * @return 0 or a negative errno.
 */
int unplug_start(bool attach);

/** Stop. Before the EAL is cleaned up, main thread. */
void unplug_stop(void);

/** A descriptor that is readable while unplug_run() has something to do; -1 if it never has. */
int unplug_fd(void);

/**
 * Detach from every process what the kernel wants back, and attach what has
 * arrived; whatever comes of it is announced to the group. Takes the turn and
 * blocks as hotplug_detach(). Main thread.
 *
 * @param wait told about waiting.
 */
void unplug_run(wait_fn wait);

#endif
