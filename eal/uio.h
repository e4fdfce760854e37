/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* PCI devices at uio, which any number of processes can open. Before rte_eal_init(), main thread.
 */

/** Which devices will the EAL probe? */
struct uio_wanted {
	bool (*probes)(const char *address, const void *arg);
	const void *arg;
};

/**
 * Check that no other process uses a device at uio that the EAL of this process, a primary, would
 * probe. That would take the device away from the other process: uio refuses nobody.
 *
 * @return 0, or -EBUSY with a sentence in why.
 */
int uio_check(const struct uio_wanted *wanted, char *why);

/**
 * From now on share the primary's descriptors for devices at uio_pci_generic: when the EAL of this
 * process, which will be a secondary, opens such a device, it gets what the primary has open, in
 * any thread. It cannot open a device that the primary does not have. So the end of this process
 * does not stop the device.
 *
 * @return 0, or a negative errno with a sentence in why, if the primary has such a device and this
 * process may not share its descriptor.
 */
int uio_share(pid_t primary, const struct uio_wanted *wanted, char *why);
