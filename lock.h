/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOCK_H
#define LOCK_H

#include <rte_dev.h>

#include "base/wait.h"
#include "group.h"
#include "hotplug.h"

/*
 * Locks on devices: what is locked is not detached, by whomever. A lock lies in
 * its holder's slot of the group, so it goes with its holder, however that ends.
 * Main thread.
 */

/** Devices one process can lock. */
#define LOCK_MAX 16

/** A lock, as others see it. Written by its holder, with the turn. */
struct lock {
	char device[RTE_DEV_NAME_MAX_LEN]; /* empty: free */
	char reason[96];
};

/**
 * Lock a device that is attached in this process, or unlock one.
 *
 * @param device as for hotplug_detach().
 * @param reason for those who want to detach it; empty for none.
 * @param res its err is -EBUSY if another process has locked it.
 */
void lock_device(const char *device, const char *reason, wait_fn wait, struct hotplug_result *res);
void lock_release(const char *device, wait_fn wait, struct hotplug_result *res);

/**
 * Let the others know which devices this process was told to leave alone (the EAL's
 * -b, which an attach would lift), the first LOCK_MAX of them. With the turn, once the EAL runs.
 */
void lock_publish_blocked(void);

/**
 * Was some process told to leave the device with this name alone? Then nobody attaches
 * it. Holder of the turn.
 *
 * @param text receives a sentence if so: who it is, and what to do.
 */
bool lock_blocked(const char *name, char *text, size_t size);

/**
 * Who has locked the device with this name: "pid 7545 (secondary): REASON". Holder
 * of the turn, for the answer to stay true.
 *
 * @return false if nobody has.
 */
bool lock_holder(const char *name, char *text, size_t size);

#endif
