/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <rte_dev.h>

/* PCI devices, as the kernel has them. Main thread. */

/**
 * Kernel driver of the PCI device at an address, empty if it has none.
 *
 * @return false if there is no such device.
 */
bool pci_kernel_driver(const char *address, char *driver, size_t size);

/** Does this kernel driver give a device to user space? */
bool pci_driver_usable(const char *driver);

/** A device of class network. */
struct pci_device {
	char address[RTE_DEV_NAME_MAX_LEN]; /* with its domain: 0000:00:03.0 */
	char kernel_driver[64];		    /* empty if none is bound to it */
	const char *pmd;		    /* the loaded driver that is for it; NULL if none is */
	bool usable;			    /* that kernel driver lets the PMD have it */
	bool attached;			    /* a driver has it in this process */
};

/** Next network device, by address; NULL looks at the machine anew, and is returned at the end.
 * What was returned before that is no longer valid. With the turn for NULL. */
const struct pci_device *pci_next(const struct pci_device *prev);
