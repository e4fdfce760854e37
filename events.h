/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>

#include <rte_dev.h>

/** A device the kernel tells about. */
struct events_device {
	char name[RTE_DEV_NAME_MAX_LEN]; /* PCI address */
	bool arrival;			 /* it has come; else it is to be let go of */
};

/**
 * Listen to the kernel's device events and to vfio's requests to give a device
 * back. One process of a group does: its primary, if that is this program. In
 * every other process only the EAL's guard against SIGBUS is set up, for a
 * device that vanishes while it is used. After rte_eal_init(), main thread.
 *
 * @return 0 or a negative errno.
 */
int events_start(bool listen);

/** Stop. Before rte_eal_cleanup(), main thread. */
void events_stop(void);

/** A descriptor that is readable while there are events; -1 where nobody listens. */
int events_fd(void);

/** Take the oldest event. Main thread. @return false if there is none. */
bool events_next(struct events_device *device);

#endif
