/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/wait.h"
#include "operations/operation.h"

/* Locks on devices: a locked device cannot be detached, not even by the process that locked it. A
 * lock lies in its holder's slot of the group, so it ends with its holder, however that ends. Main
 * thread, where nothing else is said. */

/**
 * Lock a device that is attached in this process, or unlock one.
 *
 * @param device as for detach().
 * @param reason for those who want to detach it; empty for none.
 * @param res its err is -EBUSY if another process has locked it.
 */
void lock_device(const char *device, const char *reason, wait_fn wait, struct result *res);
void lock_release(const char *device, wait_fn wait, struct result *res);

/**
 * Which process has locked the device with this name: "pid 7545 (secondary): REASON". Any thread;
 * holder of the turn, for the answer to stay true.
 *
 * @return false if no process has.
 */
bool lock_holder(const char *name, char *text, size_t size);

/* Devices that a process was told to leave alone, by the EAL's option -b. An attach in the EAL
 * would lift that. Main thread, holder of the turn. */

/** Let the others know which devices this process was told to leave alone, the first GROUP_LOCKS of
 * them. Once the EAL runs. */
void blocked_publish(void);

/**
 * Was some process told to leave the device with this name alone? Then nobody attaches it.
 *
 * @param text receives a sentence if so: which process it is, and what to do.
 */
bool blocked_anywhere(const char *name, char *text, size_t size);
