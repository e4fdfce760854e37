/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "operations/operation.h"

/* Locks on devices: a locked device cannot be detached, not even by the process that locked it. A
 * lock lies in its holder's slot, so it ends with the holder, even if that is killed. Main thread,
 * unless a comment says otherwise. */

/**
 * Lock a device that is attached in this process, or unlock it. Waits for the turn.
 *
 * @param device as for detach().
 * @param reason is shown to people who want to detach the device; empty for none.
 * @param res err is -EBUSY if another process has locked it.
 */
void lock_device(const char *device, const char *reason, wait_fn wait, struct result *res);
void lock_release(const char *device, wait_fn wait, struct result *res);

/** Write which process has locked this device into text: "pid 7545 (secondary): REASON". Any
 * thread; the answer stays true only with the turn. @return false if the device is not locked. */
bool lock_holder(const char *name, char *text, size_t size);

/* Devices that a process was started to block, with the EAL's option -b. The EAL would unblock such
 * a device when it attaches it. With the turn. */

/** Tell the group which devices this process blocks, at most GROUP_LOCKS. After rte_eal_init(). */
void blocked_publish(void);

/** Does a process block this device? If so, text says which process it is, and what to do. */
bool blocked_anywhere(const char *name, char *text, size_t size);
