/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

#include <rte_dev.h>

/* The kernel's events of devices that come and go. Main thread. */

/** What the kernel tells of a device. */
struct kernel_event {
	char name[RTE_DEV_NAME_MAX_LEN]; /* PCI address */
	bool arrival;			 /* it has come; else the kernel wants it back */
};

/**
 * Listen to the kernel's device events and to vfio's requests to give a device back. In any case
 * set up the EAL's guard against SIGBUS, for a device that vanishes while it is used. After
 * rte_eal_init().
 *
 * @param listen listen as well; one process of a group does.
 * @return 0 or a negative errno.
 */
int kernel_events_start(bool listen);

/** Stop. Before rte_eal_cleanup(). */
void kernel_events_stop(void);

/** A descriptor that is readable while there are events; -1 if this process does not listen. */
int kernel_events_fd(void);

/** Take the oldest event. @return false if there is none. */
bool kernel_events_next(struct kernel_event *event);
