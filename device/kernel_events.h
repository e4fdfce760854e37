/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_dev.h>

/* The kernel's events: a PCI device has come, or must go. Main thread. */

struct kernel_event {
	char name[RTE_DEV_NAME_MAX_LEN]; /* PCI address */
	bool arrival;			 /* it has come; if false, the kernel wants it back */
};

/**
 * Set up the EAL's guard against SIGBUS, for a device that vanishes while it is used. If listen is
 * true, which it is in one process of a group, also listen to the kernel's device events and to
 * vfio's requests to give a device back. After rte_eal_init().
 *
 * @return 0 or a negative errno.
 */
int kernel_events_start(bool listen);

/** Undo kernel_events_start(). Before rte_eal_cleanup(). */
void kernel_events_stop(void);

/** A descriptor that is readable while there are events; -1 if this process does not listen. */
int kernel_events_fd(void);

/** Take the oldest event out of the queue. @return false if there is none. */
bool kernel_events_next(struct kernel_event *event);
