/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOTPLUG_H
#define HOTPLUG_H

#include <stdbool.h>

#include <rte_dev.h>

#include "base/wait.h"
#include "group.h"

/** What came of an operation. */
struct hotplug_result {
	/** 0, or a negative errno. */
	int err;
	/** The device as its bus knows it; empty if what was asked for names none. */
	char name[RTE_DEV_NAME_MAX_LEN];
	/** After a failure: why, a sentence without its full stop. After a success: a remark, or
	 * empty. */
	char text[1024];
	/** What an earlier operation that was never finished has left behind; mostly empty. */
	char note[512];
};

/**
 * Attach a device in every process of the group and check that it is there
 * (plan: "Attach physical/virtual device from primary or secondary"). It is
 * refused if it is attached already, or if some process could not answer. After
 * a failure it is attached nowhere, or the result names who has it still.
 *
 * Takes the turn; may wait for it, and then block as long as rte_dev_probe()
 * does. Main thread only.
 *
 * @param devargs [bus:]name[,arguments]
 * @param announce what every process is told of the device if it succeeds, or NULL.
 * @param wait told about waiting; may be NULL.
 */
void hotplug_attach(
	const char *devargs, const char *announce, wait_fn wait, struct hotplug_result *res);

/**
 * Detach a device from every process of the group and check that it is gone
 * (plan: "Detach physical/virtual device from primary or secondary"). It is
 * refused if it is not attached, if it is locked (lock.h), if some process could
 * not answer, or if one that polls a port of it does not let go (withdraw.h). After a failure the
 * result says which processes have it.
 *
 * Takes the turn and blocks as hotplug_attach(). Main thread only.
 *
 * @param device [bus:]name[,arguments]; arguments are ignored.
 * @param force also if a process polls a port of it and does not let go: that process may crash.
 * @param announce as hotplug_attach().
 */
void hotplug_detach(const char *device, bool force, const char *announce, wait_fn wait,
	struct hotplug_result *res);

/**
 * Bring the group back together: what the primary has and a peer misses is
 * attached again, what a secondary has on its own is removed where the EAL can.
 * The result's text says what was done and what is left to a person.
 *
 * Takes the turn and blocks as hotplug_attach(). Main thread only.
 */
void hotplug_sync(wait_fn wait, struct hotplug_result *res);

#endif
